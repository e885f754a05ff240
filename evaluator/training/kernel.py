"""Training in compiled code: samples forward and backward through a perceptron, and its devices' updates.

All layers lie in flat arrays, layer after layer. The weights of a layer have the shape (inputs + 1, outputs): its last
row are the biases, driven by a constant 1. A row is contiguous, so that an input of zero skips all of its devices.

A weight is ``range * (plus - minus)``, with the conductances of its two devices over the window, 0 to 1. Everything is
in single precision, as single samples change weights by far more than its rounding; activations and errors, too.

Functions that are called for every row count no references (``_nrt``): numba's counts are atomic, and took a
quarter of the time. They may make views of arrays, but no arrays. Their loops run over slices of one row, because LLVM
does not vectorise a loop over ``g[0, base + i]``, whose index numba takes to be negative at times.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from evaluator.training.random_bits import drawn, lower_unit, mixed, upper_unit
from spicegen.printers.machine_code import compiled

FLOAT, CONTINUOUS, POISSON, BERNOULLI, STREAMS, ACCUMULATE, TIKI_TAKA = range(7)
"""Laws of updates, see ``evaluator.training.config.UpdateConfig``."""
PAIR, SINGLE, ONE_SIDED = range(3)
"""Kinds of cells: both devices of a pair move; one moves against a reference; only rises are used."""
IN_ARRAY, DIGITAL, NO_BIAS = range(3)
"""Where the biases of layers are: on devices of the arrays, digital numbers, or nowhere."""
_ONE, _ZERO, _HALF = np.float32(1.0), np.float32(0.0), np.float32(0.5)
_LONGEST_STREAM = 31
_UNCOUNTED: dict[str, Any] = {"_nrt": False}
_ONE_BIT = np.uint32(1)


@numba.njit(inline="always")
def _in_table(table: Any, direction: Any, g: Any) -> Any:
    """The value of a table (2, nodes) at the conductance ``g``, 0 to 1, interpolated linearly."""
    place = g * np.float32(table.shape[1] - 1)
    node = min(np.int32(place), np.int32(table.shape[1] - 2))
    part = place - np.float32(node)
    return table[direction, node] * (_ONE - part) + table[direction, node + 1] * part


@numba.njit(inline="always")
def _in_residuals(table: Any, direction: Any, g: Any, unit: Any) -> Any:
    """The deviation (2, nodes, probabilities) from the mean step at ``g`` that a random number in [0, 1) stands for."""
    node = np.int32(g * np.float32(table.shape[1] - 1) + _HALF)
    place = unit * np.float32(table.shape[2] - 1)
    below = np.int32(place)
    part = place - np.float32(below)
    return table[direction, node, below] * (_ONE - part) + table[direction, node, below + 1] * part


@numba.njit(inline="always")
def _kept(g: Any) -> Any:
    return min(max(g, _ZERO), _ONE)


@numba.njit(inline="always")
def _pulsed(g: Any, direction: Any, unit: Any, mean: Any, residual: Any, noisy: Any) -> Any:
    """The conductance after one pulse; steps in the tables are over the window."""
    step = _in_table(mean, direction, g)
    if noisy:
        step += _in_residuals(residual, direction, g, unit)
    return _kept(g + step)


@numba.njit(fastmath={"contract"}, **_UNCOUNTED)
def _moved_by_parts(g, m, s, d, relative, spread, units, noisy, lanes, places):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Move a row of devices, ``g`` of shape (m,), by the parts ``s * d`` of the window.

    The loops stand apart so that LLVM vectorises all but the one that reads the tables: stores to ``g`` might change a
    table as far as it knows, and signed places might count from a table's end.
    """
    whole, upper, steps, deviations = lanes[0], lanes[1], lanes[2], lanes[3]
    node, entry = places[0], places[1]
    nodes, rows, columns = np.int32(relative.shape[1]), np.int32(spread.shape[1]), np.int32(spread.shape[2])
    for i in range(m):
        down = np.int32(0) if s * d[i] > 0 else np.int32(1)
        place = g[i] * np.float32(nodes - 1)
        below = min(np.int32(place), np.int32(nodes - 2))
        whole[i] = place - np.float32(below)
        node[i] = np.uint32(below + down * nodes)
        if noisy:
            place = units[i] * np.float32(columns - 1)
            below = np.int32(place)
            upper[i] = place - np.float32(below)
            row = np.int32(g[i] * np.float32(rows - 1) + _HALF)
            entry[i] = np.uint32(below + columns * (row + rows * down))
    means, residuals = relative.reshape(relative.size), spread.reshape(spread.size)
    if not noisy:
        for i in range(m):
            n, part = node[i], whole[i]
            steps[i] = means[n] * (_ONE - part) + means[n + np.uint32(1)] * part
        for i in range(m):
            g[i] = _kept(g[i] + abs(s * d[i]) * steps[i])
        return
    for i in range(m):
        n, part = node[i], whole[i]
        steps[i] = means[n] * (_ONE - part) + means[n + np.uint32(1)] * part
        n, part = entry[i], upper[i]
        deviations[i] = residuals[n] * (_ONE - part) + residuals[n + np.uint32(1)] * part
    for i in range(m):
        size = abs(s * d[i])
        g[i] = _kept(g[i] + size * steps[i] + math.sqrt(size) * deviations[i])


