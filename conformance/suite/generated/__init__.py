"""Runs that no scenario names: generated programs, and a server's own graphs."""
