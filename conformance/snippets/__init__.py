"""The specification's own snippets, performed by the clients they were written for; `specification/` holds them as data.

The package knows what a snippet prints on a good server; of scenarios, checks and recordings it knows nothing.
"""
