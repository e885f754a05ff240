"""Header cells: names, units, and what is said where they are not understood."""

import pytest

from spicegen.measurements.header import parse_cell
from spicegen.measurements.units import parse_unit


@pytest.mark.parametrize(
    ("cell", "quantity", "dimension", "factor"),
    [
        ("voltage_V", "voltage", "V", 1),
        ("Voltage (V)", "voltage", "V", 1),
        ("Voltage [mV]", "voltage", "V", 1e-3),
        ("V (V)", "voltage", "V", 1),
        ("V / mV", "voltage", "V", 1e-3),
        ("U [V]", "voltage", "V", 1),
        ("SMU-1 Voltage (V)", "voltage", "V", 1),
        ("CH1 Current (A)", "current", "A", 1),
        ("current_uA", "current", "A", 1e-6),
        ("I_A", "current", "A", 1),
        ("Current (\u00b5A)", "current", "A", 1e-6),
        ("Current (\u03bcA)", "current", "A", 1e-6),
        ("I [pA]", "current", "A", 1e-12),
        ("time_ms", "time", "s", 1e-3),
        ("t_h", "time", "s", 3600),
        ("T (min)", "time", "s", 60),
        ("Relative Time (s)", "time", "s", 1),
        ("conductance_uS", "conductance", "S", 1e-6),
        ("g_siemens", "conductance", "S", 1),
        ("resistance_kohm", "resistance", "ohm", 1e3),
        ("R (M\u03a9)", "resistance", "ohm", 1e6),
        ("R (\u2126)", "resistance", "ohm", 1),
        ("Pulse amplitude (V)", "amplitude", "V", 1),
        ("width_ms", "width", "s", 1e-3),
        ("gap_us", "gap", "s", 1e-6),
        ("period_ns", "period", "s", 1e-9),
        ("read_voltage_V", "read_voltage", "V", 1),
        ("Temperature (K)", "temperature", "K", 1),
        ("T_K", "temperature", "K", 1),
        ("target_uS", "target", "S", 1e-6),
        ("achieved_nA", "achieved", "A", 1e-9),
        ("G_actual (uS)", "achieved", "S", 1e-6),
        ("read_current_nA", "current", "A", 1e-9),
        ("G_measured (uS)", "conductance", "S", 1e-6),
        ("sigma_uS", "sigma", "S", 1e-6),
    ],
)
def test_names_and_units(cell, quantity, dimension, factor):
    found = parse_cell(cell)
    assert found.whole
    assert not found.problem
    assert (found.quantity, found.unit.dimension, found.unit.offset) == (quantity, dimension, 0)
    assert found.unit.factor == factor


@pytest.mark.parametrize(
    ("prefix", "power"), [("f", -15), ("p", -12), ("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3)]
)
def test_numbers_with_a_prefix_are_what_they_are_in_decimal(prefix, power):
    unit = parse_unit(f"{prefix}ohm")
    assert [unit.in_si(float(n)) for n in range(1, 1000)] == [float(f"{n}e{power}") for n in range(1, 1000)]


@pytest.mark.parametrize("unit", ["C", "\u00b0C", "degC", "deg C"])
def test_celsius(unit):
    assert parse_cell(f"Temperature ({unit})").unit.in_si(25.0) == 298.15


@pytest.mark.parametrize(
    ("cell", "cycle"), [("cycle1_uS", 1), ("Cycle 12 (nS)", 12), ("cycle_3_kohm", 3), ("cycle 4 [uA]", 4)]
)
def test_cycles(cell, cycle):
    found = parse_cell(cell)
    assert (found.quantity, found.cycle, found.whole) == ("cycle", cycle, True)


@pytest.mark.parametrize("cell", ["{}", "{} #", "{} no.", "{}_number", "{} (#)", "{}_index", "{} Nr"])
@pytest.mark.parametrize("what", ["pulse", "Cycle"])
def test_numbers_of_pulses_and_cycles_have_no_unit(cell, what):
    found = parse_cell(cell.format(what))
    assert (found.quantity, found.used, found.whole) == (f"{what.casefold()}_number", True, False)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("voltage", "no unit: expected V: write voltage_V, or"),
        ("v_read", "no unit: expected V: write read_voltage_V, or"),
        ("current_foo", "unit 'foo' is not known: expected A: write current_uA, or"),
        ("time_S", "a time in S: expected s: write time_s"),
        ("conductance_MS", "unit 'MS' is not known: expected S: write conductance_mS or conductance_S"),
        ("Current (MA)", "write current_mA or current_A"),
        ("V [MV]", "write voltage_mV or voltage_V"),
        ("time_MS", "write time_ms or time_s"),
        ("current_NA", "write current_nA or current_A"),
        ("R (KOhm)", "write resistance_kohm or resistance_ohm"),
        ("Voltage (mA)", "a voltage in mA: expected V"),
        ("cycle1_V", "a cycle in V: expected S or ohm or A: write cycle1_uS, or"),
    ],
)
def test_units_that_are_missing_or_wrong(cell, problem):
    found = parse_cell(cell)
    assert not found.whole
    assert problem in found.problem


@pytest.mark.parametrize(
    "cell", ["", "Puls", "n", "pulse (V)", "cycle_s", "SMU-2 Voltage (V)", "9" * 5000, "cycle" + "1" * 5000]
)
def test_what_is_no_quantity(cell):
    found = parse_cell(cell)
    assert not found.quantity
    assert not found.problem


@pytest.mark.parametrize("symbol", ["", "m", "sV", "mmV", "ms ", "uu", "V2", "V^2", "10**10", "Mmin"])
def test_units_are_not_guessed(symbol):
    assert (parse_unit(symbol).dimension == "") == (symbol != "ms ")
