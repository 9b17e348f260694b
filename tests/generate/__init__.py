"""Generated pages, data and recordings; `python -m tests.generate` makes those that are out of date."""
