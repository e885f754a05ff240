"""Programs of arrays: three simulators agree, schemes disturb as they should, lines float."""

import numpy as np
import pytest

from models_va import load_card
from netlists import ArrayProgram, Crossbar, Devices, read_voltages, row_read_voltages, write_voltages
from spicegen.arrays.program import run_array_program
from spicegen.printers.numpy_model import initial_conductances
from spicegen.simulate import Native, read_operator

CARD = load_card("au-lixcoo2-pt")


def mixed(rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    return Devices(CARD, (rows, columns), {"x_init": rng.uniform(0, 0.1, (rows, columns))})


def write_and_read(scheme, rows, columns):
    program = ArrayProgram(rows, columns)
    for n, volt in enumerate((-1.8, -1.8, 1.4)):
        program.pulse(write_voltages(scheme, rows, columns, n % rows, n % columns, volt), 10e-3)
        program.rest(2e-3)
    program.read(read_voltages(np.full(rows, 0.1), columns))
    program.read(row_read_voltages(rows, columns, 0, 0.1, floating=True))
    return program


@pytest.mark.parametrize("engine", ["ngspice", "ngspice (OSDI)", "vacask"])
@pytest.mark.parametrize(
    ("scheme", "size", "r_ohm", "c_farad"),
    [
        ("v/2", (1, 1), 1.0, 0.0),
        ("v/3", (3, 2), 0.0, 0.0),
        ("floating", (3, 3), 10.0, 0.0),
        ("v/2", (4, 4), 2e4, 0.0),  # devices of 8 uS: most of the supply is lost on the way
        ("grounded", (2, 3), 100.0, 1e-13),
    ],
)
def test_simulators_agree(engine, scheme, size, r_ohm, c_farad, need_engine):
    crossbar = Crossbar(np.zeros(size), r_ohm, r_ohm, r_source_ohm=r_ohm, c_row_farad=c_farad, c_col_farad=c_farad)
    program = write_and_read(scheme, *size)
    expected = run_array_program(crossbar, mixed(*size), program, Native())
    found = run_array_program(crossbar, mixed(*size), program, need_engine(engine))
    scale = np.abs(expected.i_column_amp).max()
    assert np.abs(found.i_column_amp - expected.i_column_amp).max() < 1e-3 * scale
    g_found, g_expected = (initial_conductances(CARD, r.devices.instance) for r in (found, expected))
    assert g_found == pytest.approx(g_expected, rel=1e-3)


def test_a_read_is_the_exact_operator_where_devices_are_linear():
    card = load_card("au-lixcoo2-pt").with_values({"v_io": 1e3})
    devices = Devices(card, (4, 3), {"x_init": np.random.default_rng(1).uniform(0, 0.1, (4, 3))})
    crossbar = Crossbar(initial_conductances(card, devices.instance), 20.0, 10.0, r_source_ohm=50.0)
    program = ArrayProgram(4, 3)
    v_in = np.array([0.1, 0.05, 0.0, 0.08])
    program.read(read_voltages(v_in, 3))
    found = run_array_program(crossbar, devices, program, Native())
    assert found.i_column_amp[0] == pytest.approx(read_operator(crossbar) @ v_in, rel=1e-4)


def test_schemes_disturb_half_selected_cells_as_their_voltages_say():
    """The selected cell rises most; with V/2 those on its lines move, the rest do not; with V/3 all move, but less."""
    changes = {}
    for scheme in ("v/2", "v/3"):
        program = ArrayProgram(3, 3)
        for _ in range(5):
            program.pulse(write_voltages(scheme, 3, 3, 1, 1, -2.0), 50e-3)
            program.rest(50e-3)
        devices = Devices(CARD, (3, 3), {})
        ends = run_array_program(Crossbar(np.zeros((3, 3)), 1.0, 1.0), devices, program, Native()).devices
        changes[scheme] = initial_conductances(CARD, ends.instance) / CARD.values["g0"] - 1
    half, third = changes["v/2"], changes["v/3"]
    assert half[1, 1] == pytest.approx(third[1, 1], rel=0.01)
    assert half[1, 1] > 5 * half[0, 1] > 0
    assert half[0, 1] > 2 * third[0, 1] > 0
    assert abs(half[0, 0]) < 1e-3 * half[0, 1]


def test_sneak_paths_feed_floating_lines():
    """Two by two: reading one cell with the other lines floating also reads the three others in series."""
    devices = Devices(CARD, (2, 2), {})
    program = ArrayProgram(2, 2)
    voltages = write_voltages("floating", 2, 2, 0, 0, 0.1)
    program.read(voltages)
    found = run_array_program(Crossbar(np.zeros((2, 2)), 0.0, 0.0), devices, program, Native())
    assert found.i_column_amp[0, 0] == pytest.approx(0.1 * CARD.values["g0"] * (1 + 1 / 3), rel=2e-3)
    assert found.i_column_amp[0, 1] == 0
