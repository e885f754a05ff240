"""Arrays by waveform relaxation: the coupled integration of everything at once must give the same."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_va import load_card
from netlists import Capacitor, Cell, Circuit, Crossbar, Devices, Job, Resistor, Source, SpikeTrain, Transient, Waveform
from netlists import crossbar_circuit as as_circuit
from spicegen.simulate import Native
from spicegen.simulate.native.system import SourceVoltages, System
from spicegen.simulate.native.transient import transient
from spicegen.simulate.native.waveform_relaxation import relax, settling

CARD = load_card("au-lixcoo2-pt")
TRAIN = SpikeTrain((-1.8, -1.8, 1.2), 10e-3, 13e-3)


def array(rows, columns, r_ohm, seed=0, share=0.5):
    """The first row gets the pulses, the others a share of them; states are mixed."""
    rng = np.random.default_rng(seed)
    instance = {f"{s}_init": rng.uniform(0, high, (rows, columns)) for s, high in (("s", 0.02), ("x", 0.05))}
    circuit = as_circuit(Crossbar(np.zeros((rows, columns)), r_ohm, r_ohm), Devices(CARD, (rows, columns), instance))
    wave = TRAIN.waveform()
    low = Waveform(wave.time_s, tuple(share * v for v in wave.value_volt))
    waves = {f"vr{i}": low if i else wave for i in range(rows)}
    return replace(circuit, sources=tuple(replace(s, waveform=waves.get(s.name, s.waveform)) for s in circuit.sources))


def difference(circuit, rel_tol):
    """Of source currents at the reads and of states at the end, relative to the largest."""
    system = System(circuit)
    fast = relax(circuit, system, Transient(TRAIN.stop_s, 1e-3, rel_tol))
    exact = transient(circuit, system, Transient(TRAIN.stop_s, 1e-3, 1e-7))

    def reads(trace):
        currents = np.array(trace.leaving)[:, system.unknown : -1]
        return np.array([np.interp(TRAIN.read_time_s, trace.time_s, c) for c in currents.T])

    i_fast, i_exact = reads(fast), reads(exact)
    states = [np.abs(f - e).max() / np.abs(e).max() for f, e in zip(fast.states[-1], exact.states[-1], strict=True)]
    return max(np.abs(i_fast - i_exact).max() / np.abs(i_exact).max(), *states)


@settings(max_examples=6)
@given(
    st.integers(1, 4), st.integers(1, 4), st.sampled_from([0.0, 1.0, 100.0, 5e3]), st.integers(0, 9),
    st.sampled_from([0.0, 1 / 3, 0.5, 1.0]),
)  # fmt: skip
def test_it_agrees_with_the_coupled_integration(rows, columns, r_ohm, seed, share):
    """5 kilo-ohm a segment takes more than half of the supply."""
    assert difference(array(rows, columns, r_ohm, seed, share), 1e-4) < 5e-4


def test_a_tighter_tolerance_is_nearer():
    circuit = array(3, 3, 1e3)
    rough, fine = (difference(circuit, tol) for tol in (1e-3, 1e-6))
    assert fine < 1e-5
    assert fine < rough / 10


def test_devices_of_several_models_in_one_network():
    other = load_card("magic-vteam")
    wave = TRAIN.waveform()
    circuit = Circuit(
        resistors=(Resistor("r1", "in", "a", 1e3), Resistor("r2", "a", "b", 2e3), Resistor("r3", "b", "0", 1e3)),
        sources=(Source("v1", "in", wave),),
        cells=(Cell("d0", "a", "0", CARD), Cell("d1", "b", "a", other), Cell("d2", "in", "b", CARD)),
    )
    assert difference(circuit, 1e-5) < 1e-4


def test_kirchhoffs_law_holds_at_every_point():
    circuit = array(8, 8, 30.0)
    system = System(circuit)
    trace = relax(circuit, system, Transient(TRAIN.stop_s, 1e-3, 1e-4))
    most = max(np.abs(leaving[system.unknown :]).max() for leaving in trace.leaving)
    assert max(np.abs(leaving[: system.unknown]).max() for leaving in trace.leaving) < 1e-9 * most


def test_a_column_of_equal_rows_is_symmetric():
    """Without wires all cells are one device."""
    circuit = array(3, 3, 0.0, share=1.0)
    cells = tuple(replace(c, instance={}) for c in circuit.cells)
    result = Native().run(Job(replace(circuit, cells=cells), Transient(TRAIN.stop_s, 1e-3, 1e-5)))
    alone = Circuit(sources=(Source("v0", "te", TRAIN.waveform()),), cells=(Cell("d0", "te", "0", CARD),))
    expected = Native().run(Job(alone, Transient(TRAIN.stop_s, 1e-3, 1e-5)))
    reads = TRAIN.read_time_s
    for j in range(3):
        assert result.current_at(f"vb{j}", reads) == pytest.approx(-3 * expected.current_at("v0", reads), rel=1e-4)


def test_what_sources_share_is_one_and_times_almost_equal_are_one():
    first, second = Waveform((0.0, 1.0), (0.0, 2.0)), Waveform((0.0, 1.0 + 1e-15, 3.0), (1.0, 1.0, -4.0))
    sources = SourceVoltages([Source("v0", "a", first), Source("v1", "b", second), Source("v2", "c", first)])
    assert sources.at(0.5).tolist() == [1.0, 1.0, 1.0]
    assert sources.largest_volt == 4.0
    assert sources.breaks(4.0, 1e-12) == [0.0, 1.0, 3.0, 4.0]


def line(farad):
    """Two devices along a resistive line with capacitors."""
    return Circuit(
        resistors=(Resistor("r1", "in", "a", 1e4), Resistor("r2", "a", "b", 1e4)),
        sources=(Source("v1", "in", TRAIN.waveform()),),
        cells=(Cell("d0", "a", "0", CARD), Cell("d1", "b", "0", CARD)),
        capacitors=(Capacitor("c1", "a", farad), Capacitor("c2", "b", farad)),
    )


def test_capacitors_are_left_out_only_where_the_wires_settle_at_once():
    """Elmore's time of the far end is about 3 R C: 0.3 ms, or 0.3 ns; the edges take 10 us."""
    train = Transient(TRAIN.stop_s, 1e-3, 1e-5)
    slow, fast = line(1e-8), line(1e-14)
    assert settling(slow, System(slow), train)[0] is False
    assert settling(fast, System(fast), train)[0] is True
    assert "capacitance is integrated" in Native().run(Job(slow, train)).notes[0]
    assert "capacitance is left out" in Native().run(Job(fast, train)).notes[0]
    assert Native().run(Job(replace(fast, capacitors=()), train)).notes == ()
    left_out, kept = relax(fast, System(fast), train), transient(fast, System(fast), train)
    for trace in (left_out, kept):
        assert trace.time_s[-1] == TRAIN.stop_s
    assert left_out.states[-1][0] == pytest.approx(kept.states[-1][0], rel=1e-4, abs=1e-8)
