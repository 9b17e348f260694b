"""The library as the oracle."""
