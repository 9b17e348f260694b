"""What `tests.mutants` needs to know: which places are changed, and which tests reach them."""
