"""Evaluation of a two-terminal device as a simulator would do it: what flows at a voltage, and how its states move."""
