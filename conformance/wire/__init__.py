"""Bytes on the wire: reading an event stream, and a server whose every byte is ours."""
