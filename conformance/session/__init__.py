"""A session, which is one invocation of the suite from the target to the report, and the other commands."""
