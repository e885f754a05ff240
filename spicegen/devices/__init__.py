"""What one device does: programmed, read, at rest, under pulses."""
