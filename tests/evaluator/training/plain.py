"""Training written plainly in numpy and double precision, sample by sample: what the compiled code must do."""

import numpy as np


def forward(w, x, relu=False):
    """Inputs of every layer with the constant 1 behind them, and the probabilities."""
    inputs = []
    for n, layer in enumerate(w):
        x = np.append(x, 1.0)
        inputs.append(x)
        z = x @ layer
        if n < len(w) - 1:
            x = np.maximum(z, 0) if relu else 1 / (1 + np.exp(-z))
    e = np.exp(z - z.max())
    return inputs, e / e.sum()


def loss(w, x, label, relu=False):
    return -np.log(forward(w, x, relu)[1][label])


def outer_products(w, x, label, relu=False):
    """Inputs and errors of every layer, whose outer products are the gradients."""
    inputs, p = forward(w, x, relu)
    d = p - np.eye(len(p))[label]
    errors = [d]
    for layer, h in zip(w[:0:-1], inputs[:0:-1], strict=True):
        h = h[:-1]
        d = (layer[:-1] @ d) * ((h > 0) if relu else h * (1 - h))
        errors.insert(0, d)
    return list(zip(inputs, errors, strict=True))


def interpolated(table, g):
    return np.interp(g, np.linspace(0, 1, len(table)), table)


def continuous(plus, minus, x, d, share, steps):
    """A pair's devices move by parts of pulses, half of the weight's change each."""
    wanted = -share / 2 * np.outer(x, d)
    fbar = steps.mean_step
    for g, u in ((plus, wanted), (minus, -wanted)):
        up, down = (interpolated(steps.mean[k], g) / fbar[k] for k in (0, 1))
        g += np.abs(u) * np.where(u > 0, up, down)
        np.clip(g, 0, 1, out=g)


def accumulate(plus, minus, chi, x, d, share, steps):
    """Wanted changes add up; a whole step of the pair is a pulse on each of its devices."""
    chi -= share * np.outer(x, d)
    whole = steps.mean_step.sum()
    counts = np.trunc(chi / whole).astype(int)
    chi -= counts * whole
    for place in np.argwhere(counts):
        at = tuple(place)
        for _ in range(abs(counts[at])):
            rising, falling = (plus, minus) if counts[at] > 0 else (minus, plus)
            rising[at] = np.clip(rising[at] + interpolated(steps.mean[0], rising[at]), 0, 1)
            falling[at] = np.clip(falling[at] + interpolated(steps.mean[1], falling[at]), 0, 1)
