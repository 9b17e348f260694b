"""Real clients of the API in pinned versions, each in its own environment."""
