"""Fits to measurements whose truth is known: what is found, how sure it is, and what is said not to be fixed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models_va import load_card
from spicegen.fit.bench import Device, benches
from spicegen.fit.measured import fit_model
from spicegen.measurements import Origin, Pulses
from tests.spicegen.known_devices import shipped, train

ORIGIN = Origin(Path("made.csv"), "0" * 64)


def pulses(amplitudes, g_siemens, width_s=1e-3):
    amplitude = np.array([0.0, *amplitudes])
    g = np.asarray(g_siemens).reshape(len(amplitude), -1)
    width = np.full(len(amplitude), width_s)
    return Pulses(ORIGIN, amplitude, width, width, np.sign(amplitude).astype(np.int8), g, 0.1, 300.15)


def exponential(count=50, cycles=12, noise=0.1e-6):
    """G = B (1 - exp(-n/A)) + G_min, A = 20 up and 12 down, 2 to 20 uS: written down, not simulated."""
    n = np.arange(1, count + 1)
    up, down = ((1 - np.exp(-n / a)) / (1 - np.exp(-count / a)) for a in (20, 12))
    curve = np.concatenate([[2e-6], 2e-6 + 18e-6 * up, 20e-6 - 18e-6 * down])
    scatter = noise * np.random.default_rng(0).standard_normal((len(curve), cycles))
    return pulses([1.0] * count + [-1.0] * count, curve[:, None] + scatter)


def test_the_most_common_law_is_found_and_its_uncertainties_are_right():
    """The beta law is alpha = 0 with r = -N/A and +N/A; no card that ships has these signs."""
    held = {"v_p": 1.0, "v_d": 1.0, "t_write": 1e-3, "updates_p": 50.0, "updates_d": 50.0}
    found = fit_model("pulse_update", [exponential()], held)
    assert found.errors[0] < 0.01
    assert not found.turned
    value = dict(zip((f.name for f in found.solution.free), found.solution.values, strict=True))
    std = dict(zip((f.name for f in found.solution.free), found.solution.value_std, strict=True))
    truth = {"alpha_p": 0.0, "ratio_p": -50 / 20, "alpha_d": 0.0, "ratio_d": 50 / 12, "g_min": 2e-6, "g_max": 20e-6}
    for name, right in truth.items():
        assert abs(value[name] - right) < 3.5 * std[name], name
    assert all(found.solution.is_fixed[[f.name in truth for f in found.solution.free]])


def test_what_was_never_pulsed_is_said_not_to_be_fixed():
    both = exponential()
    rows = ("amplitude_volt", "width_s", "gap_s", "direction", "g_siemens")
    up = replace(both, **{name: getattr(both, name)[:51] for name in rows})
    found = fit_model("pulse_update", [up])
    fixed = {f.name for f, is_fixed in zip(found.solution.free, found.solution.is_fixed, strict=True) if is_fixed}
    assert not fixed & {"alpha_d", "ratio_d", "updates_d", "v_d"}
    assert "g_max" in fixed


@pytest.mark.parametrize("name", ["magic-vteam", "ag-chalcogenide-yakopcic", "rram-stanford-pku", "au-lixcoo2-pt"])
def test_derivatives_are_those_of_the_device(name):
    """Against central differences of runs with fine steps."""
    card = load_card(name)
    model, pulse = card.device_model, card.write_pulse
    up, down, width = (-1.5, 1.1, 1e-2) if pulse is None else (
        pulse.amplitude_p_volt.value, pulse.amplitude_d_volt.value, pulse.width_s.value
    )  # fmt: skip
    (bench,) = benches(pulses([up] * 4 + [down] * 4, np.ones(9), width))
    values = np.array([card.values[p.name] for p in model.params])
    initial = np.full(len(model.states), 0.4)
    device = Device(model, values, initial, False)
    run = bench.run(device)
    places = np.array([k for k, p in enumerate(model.params) if values[k] and p.unit != "K" and p.default is None])
    slopes = bench.slopes(run, device, places)
    for column, k in enumerate(places):
        step = 1e-3 * abs(values[k])
        ends = [values.copy(), values.copy()]
        ends[0][k], ends[1][k] = values[k] + step, values[k] - step
        above, below = (bench.run(replace(device, values=v)).predicted for v in ends)
        least = 2e-2 * np.abs(run.predicted).max() / abs(values[k])  # what the steps of these runs leave
        wanted = pytest.approx((above - below) / (2 * step), rel=0.05, abs=least)
        assert slopes[:, column] == wanted, model.params[k].name


@pytest.mark.parametrize("name", ["vteam", "stanford_pku"])
def test_a_bench_in_parts_begins_each_with_what_was_seen(name):
    """A device's own readings leave it as it is; another's correct it, and derivatives follow."""
    card = shipped(name)
    model = card.device_model
    values = np.array([card.values[p.name] for p in model.params])
    device = Device(model, values, np.array([card.values[s.initial] for s in model.states]), False)
    (whole,) = benches(train(card, 0, np.random.default_rng(0), pulses=6))
    parts = whole.in_parts(4)
    assert len(parts.corrected) == 3
    assert parts.run(device).predicted == pytest.approx(whole.run(device).predicted, rel=2e-3)
    k = next(k for k, p in enumerate(model.params) if p.name in {"k_on", "vel0"})
    values = values.copy()
    values[k] *= 1.2
    other = replace(device, values=values)
    after, last = parts.corrected + 1, len(whole.seen) - 1
    off = [np.abs(b.residuals(b.run(other).predicted))[after].max() for b in (whole, parts)]
    assert off[1] < 0.7 * off[0]
    run, step = parts.run(other), 1e-4 * values[k]
    ends = [values + step * (np.arange(len(values)) == k) * sign for sign in (1, -1)]
    up, down = (parts.run(replace(device, values=v)).predicted for v in ends)
    slopes = parts.slopes(run, other, np.array([k]))
    wanted = (up - down) / (2 * step)
    assert slopes[:, 0] == pytest.approx(wanted, rel=0.05, abs=2e-2 * np.abs(wanted).max())
    assert not slopes[last, 1:].any()
