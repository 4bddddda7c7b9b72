"""The fault run: many merchants, hostile platforms, killed workers; then quiet; then everything is compared.

``python -m tests.faults --seed N --syncs M --minutes T``. docs/reliability.md has the figures of the long runs.
"""
