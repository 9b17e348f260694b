"""Pytest as the runner: how it collects the suite, and how its main process records and reports."""
