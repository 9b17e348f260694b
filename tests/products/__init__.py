"""Products: each fault of the table restricted to a condition, and whether a session's recordings show it."""
