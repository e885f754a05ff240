"""The checks: each a function of a Context that yields findings."""
