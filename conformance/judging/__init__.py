"""From recordings to outcomes, a verdict and an exit status; pure functions."""
