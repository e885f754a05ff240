"""Facts that checks build on: what depends on the bias, and in what order variables are assigned and read."""