@numba.njit(fastmath={"contract"}, **_UNCOUNTED)
def _continuous(g, base, m, s, d, kind, key, relative, spread, noisy, lanes, places):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Move a row's devices by parts of pulses: ``s * d`` is the wanted change of a device over the window.

    ``relative`` is the mean step over its mean between 10 and 90 % of the window, ``spread`` the deviations over the
    root of that mean. ``lanes``, float32 of the shape (6, m), and ``places``, uint32 of the shape (2, m), are room for
    intermediate values.
    """
    if kind == PAIR:
        first, second = lanes[4], lanes[5]
        if noisy:
            for i in range(m):
                bits = drawn(key, i)
                first[i], second[i] = upper_unit(bits), lower_unit(bits)
        _moved_by_parts(g[0, base : base + m], m, s, d, relative, spread, first, noisy, lanes, places)
        _moved_by_parts(g[1, base : base + m], m, -s, d, relative, spread, second, noisy, lanes, places)
        return
    for i in range(m):
        u = s * d[i]
        device, direction = 0, (0 if u > 0 else 1)
        if kind == ONE_SIDED:
            device, direction = direction, 0
        a, size = g[device, base + i], abs(u)
        a += size * _in_table(relative, direction, a)
        if noisy:
            a += math.sqrt(size) * _in_residuals(spread, direction, a, upper_unit(drawn(key, i)))
        g[device, base + i] = _kept(a)


@numba.njit(**_UNCOUNTED)
def _pulse_device(g, at, rises, direction, kind, unit, mean, residual, noisy):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """One pulse in ``direction`` (0 up, 1 down) on the device of a cell that takes it, for a weight that ``rises``."""
    device = direction if rises else 1 - direction
    if kind == SINGLE:
        device = 0
    g[device, at] = _pulsed(g[device, at], direction, unit, mean, residual, noisy)


@numba.njit(**_UNCOUNTED)
def _pulse_cell(g, at, rises, kind, bits, mean, residual, noisy):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """One pulse on each device of a cell that moves for a weight that ``rises`` or falls; returns their number."""
    if kind == PAIR:
        _pulse_device(g, at, rises, 0, kind, upper_unit(bits), mean, residual, noisy)
        _pulse_device(g, at, rises, 1, kind, lower_unit(bits), mean, residual, noisy)
        return 2
    direction = 0 if rises or kind == ONE_SIDED else 1
    _pulse_device(g, at, rises, direction, kind, upper_unit(bits), mean, residual, noisy)
    return 1


@numba.njit(**_UNCOUNTED)
def _poisson_number(mean, key, counter):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """A number of pulses, Poisson by inversion in parts of at most 16, and the counter behind the draws."""
    total = 0
    while mean > 0:
        part = min(mean, 16.0)
        mean -= part
        u = np.float64(drawn(key, counter) >> np.uint64(11)) * 2.0**-53
        counter += 1
        if u < 1.0 - part:  # below exp(-part): no pulse
            continue
        n, p = 0, math.exp(-part)
        while u >= p and n < 200:
            u -= p
            n += 1
            p *= part / n
        total += n
    return total, counter


@numba.njit(**_UNCOUNTED)
def _alias(d, m, accept, other, small, large):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Walker's alias table of |d|: entry i is drawn itself with probability ``accept[i]``, else ``other[i]``."""
    total = 0.0
    for i in range(m):
        total += abs(d[i])
    if total == 0.0:
        return 0.0
    smalls = larges = 0
    for i in range(m):
        accept[i] = abs(d[i]) * m / total
        other[i] = i
        if accept[i] < 1.0:
            small[smalls] = i
            smalls += 1
        else:
            large[larges] = i
            larges += 1
    while smalls > 0 and larges > 0:
        smalls -= 1
        i, k = small[smalls], large[larges - 1]
        other[i] = k
        accept[k] -= 1.0 - accept[i]
        if accept[k] < 1.0:
            larges -= 1
            small[smalls] = k
            smalls += 1
    for n in range(smalls):
        accept[small[n]] = 1.0
    for n in range(larges):
        accept[large[n]] = 1.0
    return total


