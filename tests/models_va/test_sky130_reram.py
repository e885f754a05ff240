"""The card of the SKY130 ReRAM cell against the design kit's own equations, written here once more.

The kit has two activation energies, a filament that is clipped, and a thermal capacitance; the card has none of these.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from models_va import load_card
from netlists import Cell, Circuit, Job, Resistor, Source, Transient, Waveform
from spicegen.devices.write_pulses import card_pulses, read_conductances, spike_job
from spicegen.simulate import Ngspice, simulator
from tests.models_va.library import Device

CARD = load_card("sky130-reram")
DEVICE = Device("sky130-reram")
KT_PER_K = 1.380649e-23 / 1.602176634e-19
OXIDE, THIN, THICK = 5e-9, 3.3e-9, 4.9e-9
HEAT_CAPACITY, HEAT_TIME, AMBIENT = 3.1825e-16, 0.23e-9, 300.15
SERIES_OHM = 5e3


def current(v, filament):
    return 6.14e-5 * math.exp(-(OXIDE - filament) / (OXIDE - 4.7249e-9)) * math.sinh(v / 0.43)


def growth(v, filament, kelvin):
    """Velocity of the filament's end, m/s."""
    kt, gamma = KT_PER_K * kelvin, 16.5 - 1.25 * ((OXIDE - filament) / 1e-9) ** 3
    field = gamma * 0.25e-9 / OXIDE * v / kt
    return 150 * (math.exp(-1.501 / kt + field) - math.exp(-1.5 / kt - field))


def filament_of(x):
    return THIN + (THICK - THIN) * x


@given(v=st.floats(-2.5, 2.5), x=st.floats(0, 1))
def test_the_current_is_the_kits(v, x):
    assert DEVICE.current(v, x)[0] == pytest.approx(current(v, filament_of(x)), rel=1e-9, abs=4e-12)


@given(v=st.floats(1, 2.5), x=st.floats(0.02, 0.98), sign=st.sampled_from([-1, 1]))
def test_the_rate_is_the_kits_but_for_its_two_energies(v, x, sign):
    """1 meV of 25 meV at room temperature is 4 % of a rate, less where it is hot."""
    kelvin = AMBIENT + HEAT_TIME / HEAT_CAPACITY * abs(v * current(v, filament_of(x)))
    expected = growth(sign * v, filament_of(x), kelvin) / (THICK - THIN)
    assert DEVICE.rate(sign * v, x)[0] == pytest.approx(expected, rel=0.045)


def kit_behind_a_resistor(supply_volt, times):
    """Filament and current of the kit's cell under a step of the supply behind 5 kohm, at some times."""

    def voltage(filament):
        return brentq(lambda v: supply_volt - v - SERIES_OHM * current(v, filament), 0, supply_volt)

    def slopes(_, y):
        filament = min(max(y[0] * 1e-9, THIN), THICK)
        v = voltage(filament)
        grows = growth(v, filament, y[1])
        if (filament >= THICK and grows > 0) or (filament <= THIN and grows < 0):
            grows = 0.0
        heat = v * current(v, filament) / HEAT_CAPACITY
        return [grows * 1e9, heat - (y[1] - AMBIENT) / HEAT_TIME]

    done = solve_ivp(slopes, (0, times[-1]), [THIN * 1e9, AMBIENT], method="LSODA", rtol=1e-8, atol=1e-9, t_eval=times)
    filament = np.clip(done.y[0] * 1e-9, THIN, THICK)
    return filament, np.array([current(voltage(f), f) for f in filament])


def test_set_behind_5_kohm_happens_when_the_kits_does():
    times = np.linspace(0, 2e-6, 2001)
    _, exact = kit_behind_a_resistor(2.2, times)
    wave = Waveform((0.0, 1e-12, 2e-6), (0.0, 2.2, 2.2))
    circuit = Circuit(
        resistors=(Resistor("r1", "in", "a", SERIES_OHM),),
        sources=(Source("v1", "in", wave),),
        cells=(Cell("d0", "a", "0", CARD),),
    )
    found = -simulator("native").run(Job(circuit, Transient(2e-6, 1e-9, 1e-6))).current_at("v1", times)
    instants = [times[np.argmax(i > 0.5 * exact[-1])] for i in (found, exact)]
    assert 1e-8 < instants[1] < 1.9e-6
    assert instants[0] == pytest.approx(instants[1], rel=0.05)
    assert found[-1] == pytest.approx(exact[-1], rel=0.005)


@pytest.mark.parametrize("engine", ["native", "vacask", "ngspice", "ngspice (OSDI)"])
def test_its_write_pulses_switch_it(engine, need_engine):
    train = card_pulses(CARD).train()
    g = read_conductances(need_engine(engine).run(spike_job(CARD, train)), train)
    assert g[0] > 100 * g[-1]
    assert (np.diff(g[25:]) < 0).all()
    native = read_conductances(simulator("native").run(spike_job(CARD, train)), train)
    assert g == pytest.approx(native, rel=1e-3)


@pytest.mark.parametrize("set_volt", [2.0, 2.2, 2.5])
@pytest.mark.parametrize("series_ohm", [100.0, 1e3, 5e3, 2e4])
def test_ngspices_subcircuit_follows_a_runaway_behind_a_resistor(series_ohm, set_volt, need_engine):
    """SET, then RESET at -2 V: Newton's method with every helper a node of its own overshoots there most."""
    need_engine("ngspice")
    edges = (0.0, 1e-9, 2e-6, 2.001e-6, 2.1e-6, 2.101e-6, 4e-6)
    wave = Waveform(edges, (0.0, set_volt, set_volt, 0.0, 0.0, -2.0, -2.0))
    circuit = Circuit(
        resistors=(Resistor("r1", "in", "a", series_ohm),),
        sources=(Source("v1", "in", wave),),
        cells=(Cell("d0", "a", "0", CARD),),
    )
    times = np.linspace(0, 4e-6, 400)
    exact = simulator("native").run(Job(circuit, Transient(4e-6, 4e-9, 1e-6))).current_at("v1", times)
    found = Ngspice(compiled=False).run(Job(circuit, Transient(4e-6, 4e-8))).current_at("v1", times)
    assert np.abs(found - exact).max() < 3e-3 * np.abs(exact).max()
