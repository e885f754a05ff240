"""The generated Verilog-A and subcircuits: what the text must hold, and what simulators find in it.

The rules for Verilog-A have their own tests, test_va_rules.py.
"""

import re
import subprocess
import sys

import numpy as np
import pytest

from models_va import card_names, load_card
from netlists import Cell, Circuit, Job, ReadVectors, Source, Transient, Waveform
from spicegen.printers import render_subcircuit, render_verilog_a
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate import Ngspice, SimulationError
from spicegen.simulate.openvaf import compile_warnings
from tests.spicegen.lint.trap_models import linear_card

CARDS = card_names()


def test_a_text_that_does_not_compile_is_one_line_with_its_place(need_engine):
    need_engine("vacask")
    text = render_verilog_a(linear_card()).replace("V(te, be);", "V(te, be)", 1)
    place = text[: text.index("V(te, be)")].count("\n") + 2
    with pytest.raises(SimulationError, match=rf"openvaf-r: lin\.va:{place}:\d+: unexpected token .*expected ';'$"):
        compile_warnings(text, "lin")


def test_text_from_outside_stays_inside_comments():
    card = linear_card(title="nice\\ `include `P_K */ .control \u2028shell rm é")
    va, lib = render_verilog_a(card), render_subcircuit(card)
    for text, sign in ((va, "//"), (lib, "*")):
        lines = [line for line in text.splitlines() if "shell" in line]
        assert len(lines) == 1
        assert lines[0].startswith(sign)
        assert text.isascii()


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("engine", ["ngspice", "vacask"])
def test_static_current_in_every_state_is_the_models(name, engine, need_engine):
    """The operating point gives exactly the initial state under any bias, and the model's current.

    Each device has its own values of all that may vary from device to device: none may keep the card's.
    """
    card = load_card(name)
    model = card.device_model
    rng = np.random.default_rng(7)
    states = rng.uniform(0, 0.2, (3, len(model.states)))
    varied = {p.name for p in model.params if p.per_instance} - {s.initial for s in model.states}
    instances = [
        {s.initial: float(x) for s, x in zip(model.states, row, strict=True)}
        | {name: card.values[name] * (1 + 0.3 * k) for name in varied}
        for k, row in enumerate(states)
    ]
    wave = Waveform.constant(0.0)
    circuit = Circuit(
        sources=tuple(Source(f"v{k}", f"n{k}", wave) for k in range(3)),
        cells=tuple(Cell(f"d{k}", f"n{k}", "0", card, instance) for k, instance in enumerate(instances)),
    )
    volts = np.array([[0.1] * 3, [-1.5] * 3, [1.1] * 3, [-5.0] * 3, [5.0] * 3, [0.0] * 3])
    result = need_engine(engine).run(Job(circuit, ReadVectors(volts)))
    for k, row in enumerate(states):
        x = np.tile(row, (len(volts), 1))
        expected = numpy_model(model).current(volts[:, k], x, {**card.values, **instances[k]}, 300.15)
        assert -result.current_amp[f"v{k}"] == pytest.approx(expected, rel=1e-8, abs=1e-18)
        for s, value in zip(model.state_names, row, strict=True):
            assert result.state[f"d{k}.{s}"] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    "stimulus", [ReadVectors(np.array([[0.1]])), Transient(1e-3, 1e-4)], ids=["reads", "transient"]
)
def test_every_ngspice_deck_has_klu_or_sets_the_pivots(stimulus):
    """Without them ngspice's own solver fills up in arrays."""
    circuit = Circuit(
        sources=(Source("v1", "a", Waveform.constant(0.1)),), cells=(Cell("d0", "a", "0", linear_card()),)
    )
    engine = Ngspice()
    wanted = "klu" if "KLU" in engine.available().capabilities else "pivrel=1e-9 pivtol=1e-20"
    deck = engine.files(Job(circuit, stimulus))["deck.cir"]
    assert re.search(rf"^\.options {wanted} ", deck, re.MULTILINE)


@pytest.mark.parametrize("name", CARDS)
def test_subcircuits_hold_states_and_nest_nothing(name):
    card = load_card(name)
    text = render_subcircuit(card)
    code = re.sub(r"^\*.*|;.*", "", text, flags=re.MULTILINE)
    assert not re.search(r"^\.(func|ic)|\buic\b|\btime\b", code, re.MULTILINE)
    for state in card.device_model.states:
        hold = rf"^bs_{state.name} 0 n_{state.name} i=V\(running\) \? .* : \{{{state.initial}\}} - V\(n_{state.name}\)$"
        assert re.search(hold, text, re.MULTILINE)
        assert f"\ncs_{state.name} n_{state.name} 0 1 ic={{{state.initial}}}\n" in text
    nodes = re.findall(r"^b\w+ 0 (\w+)", text, re.MULTILINE)
    assert len(nodes) == len(set(nodes))
    sources = [line for line in text.splitlines() if line.startswith("b")]
    assert sum("V(te,be)" in line for line in sources) <= 1


def test_ngspice_noise_is_nyquists(tmp_path, need_engine):
    """4 k T G through 1 ohm, against the closed form; temperature 27 C."""
    need_engine("ngspice")
    g = 2e-6
    (tmp_path / "lin.lib").write_text(render_subcircuit(linear_card(g)))
    deck = ["noise", ".include lin.lib", "v1 in 0 dc 0 ac 1", "x1 in out lin", "rload out 0 1 noisy=0"]
    (tmp_path / "deck.cir").write_text("\n".join([*deck, ".end", ""]))
    script = (
        "import os, sys; os.chdir(sys.argv[1])\n"
        "from spicegen.simulate._ngspice_worker import _load_library\n"
        "s = _load_library(); s.load_circuit(open('deck.cir').read())\n"
        "s.exec_command('noise v(out) v1 dec 1 1 10'); s.exec_command('setplot noise1')\n"
        "print(float(s.plot(None, 'noise1')['onoise_spectrum']._data[0]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    density = float(done.stdout.splitlines()[-1])  # V/sqrt(Hz)
    assert density**2 == pytest.approx(4 * 1.380649e-23 * 300.15 * g, rel=1e-3, abs=0)


def test_a_state_decayed_to_a_denormal_number_does_not_stop_vacask(need_engine):
    """Twelve seconds after a spike activation is about 1e-320: its powers' derivatives must stay numbers."""
    wave = Waveform((0.0, 1e-5, 0.05, 0.05001, 12.0), (0.0, -2.0, -2.0, 0.0, 0.0))
    cell = Cell("d0", "te", "0", load_card("au-lixcoo2-pt"))
    circuit = Circuit(sources=(Source("v1", "te", wave),), cells=(cell,))
    result = need_engine("vacask").run(Job(circuit, Transient(12.0, 0.02, 1e-5)))
    assert result.time_s[-1] == pytest.approx(12.0)
    assert abs(result.state["d0.act"][-1]) < 1e-300
