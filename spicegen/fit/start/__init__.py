"""Starting points of a fit to measurements."""
