"""What comes out of a fit: a card, how far to trust it, and its report."""
