"""The code snippets of the specification, performed by the clients that they are written for.

`specification/` holds the snippets as data.  The package compares what they print with what they print on a good
server; it uses no scenarios, checks or recordings.
"""
