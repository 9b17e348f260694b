"""One invocation of the suite, from the target to the report, and the commands."""
