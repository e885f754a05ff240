"""Pages and pictures of evaluations."""
