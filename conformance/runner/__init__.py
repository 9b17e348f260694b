"""Pytest as the runner: items and modules of the suite, and the process that records and reports."""
