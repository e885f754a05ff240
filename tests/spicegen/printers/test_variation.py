"""Corners and Monte Carlo: the sections in ngspice against the factors of device_to_device."""

import re
import subprocess

import numpy as np
import pytest
from typer.testing import CliRunner

from models_va import Quantity, dump_yaml, load_card
from models_va.errors import CardError
from spicegen.cli.main import app
from spicegen.devices.programming import differing
from spicegen.printers.render import render
from spicegen.printers.variation import render_spectre, spreads
from tests.spicegen.printers.ngspice_decks import LIMIT_S, ngspice_programs

SPREADS = {"r_on": 0.2, "r_off": 0.3}
DRAWS = 400


def card_with_spreads():
    spread = {name: Quantity(value=value, provenance="assumed", note="test") for name, value in SPREADS.items()}
    return load_card("magic-vteam").model_copy(update={"device_to_device": spread})


def resistances(folder, section, count, command):
    """Resistance of devices in the on and in the off state by turns, in the order of the deck, ohm."""
    lines = [f"v{k} a{k} 0 0.1\nx{k} a{k} 0 magic_vteam_varied x_init={k % 2}" for k in range(count)]
    writes = [f"wrdata out{k}.txt i(v{k})" for k in range(count)]  # a line of all of them would be cut off
    deck = ["deck", ".include magic_vteam.lib", f".lib magic_vteam.corners.lib {section}", ".options seed=7", *lines]
    deck += [".control", "set numdgt=15", "op", *writes, "quit 0", ".endc", ".end", ""]
    (folder / "deck.cir").write_text("\n".join(deck))
    done = subprocess.run([*command, "-b", "deck.cir"], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S)
    assert (folder / f"out{count - 1}.txt").is_file(), done.stdout + done.stderr
    return np.array([-0.1 / float((folder / f"out{k}.txt").read_text().split()[1]) for k in range(count)])


@pytest.fixture
def commands(need_engine):
    need_engine("ngspice")
    return list(ngspice_programs())


def test_corners_are_three_deviations_of_all_parameters_at_once(tmp_path, commands):
    card = card_with_spreads()
    render(card, tmp_path)
    nominal = np.array([card.values["r_on"], card.values["r_off"]])
    variance = np.log1p(np.array([0.2, 0.3]) ** 2)
    for command in commands:
        for section, side in (("tt", None), ("low", 1), ("high", -1)):
            factor = 1.0 if side is None else np.exp(-variance / 2 + side * 3 * np.sqrt(variance))
            assert resistances(tmp_path, section, 2, command) == pytest.approx(nominal * factor, rel=1e-5)


def test_monte_carlo_draws_as_the_arrays_do(tmp_path, commands):
    """Mean and spread of the logarithm within four standard errors of the closed form, as our own draws are."""
    card = card_with_spreads()
    render(card, tmp_path, "corners"), render(card, tmp_path, "ngspice")
    own = differing(card, (DRAWS,), 5)
    for command in commands:
        r = resistances(tmp_path, "mc", 2 * DRAWS, command)
        assert np.array_equal(r, resistances(tmp_path, "mc", 2 * DRAWS, command))
        for start, name in enumerate(("r_on", "r_off")):
            variance = np.log1p(SPREADS[name] ** 2)
            for drawn in (r[start::2], own[name]):
                logarithm = np.log(drawn / card.values[name])
                assert logarithm.mean() == pytest.approx(-variance / 2, abs=4 * np.sqrt(variance / DRAWS))
                assert logarithm.std() == pytest.approx(np.sqrt(variance), rel=4 / np.sqrt(2 * DRAWS))
        assert abs(np.corrcoef(np.log(r[0::2]), np.log(r[1::2]))[0, 1]) < 4 / np.sqrt(DRAWS)


@pytest.mark.parametrize(
    ("name", "parameter", "sign"),
    [
        ("magic-vteam", "r_off", -1),
        ("au-lixcoo2-pt", "g0", 1),
        ("rram-stanford-pku", "i0", 1),
        ("wo3-liclo4", "g_max", 1),
    ],
)
def test_high_is_a_higher_conductance(name, parameter, sign):
    spread = {parameter: Quantity(value=0.1, provenance="assumed", note="test")}
    (found,) = spreads(load_card(name).model_copy(update={"device_to_device": spread}))
    assert found.sign == sign
    assert (found.corner(1) > 1) == (sign > 0)


def test_spectre_varies_every_spread(tmp_path):
    text = render_spectre(card_with_spreads())
    block = text[text.index("statistics {") :]
    assert re.findall(r"vary (\w+) dist=gauss std=1", block) == ["normal_r_on", "normal_r_off"]
    for section in ("tt", "low", "high", "mc"):
        assert text.count(f"section {section}\n") == 2
    assert "r_on=r_on*exp(" in block


def test_a_card_without_spreads_has_no_corners(tmp_path):
    card = load_card("magic-vteam")
    assert not [p for p in render(card, tmp_path) if p.suffix == ".scs" or "corners" in p.name]
    with pytest.raises(CardError, match="card magic-vteam: has no device_to_device: corners need the spreads"):
        render(card, tmp_path, "corners")


def test_a_card_with_spreads_is_rendered_whole(tmp_path):
    (tmp_path / "card.yaml").write_text(dump_yaml(card_with_spreads().model_dump(mode="json", exclude_none=True)))
    found = CliRunner().invoke(app, ["render", str(tmp_path / "card.yaml"), "-o", str(tmp_path)])
    assert found.exit_code == 0
    assert {line.rpartition("magic_vteam.")[2] for line in found.stdout.split()} == {
        "va", "lib", "xyce.lib", "ltspice.lib", "kicad_sym", "sym", "corners.lib", "scs",
    }  # fmt: skip
