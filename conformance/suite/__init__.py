"""Scenarios, checks and faults, one module for each area; a requirement fits one screen."""
