"""Symbols for KiCad and Xschem: what a reader of the format finds in them, and text from outside."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_va import card_names, load_card
from spicegen.printers.render import render
from spicegen.printers.symbols import render_kicad_symbol, render_xschem_symbol
from tests.spicegen.lint.trap_models import linear_card

TOKEN = re.compile(r'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|([^\s()"]+))')


def expression(text):
    """An s-expression as nested lists; quoted strings without their escapes."""
    stack, place = [[]], 0
    while match := TOKEN.match(text, place):
        opening, closing, quoted, bare = match.groups()
        place = match.end()
        if opening:
            stack.append([])
        elif closing:
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
    assert text[place:].strip() == ""
    ((found,),) = stack
    return found


def of(kind, found):
    return [part for part in found if isinstance(part, list) and part[0] == kind]


@pytest.mark.parametrize("name", card_names())
def test_kicad_finds_the_subcircuit_and_its_pins(name):
    card = load_card(name)
    library = expression(render_kicad_symbol(card))
    assert library[0] == "kicad_symbol_lib"
    (symbol,) = of("symbol", library)
    properties = {p[1]: p[2] for p in of("property", symbol)}
    assert symbol[1] == properties["Value"] == properties["Sim.Name"] == card.identifier
    assert (properties["Sim.Device"], properties["Sim.Library"]) == ("SUBCKT", f"{card.identifier}.lib")
    assert properties["Sim.Pins"] == "1=te 2=be"
    values = dict(pair.split("=") for pair in properties["Sim.Params"].split())
    assert {k: float(v) for k, v in values.items()} == {
        s.initial: card.values[s.initial] for s in card.device_model.states
    }
    drawing, pins = of("symbol", symbol)
    assert (drawing[1], pins[1]) == (f"{card.identifier}_0_1", f"{card.identifier}_1_1")
    found = {of("name", pin)[0][1]: (of("number", pin)[0][1], of("at", pin)[0][1:3]) for pin in of("pin", pins)}
    assert found == {"te": ("1", ["0", "5.08"]), "be": ("2", ["0", "-5.08"])}


@given(
    title=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Cs"]), min_size=1, max_size=200)
)
def test_a_title_stays_in_its_property(title):
    card = linear_card().model_copy(update={"title": title})
    (symbol,) = of("symbol", expression(render_kicad_symbol(card)))
    properties = {p[1]: p[2] for p in of("property", symbol)}
    assert len(properties) == 10
    kept = "".join(c if " " <= c <= "~" else "?" for c in title).split()
    assert properties["Description"].replace(" ", "") == "".join(kept)
    assert title not in render_xschem_symbol(card) or title in render_xschem_symbol(linear_card())


@pytest.mark.parametrize("name", card_names())
def test_xschem_has_a_template_for_what_it_formats(name):
    card = load_card(name)
    text = render_xschem_symbol(card)
    assert text.count("{") == text.count("}")
    (form, *_), (template, *_) = (re.findall(rf'^{word}="(.*)"$', text, re.M) for word in ("format", "template"))
    given = dict(pair.split("=") for pair in template.split())
    assert set(re.findall(r"@(\w+)", form)) - {"pinlist"} == set(given)
    assert given["name"] == "X1"
    assert given["model"] == card.identifier
    assert re.findall(r"^B 5 .* \{name=(\w+) dir=inout\}$", text, re.M) == ["te", "be"]


def test_xschem_netlists_instances_of_both_kinds(tmp_path):
    """A subcircuit (X) and a compiled model (N); Xschem is not needed in CI."""
    if shutil.which("xschem") is None:
        pytest.skip("xschem is not here: apt-get install xschem")
    render(load_card("magic-vteam"), tmp_path, "xschem")
    (tmp_path / "rc").write_text(f"set XSCHEM_LIBRARY_PATH {{{tmp_path}}}\nset netlist_dir {{{tmp_path}}}\n")
    (tmp_path / "top.sch").write_text(
        "v {xschem version=2.9.9 file_version=1.2}\nG {}\nV {}\nS {}\nE {}\n"
        + "".join(f"N {x} {y} {x} {3 * y} {{}}\n" for x in (100, 300) for y in (-30, 30))
        + "C {magic_vteam.sym} 100 0 0 0 {name=X1 model=magic_vteam x_init=0.25}\n"
        "C {magic_vteam.sym} 300 0 0 0 {name=N2 model=dut x_init=0.5}\n"
    )
    command = ["xschem", "--rcfile", str(tmp_path / "rc"), "-n", "-s", "-q", "-x", "-r", str(tmp_path / "top.sch")]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    lines = (tmp_path / "top.spice").read_text().splitlines()
    assert "X1 net1 net2 magic_vteam x_init=0.25" in lines
    assert "N2 net3 net4 dut x_init=0.5" in lines
