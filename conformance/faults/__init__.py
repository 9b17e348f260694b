"""Faulty servers: rewritten recordings, the proof that every check can fail, and the fault proxy."""
