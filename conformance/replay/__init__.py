"""The replay server: serves stored recordings over HTTP."""
