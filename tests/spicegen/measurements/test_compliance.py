"""Compliance: found where a source meter limits, and nowhere else."""

import numpy as np
import pytest

from models_va import load_card
from spicegen.fit.replay.from_measurements import replays
from spicegen.fit.replay.run import ModelDevice
from spicegen.measurements import Sweep, between_compliance, read_measurement
from spicegen.measurements.compliance import MOST_PARTS, at_compliance
from spicegen.printers.numpy_model import numpy_model
from tests.spicegen.metrics.measured import ORIGIN

LEVEL = 1e-4
QUARTER = np.linspace(0, 1, 51)
VOLTAGE = np.concatenate([QUARTER, QUARTER[-2::-1], -QUARTER[1:], -QUARTER[-2::-1]])


def sweep(voltage, current):
    return Sweep(ORIGIN, np.arange(len(voltage)) * 0.01, voltage, current, 300.15)


def own(g_siemens, voltage=VOLTAGE):
    return g_siemens * np.sinh(2 * voltage)


@pytest.mark.parametrize("noise", [0.0, 3e-4])
def test_a_flat_top_is_the_compliance(noise):
    rng = np.random.default_rng(1)
    current = own(1.1e-4)
    limited = np.abs(current) > LEVEL
    current = np.clip(current, -LEVEL, LEVEL) * (1 + noise * rng.standard_normal(len(current)))
    assert at_compliance(VOLTAGE, current).tolist() == limited.tolist()
    parts = between_compliance(sweep(VOLTAGE, current))
    assert [len(p.time_s) for p in parts] == [21, 41, 21]
    assert np.concatenate([p.current_amp for p in parts]).tolist() == current[~limited].tolist()


def test_one_polarity_may_be_limited_alone():
    found = at_compliance(VOLTAGE, np.minimum(own(1.1e-4), LEVEL))
    assert found.any()
    assert VOLTAGE[found].min() > 0


PHASE = np.linspace(0, 4 * np.pi, 401)


@pytest.mark.parametrize(
    ("voltage", "current"),
    [
        (VOLTAGE, VOLTAGE * 1e-4),
        (VOLTAGE, own(1.1e-4)),
        (VOLTAGE, 1e-5 * np.tanh(VOLTAGE / 0.5)),  # saturates by itself
        (VOLTAGE, VOLTAGE * 1e-4 / (1 + (np.abs(VOLTAGE) / 0.6) ** 4)),  # the peak of a reset
        (np.sin(PHASE), 1e-4 * np.sin(PHASE)),
        (np.minimum(VOLTAGE, 0.6), np.minimum(VOLTAGE, 0.6) * 1e-4),  # a hold; or the voltage was measured
    ],
)
def test_what_devices_show_is_no_compliance(voltage, current):
    assert not at_compliance(voltage, current).any()


def test_loops_are_as_many_parts_as_are_fitted():
    current = np.clip(own(1.1e-4), -LEVEL, LEVEL)
    parts = between_compliance(sweep(np.tile(VOLTAGE, 30), np.tile(current, 30)))
    assert len(parts) == MOST_PARTS


def test_it_is_said(tmp_path):
    rows = zip(VOLTAGE, np.clip(own(1.1e-4), -LEVEL, LEVEL), strict=True)
    text = "".join(f"{n},{v:.9g},{i:.9g}\n" for n, (v, i) in enumerate(rows))
    (tmp_path / "m.csv").write_text("# temperature_C: 27\ntime_ms,voltage_V,current_A\n" + text)
    (note,) = read_measurement(tmp_path / "m.csv").origin.notes
    assert note.startswith("At 118 of 201 points the current stays at one level, up to 0.0001 A, while")


def limited_sweep(card, level, voltage, step_s):
    """A device whose voltage the source meter lowers wherever the current would be beyond ``level``; explicit Euler."""
    model, values = numpy_model(card.device_model), card.values
    params = {p.name: values[p.name] for p in card.device_model.params}
    x, substeps, current, states = np.array([[values[s.initial] for s in card.device_model.states]]), 20, [], []
    tried = np.linspace(0, 1, 201)
    for before, wanted in zip([0.0, *voltage[:-1]], voltage, strict=True):
        for part in np.arange(1, substeps + 1) / substeps:
            v = (before + part * (wanted - before)) * tried
            i = model.current(v, np.repeat(x, len(v), axis=0), params, 300.15)
            got = v[np.flatnonzero(np.abs(i) <= level)[-1]]
            x = x + step_s / substeps * model.evaluate(np.array([got]), x, params, 300.15).rate
        states.append(x[0])
        current.append(np.clip(model.current(np.array([wanted]), x, params, 300.15)[0], -level, level))
    return sweep(voltage, np.array(current)), np.array(states)


def test_the_runs_between_are_what_the_device_did():
    """Each, from its own state, is simulated as it was measured; the whole sweep is not."""
    card = load_card("ag-chalcogenide-yakopcic")
    measured, states = limited_sweep(card, 1e-3, 0.3 * VOLTAGE, 1e-4)
    measured = Sweep(ORIGIN, np.arange(len(VOLTAGE)) * 1e-4, measured.voltage_volt, measured.current_amp, 300.15)
    values = np.array([card.values[p.name] for p in card.device_model.params])
    first, second = replays(measured)
    assert (first.rested, second.rested) == (True, False)
    begins = np.flatnonzero(np.isin(measured.time_s, [between_compliance(measured)[1].time_s[0]]))[0]
    for replay, x in ((first, states[0]), (second, states[begins])):
        shown = replay.run(ModelDevice(card.device_model, values, x, turned=False)).predicted
        assert np.abs(shown - replay.observed).max() < 0.02 * np.abs(replay.observed).max()
