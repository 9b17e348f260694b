"""Turns recordings into outcomes, a verdict and an exit status; pure functions."""
