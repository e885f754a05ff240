"""The native engine: order of the method, closed forms, conservation."""

import numpy as np
import pytest

from models_va import Quantity, load_card
from netlists import (
    Cell,
    Circuit,
    Crossbar,
    Job,
    ReadVectors,
    Resistor,
    Source,
    SpikeTrain,
    Transient,
    Waveform,
    crossbar_circuit,
)
from spicegen.simulate import Native, SimulationError
from spicegen.simulate.native import transient as method
from spicegen.simulate.native.memory_limit import needed_bytes

CARD = load_card("au-lixcoo2-pt")


def relaxing_device(**initial):
    """A device at rest with some states lifted: every state then decays by itself."""
    return Circuit(
        sources=(Source("v1", "te", Waveform.constant(0.0)),),
        cells=(Cell("d0", "te", "0", CARD, initial),),
    )


def test_runge_kutta_order_conditions():
    """All eight conditions of order 4, and the four of order 3 for the embedded method (Hairer, Norsett, Wanner)."""
    a, c, b, e = method.STAGES, method.NODES, method.STAGES[-1], method.EMBEDDED
    assert a.sum(axis=1) == pytest.approx(c, abs=1e-14)
    fourth = [b.sum(), b @ c, b @ c**2, b @ a @ c, b @ c**3, (b * c) @ a @ c, b @ a @ c**2, b @ a @ a @ c]
    assert fourth == pytest.approx([1, 1 / 2, 1 / 3, 1 / 6, 1 / 4, 1 / 8, 1 / 12, 1 / 24], abs=1e-14)
    assert [e.sum(), e @ c, e @ c**2, e @ a @ c] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 6], abs=1e-14)


@pytest.mark.parametrize("name", ["rram-stanford-pku", "magic-vteam", "wse2-liclo4"])
def test_a_state_at_rest_at_its_bound_costs_no_steps(name):
    """Slow sweeps to 2.5 V, with the state at its bounds most of the time under rates of up to 1e13/s: the slope of the
    window at the bound itself decides whether Newton's method ends (with none it took 834,239 points)."""
    times, volts = (0.0, 25.0, 75.0, 100.0), (0.0, 2.5, -2.5, 0.0)
    cell = Cell("d1", "a", "0", load_card(name))
    circuit = Circuit(sources=(Source("v1", "a", Waveform(times, volts)),), cells=(cell,))
    result = Native().run(Job(circuit, Transient(100.0, 0.1)))
    assert len(result.time_s) < 2000
    x = result.state["d1.x"]
    assert x.max() - x.min() > 0.9


def test_relaxation_at_zero_bias_is_exponential():
    """Closed forms: without incubation nothing is transferred, and every state decays by itself."""
    lifted = {
        "act": (0.4, "tau_m"),
        "s": (0.1, "tau_s"),
        "h": (0.3, "tau_h"),
        "c": (1e-4, "tau_c"),
        "x": (0.2, "tau_x"),
    }
    initial = {f"{name}_init": value for name, (value, _) in lifted.items()}
    result = Native().run(Job(relaxing_device(**initial), Transient(1.0, 0.1, 1e-7)))
    for name, (value, tau) in lifted.items():
        exact = value * np.exp(-result.time_s / CARD.values[tau])
        assert result.state[f"d0.{name}"] == pytest.approx(exact, rel=1e-5, abs=1e-7)
    assert result.state["d0.r"] == pytest.approx(np.zeros_like(result.time_s), abs=0)


def test_tighter_tolerance_converges():
    train = SpikeTrain((-1.5,) * 3 + (1.1,) * 2, 10e-3, 13e-3)
    circuit = Circuit(sources=(Source("v1", "te", train.waveform()),), cells=(Cell("d0", "te", "0", CARD),))

    def reads(rel_tol):
        return Native().run(Job(circuit, Transient(train.stop_s, 1e-3, rel_tol))).current_at("v1", train.read_time_s)

    reference = reads(1e-10)
    errors = [np.abs(reads(tol) / reference - 1).max() for tol in (1e-6, 1e-8)]
    assert errors[0] < 1e-4
    assert errors[1] < errors[0] / 3


