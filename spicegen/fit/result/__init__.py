"""Results of a fit: a card, reasons to doubt it, and its report."""
