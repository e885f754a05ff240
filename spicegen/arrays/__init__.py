"""What an array of devices does: read, run, programmed, written until verified, studied."""
