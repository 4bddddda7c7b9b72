"""A world of merchants with faults planted in it: do the watches find each, name it rightly and see no other?

``python -m tests.planted`` prints the figures; `test_planted_faults` holds them.
"""