def test_devices_behind_resistors_conserve_current():
    """Two devices in a resistive network: Kirchhoff's law at the inner nodes, at every time, from raw results."""
    train = SpikeTrain((-2.0,) * 4, 10e-3, 13e-3)
    circuit = Circuit(
        resistors=(Resistor("r1", "in", "a", 2e3), Resistor("r2", "a", "b", 5e3), Resistor("r3", "b", "0", 1e3)),
        sources=(Source("v1", "in", train.waveform()),),
        cells=(Cell("d0", "a", "0", CARD), Cell("d1", "a", "b", CARD, {"s_init": 0.05})),
    )
    result = Native().run(Job(circuit, Transient(train.stop_s, 1e-3, 1e-5)))
    v_in, v_a, v_b = (result.voltage_volt[n] for n in ("in", "a", "b"))
    into_a = (v_in - v_a) / 2e3 - (v_a - v_b) / 5e3
    assert -result.current_amp["v1"] == pytest.approx((v_in - v_a) / 2e3, rel=1e-9, abs=1e-18)
    assert np.ptp(result.state["d1.s"]) > 1e-4
    assert result.state["d0.act"].max() > 1e-2
    # what leaves node b through r3 came through d1 and r2; with node a's balance, d0 takes the rest
    through_d1 = v_b / 1e3 - (v_a - v_b) / 5e3
    through_d0 = into_a - through_d1
    from spicegen.printers.numpy_model import numpy_model

    states = np.stack([result.state[f"d0.{s}"] for s in CARD.device_model.state_names], axis=1)
    expected = numpy_model(CARD.device_model).current(v_a, states, CARD.values, 300.15)
    assert through_d0 == pytest.approx(expected, rel=1e-7, abs=1e-9 * np.abs(expected).max())


def test_operating_point_holds_states():
    circuit = Circuit(
        resistors=(Resistor("r1", "in", "a", 1e4),),
        sources=(Source("v1", "in", Waveform.constant(0.0)),),
        cells=(Cell("d0", "a", "0", CARD, {"s_init": 0.1}),),
    )
    result = Native().run(Job(circuit, ReadVectors(np.array([[5.0], [-5.0], [0.0]]))))
    assert result.state["d0.s"] == pytest.approx([0.1] * 3)
    assert result.voltage_volt["a"][0] == pytest.approx(-result.voltage_volt["a"][1], rel=1e-9)
    assert result.current_amp["v1"][2] == 0


def test_states_stay_in_bounds_at_five_volts():
    train = SpikeTrain((-5.0, 5.0) * 3, 50e-3, 60e-3)
    circuit = Circuit(sources=(Source("v1", "te", train.waveform()),), cells=(Cell("d0", "te", "0", CARD),))
    result = Native().run(Job(circuit, Transient(train.stop_s, 1e-3, 1e-6)))
    for name, values in result.state.items():
        assert values.min() >= -1e-7, name
        assert values.max() <= 1 + 1e-9, name


def test_too_large_for_the_memory_is_said_before_the_start(monkeypatch):
    circuit = crossbar_circuit(Crossbar(np.full((8, 8), 1e-5), 1.0, 1.0))
    monkeypatch.setattr("spicegen.simulate.native.memory_limit.available_bytes", lambda: 1e6)
    few, many = (ReadVectors(np.zeros((n, 16))) for n in (1, 10_000))
    Native().run(Job(circuit, few))
    with pytest.raises(SimulationError, match=r"needs about 0\.0 GB, and 0\.0 GB are available"):
        Native().run(Job(circuit, many))


def test_the_estimate_grows_with_the_job():
    small, large = (crossbar_circuit(Crossbar(np.full((n, n), 1e-5), 1.0, 1.0)) for n in (8, 16))
    vectors = [ReadVectors(np.zeros((n, 32))) for n in (1, 1000)]
    assert needed_bytes(large, vectors[0]) > 3 * needed_bytes(small, vectors[0])
    assert needed_bytes(large, vectors[1]) == pytest.approx(
        needed_bytes(large, vectors[0]) + 999 * 32 * len(large.nodes)
    )


def test_machine_code_of_an_older_step_is_not_used_again():
    """numba's cache looks at a function's own file only; the name carries the source of what the function calls."""
    from spicegen.devices import drift as rest
    from spicegen.simulate.native import cell_step
    from spicegen.simulate.native import single_device as driven
    from spicegen.simulate.native import waveform_relaxation as relaxation

    source = cell_step.source_digest()
    for function in (driven._integrate, driven._linearised, relaxation._advance, rest._integrate):
        assert function.py_func.__qualname__.endswith(source)
        assert source in function._cache._impl.filename_base


def test_transients_of_devices_with_an_electrode_capacitance_are_refused():
    """In one line with the remedy; an operating point does not feel a capacitance."""
    given = Quantity(value=1e-12, provenance="assumed")
    card = CARD.model_copy(update={"electrode_capacitance_farad": given})
    circuit = Circuit(sources=(Source("v1", "te", Waveform.constant(0.1)),), cells=(Cell("d0", "te", "0", card),))
    with pytest.raises(
        SimulationError, match=r"au-lixcoo2-pt has an electrode capacitance.*remove electrode_cap"
    ) as found:
        Native().run(Job(circuit, Transient(1e-3, 1e-4)))
    assert "\n" not in str(found.value)
    assert Native().run(Job(circuit, ReadVectors(np.array([[0.1]])))).current_amp["v1"][0] < 0
