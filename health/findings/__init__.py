"""Findings: what a person should look at, opened and closed by the watches, worked on by people."""
