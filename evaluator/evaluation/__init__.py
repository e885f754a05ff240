"""Networks judged on arrays: trials, sweeps, comparisons, and why accuracy fell."""
