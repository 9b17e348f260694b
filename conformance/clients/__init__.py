"""The real clients of the API, in the versions that are pinned here, each in an environment of its own."""
