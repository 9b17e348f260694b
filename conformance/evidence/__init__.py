"""Exchanges and recordings: what was sent and what came back, in memory and on disk, without secrets."""