@numba.njit(**_UNCOUNTED)
def _poisson(g, base, m, s, d, total, kind, key, rates, accept, other, mean, residual, noisy):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Pulses of a row, as many as Poisson says: their numbers first, then the devices that they fall on."""
    counter, pulses = 0, 0
    for direction in range(2):
        if kind == ONE_SIDED and direction == 1:
            break
        count, counter = _poisson_number(abs(s) * total * rates[direction], key, counter)
        for _ in range(count):
            bits = drawn(key, counter)
            counter += 1
            i = np.int64((bits >> np.uint64(32)) * np.uint64(m) >> np.uint64(32))
            if lower_unit(bits) >= accept[i]:
                i = other[i]
            rises = s * d[i] > 0
            if kind == SINGLE and rises == (direction == 1):
                continue
            unit = _ZERO
            if noisy:
                unit = upper_unit(drawn(key, counter))
                counter += 1
            _pulse_device(g, base + i, rises, direction, kind, unit, mean, residual, noisy)
            pulses += 1
    return pulses


@numba.njit(**_UNCOUNTED)
def _bernoulli(g, base, m, s, d, kind, key, rates, mean, residual, noisy, places):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """At most one pulse on each device of a row, with the probability that makes the mean right.

    ``places``, uint32 of the shape (2, m), is room for marks of the devices that get one.
    """
    pulses, hit = 0, places[0]
    for i in range(m):
        bits = drawn(key, i)
        size = abs(s * d[i])
        up, down = upper_unit(bits) < size * rates[0], lower_unit(bits) < size * rates[1]
        hit[i] = np.uint32(up) | np.uint32(down) << _ONE_BIT
    for i in range(m):
        if hit[i] == 0:
            continue
        rises = s * d[i] > 0
        for direction in range(2):
            if (kind == ONE_SIDED and direction == 1) or (kind == SINGLE and rises == (direction == 1)):
                continue
            if hit[i] >> np.uint32(direction) & _ONE_BIT:
                second = upper_unit(drawn(key, m + 2 * i + direction)) if noisy else _ZERO
                _pulse_device(g, base + i, rises, direction, kind, second, mean, residual, noisy)
                pulses += 1
    return pulses


@numba.njit(**_UNCOUNTED)
def _stream(probability, length, key):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """A stream of ``length`` random bits, each set with the given probability."""
    bits = np.uint32(0)
    for k in range(length):
        if upper_unit(drawn(key, k)) < probability:
            bits |= np.uint32(1) << np.uint32(k)
    return bits


@numba.njit(**_UNCOUNTED)
def _ones(bits):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    count = 0
    while bits:
        bits &= bits - np.uint32(1)
        count += 1
    return count


@numba.njit(**_UNCOUNTED)
def _accumulate(g, chi, base, m, s, d, kind, key, whole, mean, residual, noisy):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Add a row's wanted changes up digitally; pulse where a whole step has come together.

    ``whole`` is the change of a weight, over the window, that one pulse on each device that moves makes: up, down.
    """
    least = np.float32(min(whole[0], whole[1]))
    sums, pulses, ready = chi[base : base + m], 0, np.int32(0)
    for i in range(m):
        total = sums[i] + s * d[i]
        sums[i] = total
        ready |= np.int32(abs(total) >= least)
    if ready == 0:
        return pulses
    for i in range(m):
        if abs(sums[i]) < least:
            continue
        rises = sums[i] > 0
        step = np.float32(whole[0] if rises else whole[1])
        count = np.int64(abs(sums[i]) / step)
        if count == 0:
            continue
        sums[i] -= count * step if rises else -count * step
        for n in range(count):
            bits = drawn(key, i + m * n)
            pulses += _pulse_cell(g, base + i, rises, kind, bits, mean, residual, noisy)
    return pulses


