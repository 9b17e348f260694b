"""Everything that is generated: pages, data and recordings; `python -m tests.generate` makes what is out of date."""
