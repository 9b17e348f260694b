"""Runs in which dimensions meet: any program, modes, form, flag, thread and readers."""
