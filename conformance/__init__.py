"""A conformance test suite for servers that speak the LangGraph streaming API.

Nothing is imported here, because the pytest plugin brings this module into every pytest of its environment.
"""