@numba.njit(inline="always")
def _converted(value: Any, largest: Any, levels: Any) -> Any:
    """A value as a converter gives it: the nearest of ``levels`` on either side of 0, within the largest."""
    over = min(max(value / largest, -_ONE), _ONE)
    return np.float32(math.floor(over * levels + _HALF)) / np.float32(levels) * largest


@numba.njit(**_UNCOUNTED)
def _sent(x, rows, bias_row, levels, out):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """What drivers of ``levels`` on either side send for inputs ``x``, at a range that follows the largest of them."""
    largest = _ONE if bias_row else _ZERO
    for j in range(rows):
        largest = max(largest, abs(x[j]))
    for j in range(rows):
        out[j] = _converted(x[j], largest, levels) if largest > _ZERO else _ZERO


@numba.njit(**_UNCOUNTED)
def _received(z, m, unit, squares, read, key):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Outputs ``z`` of an array with the noise of its devices, and converted.

    Args:
        z: outputs, in units of inputs times conductances over the window; changed in place.
        m: number of them.
        unit: the largest input, which a converter's range is in units of.
        squares: sum of the squares of the inputs.
        read: see ``train_part``.
        key: key of the random numbers.
    """
    levels, range_, noise = read[1], np.float32(read[2]) * unit, read[3]
    if noise > 0:
        size = noise * math.sqrt(2.0 * squares)
        for i in range(0, m, 2):
            bits = drawn(key, i)
            radius = size * math.sqrt(-2.0 * math.log(1.0 - np.float64(upper_unit(bits))))
            angle = 2.0 * math.pi * np.float64(lower_unit(bits))
            z[i] += np.float32(radius * math.cos(angle))
            if i + 1 < m:
                z[i + 1] += np.float32(radius * math.sin(angle))
    if levels > 0 and range_ > _ZERO:
        for i in range(m):
            z[i] = _converted(z[i], range_, levels)


@numba.njit(fastmath={"contract"}, **_UNCOUNTED)
def _forward(g, n, ranges, a, z, relu, biases, bias, read, key, sent):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, C901
    """Activations of all layers for the inputs in ``a[:n[0]]``; the last layer's are softmax probabilities."""
    start, base, first = 0, 0, 0
    for layer in range(len(n) - 1):
        rows, m = n[layer], n[layer + 1]
        x_in = a[start : start + rows]
        if read[0] > 0:
            _sent(x_in, rows, biases == IN_ARRAY, read[0], sent)
            x_in = sent
        for i in range(m):
            z[i] = _ZERO
        largest, squares = _ZERO, _ZERO
        for j in range(rows + 1):
            if j == rows and biases != IN_ARRAY:
                continue
            x = _ONE if j == rows else x_in[j]
            if x != _ZERO:
                largest = max(largest, abs(x))
                squares += x * x
                plus, minus = g[0, base + j * m : base + (j + 1) * m], g[1, base + j * m : base + (j + 1) * m]
                for i in range(m):
                    z[i] += x * (plus[i] - minus[i])
        _received(z, m, largest, squares, read, drawn(key, 2 * layer))
        for i in range(m):
            z[i] *= ranges[layer]
            if biases == DIGITAL:
                z[i] += bias[first + i]
        start += rows
        if layer == len(n) - 2:
            top = z[0]
            for i in range(m):
                top = max(top, z[i])
            total = _ZERO
            for i in range(m):
                a[start + i] = math.exp(z[i] - top)
                total += a[start + i]
            for i in range(m):
                a[start + i] /= total
        elif relu:
            for i in range(m):
                a[start + i] = max(z[i], _ZERO)
        else:
            for i in range(m):
                a[start + i] = _ONE / (_ONE + math.exp(-z[i]))
        base += (rows + 1) * m
        first += m


