"""Playing recordings back as a server."""
