"""Behaviour of one device: programming, reads, rest and pulses."""
