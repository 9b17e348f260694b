"""What is tested: target files, those shipped with the suite and the user's."""