@numba.njit(fastmath={"reassoc", "contract"}, **_UNCOUNTED)
def _back_products(g, base, rows, m, e, z):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """The products of a layer's conductances over the window with the errors ``e`` of its outputs, for every input."""
    for j in range(rows):
        total = _ZERO
        plus, minus = g[0, base + j * m : base + (j + 1) * m], g[1, base + j * m : base + (j + 1) * m]
        for i in range(m):
            total += (plus[i] - minus[i]) * e[i]
        z[j] = total


@numba.njit(**_UNCOUNTED)
def _backward(g, n, ranges, a, d, label, relu, read, key, z, sent):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Derivatives of the cross-entropy by the weighted sums of every layer, from the activations of ``_forward``."""
    layers = len(n) - 1
    start = 0
    for layer in range(layers):
        start += n[layer]
    first = 0
    for layer in range(layers - 1):
        first += n[layer + 1]
    base = 0
    for layer in range(layers - 1):
        base += (n[layer] + 1) * n[layer + 1]
    for i in range(n[layers]):
        d[first + i] = a[start + i]
    d[first + label] -= _ONE
    for layer in range(layers - 1, 0, -1):
        rows, m = n[layer], n[layer + 1]
        errors = d[first : first + m]
        start -= rows
        if read[0] > 0:
            _sent(errors, m, False, read[0], sent)
            errors = sent
        _back_products(g, base, rows, m, errors, z)
        if read[1] > 0 or read[3] > 0:
            largest, squares = _ZERO, _ZERO
            for i in range(m):
                largest = max(largest, abs(errors[i]))
                squares += errors[i] * errors[i]
            _received(z, rows, largest, squares, read, drawn(key, 2 * layer + 1))
        for j in range(rows):
            h = a[start + j]
            slope = (_ONE if h > 0 else _ZERO) if relu else h * (_ONE - h)
            d[first - rows + j] = ranges[layer] * z[j] * slope
        first -= rows
        base -= (n[layer - 1] + 1) * rows


@numba.njit(**_UNCOUNTED)
def _update(  # type: ignore[no-untyped-def] # noqa: ANN202, C901
    law, kind, n, g, fast, chi, bias, biases, ranges, rate, a, d, key, step, transfer, tables, noisy, fbar, work,  # noqa: ANN001
):  # fmt: skip
    """Apply one sample's outer products to all layers; returns the number of pulses."""
    mean, residual, relative, spread = tables
    accept, other, small, large, lanes, places = work
    row_read = lanes[0]
    start, base, first, pulses = 0, 0, 0, 0
    rates = (1.0 / fbar[0], 1.0 / fbar[1])
    whole = (fbar[0], fbar[0 if kind == ONE_SIDED else 1])
    if kind == PAIR:
        whole = (fbar[0] + fbar[1], fbar[0] + fbar[1])
    for layer in range(len(n) - 1):
        rows, m = n[layer], n[layer + 1]
        e = d[first : first + m]
        layer_key = mixed(key + np.uint64(layer + 1) * np.uint64(0xD1342543DE82EF95))
        # The change of the weight over the window, or of each device of a pair that shares it.
        share = rate / ranges[layer] * (0.5 if kind == PAIR and law != ACCUMULATE and law != FLOAT else 1.0)
        if law == TIKI_TAKA:
            share *= transfer[0]
        total = 0.0
        if law in (POISSON, TIKI_TAKA):
            total = _alias(e, m, accept, other, small, large)
        length, row_scale, column_scale = 0, 0.0, 0.0
        if law == STREAMS:
            length, row_scale, column_scale = _lengths(a[start : start + rows], e, share, rates, kind)
            for i in range(m):
                other[i] = np.int64(_stream(abs(e[i]) * column_scale, length, drawn(layer_key, rows + 2 + i)))
        for j in range(rows + 1):
            if j == rows and biases != IN_ARRAY:
                continue
            x = _ONE if j == rows else a[start + j]
            if x == _ZERO:
                continue
            s = np.float32(-share * x)
            at = base + j * m
            row_key = drawn(layer_key, j)
            if law == FLOAT:
                w = g[0, at : at + m]
                for i in range(m):
                    w[i] += s * e[i]
            elif law == CONTINUOUS:
                _continuous(g, at, m, s, e, kind, row_key, relative, spread, noisy, lanes, places)
            elif law == POISSON:
                if total > 0:
                    pulses += _poisson(
                        g, at, m, s, e, total, kind, row_key, rates, accept, other, mean, residual, noisy
                    )
            elif law == TIKI_TAKA:
                if total > 0:
                    pulses += _poisson(
                        fast, at, m, s, e, total, kind, row_key, rates, accept, other, mean, residual, noisy
                    )
            elif law == BERNOULLI:
                pulses += _bernoulli(g, at, m, s, e, kind, row_key, rates, mean, residual, noisy, places)
            elif law == STREAMS:
                row = _stream(abs(x) * row_scale, length, row_key)
                if row:
                    pulses += _coincident(g, at, m, s, e, row, other, kind, row_key, mean, residual, noisy)
            else:
                pulses += _accumulate(g, chi, at, m, s, e, kind, row_key, whole, mean, residual, noisy)
        every = np.int64(transfer[2])
        if law == TIKI_TAKA and step % every == 0:
            j = (step // every) % (rows + (1 if biases == IN_ARRAY else 0))
            at = base + j * m
            plus, minus = fast[0, at : at + m], fast[1, at : at + m]
            for i in range(m):
                row_read[i] = plus[i] - minus[i]
            row_key = drawn(layer_key, rows + 1)
            scale = np.float32(transfer[1])
            pulses += _accumulate(g, chi, at, m, scale, row_read, kind, row_key, whole, mean, residual, noisy)
        if biases == DIGITAL:
            for i in range(m):
                bias[first + i] -= np.float32(rate) * e[i]
        start += rows
        base += (rows + 1) * m
        first += m
    return pulses


@numba.njit(**_UNCOUNTED)
def _lengths(x, e, share, rates, kind):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Length of the bit streams and the scales of the rows' and columns' probabilities.

    Update and bit-length management: as few bits as keep every probability at or below 1, rows and columns balanced.
    Source: T. Gokmen, M. Onen and W. Haensch, Front. Neurosci. 11, 538 (2017), doi:10.3389/fnins.2017.00538.
    """
    largest_x, largest_e = 1.0, 0.0
    for j in range(len(x)):
        largest_x = max(largest_x, abs(x[j]))
    for i in range(len(e)):
        largest_e = max(largest_e, abs(e[i]))
    rate = rates[0] if kind == ONE_SIDED else 0.5 * (rates[0] + rates[1])
    wanted = abs(share) * rate  # pulses for x = e = 1
    if wanted == 0.0 or largest_e == 0.0:
        return 1, 0.0, 0.0
    length = min(_LONGEST_STREAM, max(1, math.ceil(wanted * largest_x * largest_e)))
    root = math.sqrt(wanted / length)
    balance = math.sqrt(largest_e / largest_x)
    return length, root * balance, root / balance


@numba.njit(**_UNCOUNTED)
def _coincident(g, base, m, s, d, row, columns, kind, key, mean, residual, noisy):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """A pulse, on each device that moves, for every bit that a row and a column have in common."""
    pulses = 0
    for i in range(m):
        count = _ones(row & np.uint32(columns[i]))
        rises = s * d[i] > 0
        for k in range(count):
            bits = drawn(key, 64 + i + m * k)
            pulses += _pulse_cell(g, base + i, rises, kind, bits, mean, residual, noisy)
    return pulses


_F1, _F2, _F3 = numba.float32[::1], numba.float32[:, ::1], numba.float32[:, :, ::1]
_SIGNATURE = numba.int64(
    numba.int64, numba.int64, numba.int64[::1], _F2, _F1, _F1, numba.int64, _F1, numba.float64, numba.int64,
    _F2, numba.int64[::1], numba.int64[::1], numba.int64, numba.boolean, numba.uint64,
    _F2, _F3, _F2, _F3, numba.boolean, numba.float64[::1], _F2, numba.float64[::1], numba.float64[::1],
)  # fmt: skip


@compiled(_SIGNATURE)
def train_part(
    law: Any, kind: Any, n: Any, g: Any, chi: Any, bias: Any, biases: Any, ranges: Any, rate: Any, batch: Any,
    x: Any, y: Any, order: Any, first_step: Any, relu: Any, key: Any,
    mean: Any, residual: Any, relative: Any, spread: Any, noisy: Any, fbar: Any, fast: Any, transfer: Any, read: Any,
) -> Any:  # fmt: skip
    """Train on the samples ``order`` of ``x`` and ``y``, one after the other or in batches, in place.

    Args:
        law: the law of updates.
        kind: the kind of cells.
        n: numbers of inputs, of hidden units and of outputs, shape (layers + 1,).
        g: conductances over the window of the devices plus and minus, shape (2, devices of one of them).
        chi: wanted changes that add up digitally (``ACCUMULATE``), shape of one of ``g``.
        bias: digital biases, layer after layer.
        biases: where biases are: in the arrays, digital, or nowhere; where they are not in the arrays, their rows there
            are not used.
        ranges: weight that the whole window stands for, by layer.
        rate: learning rate of a sample; that of a batch is divided by its size.
        batch: number of samples for which the weights stay.
        x: inputs, shape (samples, inputs).
        y: classes, shape (samples,).
        order: the samples to train on.
        first_step: number of samples that were trained on before: the counter of the random numbers.
        relu: whether hidden units are ReLU, and not sigmoid.
        key: key of the random numbers, of the seed.
        mean: mean step up and down, over the window, shape (2, nodes).
        residual: deviations from it, shape (2, nodes, probabilities).
        relative: mean step over its mean between 10 and 90 % of the window, for ``CONTINUOUS``.
        spread: deviations over the root of that mean, for ``CONTINUOUS``.
        noisy: whether deviations are drawn.
        fbar: size of the mean step up and down between 10 and 90 % of the window.
        fast: of ``TIKI_TAKA`` the conductances of the fast devices, shape of ``g``; not used by other laws.
        transfer: of ``TIKI_TAKA`` the fast devices' rate over ``rate``, the share of a fast weight that a transfer adds
            up digitally, and the number of samples from one transfer of a row to the next; shape (3,).
        read: levels of the drivers and of the column converters on either side of 0, 0 for ideal ones; range of the
            latter, in units of the largest input times a whole weight; standard deviation of a conductance from read to
            read, over the window; shape (4,).

    Returns:
        The number of pulses that devices got.
    """
    layers = len(n) - 1
    units, widest, outputs = 0, 0, 0
    for layer in range(layers + 1):
        units += n[layer]
        widest = max(widest, n[layer])
        if layer:
            outputs += n[layer]
    a, d = np.empty((batch, units), np.float32), np.empty((batch, outputs), np.float32)
    z, sent = np.empty(widest, np.float32), np.empty(widest, np.float32)
    work = (
        np.empty(widest), np.empty(widest, np.int64), np.empty(widest, np.int64), np.empty(widest, np.int64),
        np.empty((6, widest), np.float32), np.empty((2, widest), np.uint32),
    )  # fmt: skip
    tables = (mean, residual, relative, spread)
    pulses = 0
    for begin in range(0, len(order), batch):
        size = min(batch, len(order) - begin)
        for b in range(size):
            sample = order[begin + b]
            for j in range(n[0]):
                a[b, j] = x[sample, j]
            read_key = mixed(drawn(key, first_step + begin + b))
            _forward(g, n, ranges, a[b], z, relu, biases, bias, read, read_key, sent)
            _backward(g, n, ranges, a[b], d[b], y[sample], relu, read, read_key, z, sent)
        for b in range(size):
            step = first_step + begin + b
            pulses += _update(
                law, kind, n, g, fast, chi, bias, biases, ranges, rate / size, a[b], d[b], drawn(key, step), step,
                transfer, tables, noisy, fbar, work,
            )  # fmt: skip
    return pulses
