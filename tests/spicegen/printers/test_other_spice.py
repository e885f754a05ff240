"""Subcircuits for Xyce and LTspice, which are not here: expressions in Python, layout read, all translated for ngspice.

The translators are the tests' own, and small: they know the two languages by their manuals and nothing of the printers.
"""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_va import card_names, load_card
from netlists import Cell, Circuit, Job, Source, Transient
from spicegen.printers import LtspicePrinter, XycePrinter, render_ltspice, render_xyce
from spicegen.simulate import simulator
from tests.spicegen.lint.trap_models import linear_card
from tests.spicegen.printers.expressions import ARGUMENTS, EXPRESSIONS, A, B, N, truth
from tests.spicegen.printers.ngspice_decks import Form, card_and_states, ngspice_programs, pwl_source
from tests.spicegen.printers.test_in_circuits import check_dc_sweep, evaluated, write_pulse

PRINTERS = (XycePrinter, LtspicePrinter)
CARDS = card_names()
FUNCTIONS = {
    "if_": lambda condition, value, other: value if condition else other,
    "sgn": lambda x: (x > 0) - (x < 0), "ln": math.log, "pow": math.pow, "min": min, "max": max, "abs": abs,
    **{name: getattr(math, name) for name in ("exp", "sinh", "cosh", "tanh", "sqrt")},
}  # fmt: skip
"""The functions of both manuals that devices use."""


def in_python(text):
    """An expression of either language as Python's: only if() has another name."""
    assert not re.search(r"[?^{}]|\*\*", text)
    return compile(re.sub(r"\bif\(", "if_(", text), text, "eval")


@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_equal_sympy(printer, name):
    code = in_python(printer({A: "a", B: "b", N: "n"})(EXPRESSIONS[name]))
    for arguments in ARGUMENTS:
        found = eval(code, FUNCTIONS | dict(zip("abn", arguments, strict=True)))
        assert found == pytest.approx(truth(EXPRESSIONS[name], arguments), rel=1e-12, abs=1e-99)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e3), st.sampled_from(["exp_lim", "sinh_lim", "cosh_lim", "pos", "step"]))
def test_limited_functions_equal_sympy_everywhere(a, b, name):
    for printer in PRINTERS:
        found = eval(in_python(printer({A: "a", B: "b"})(EXPRESSIONS[name])), FUNCTIONS | {"a": a, "b": b})
        assert found == pytest.approx(truth(EXPRESSIONS[name], (a, b, 0.0)), rel=1e-11, abs=1e-15)


def parsed(text):
    """Lines of a subcircuit without comments, continuation lines joined; and the names of its parameters."""
    body = re.sub(r"^\*.*\n", "", text, flags=re.MULTILINE)
    lines = body.replace("\n+", "").splitlines()
    return lines, set(re.findall(r"(\w+)=", lines[0])) | set(re.findall(r"^\.param (\w+)=", body, re.MULTILINE))


@pytest.mark.parametrize("name", [*CARDS, "lin"])
@pytest.mark.parametrize("render", [render_xyce, render_ltspice])
def test_only_what_both_simulators_know(render, name):
    card = linear_card() if name == "lin" else load_card(name)
    lines, _ = parsed(render(card))
    assert lines[0].startswith(f".subckt {card.identifier} te be params: ")
    assert lines[-1] == f".ends {card.identifier}"
    for line in lines[1:-1]:
        assert re.match(r"\.param \w+=\{[^{}]+\}$|[bgvrc]\w+ \w+ \w+ ", line), line
        assert not re.search(r"noisy|\btime\b|\.if|\?|\*\*|\^|temper\b|\bm=", line), line
    nodes = [line.split()[1:3] for line in lines[1:-1] if not line.startswith(".")]
    read = set(re.findall(r"V\((\w+)\)", " ".join(lines)))
    assert read <= {node for pair in nodes for node in pair}


@pytest.mark.parametrize("name", CARDS)
def test_in_xyce_expressions_are_in_braces_and_parameters_bare(name):
    lines, names = parsed(render_xyce(load_card(name)))
    assert not names & {"temp", "m", "time", "freq", "hertz", "vt", "temper", "gmin"}  # reserved there
    for line in (line for line in lines if line.startswith("b")):
        (expression,) = re.findall(r"i=\{([^{}]+)\}$", line)
        words = set(re.findall(r"(?<![\w.])[A-Za-z]\w*(?!\w*\()", re.sub(r"V\([\w,]+\)", "", expression)))
        assert words <= names | {"TEMP"}, words - names


@pytest.mark.parametrize("name", CARDS)
def test_in_ltspice_every_parameter_of_a_source_is_in_braces(name):
    lines, names = parsed(render_ltspice(load_card(name)))
    for line in (line for line in lines if line.startswith("b")):
        expression = line.partition(" i=")[2]
        assert set(re.findall(r"\{(\w+)\}", expression)) <= names | {"temp"}
        rest = re.sub(r"V\([\w,]+\)|\{\w+\}", "", expression)
        assert not set(re.findall(r"(?<![\w.])[A-Za-z]\w*", rest)) & names


def in_ngspice(text, xyce):
    """A subcircuit of either language as ngspice's."""
    text = re.sub(r"^\*.*\n", "", text, flags=re.MULTILINE)
    if xyce:
        _, names = parsed(text)
        known = "|".join(sorted(names, key=len, reverse=True))
        braced = re.compile(rf"(?<![\w.(])(?:{known})(?![\w(])|(?<=\()(?:{known})(?![\w(])")

        def bare(match):
            inside = re.sub(r"V\([\w,]+\)", lambda v: v[0].upper(), match[2])
            return match[1] + braced.sub(lambda m: f"({{{m[0]}}})", inside).replace("TEMP", "temper")

        text = re.sub(r"( i=)\{([^{}]+)\}", bare, text)
        text = text.replace(" q={c_par*V(te,be)}", " {c_par}")
    text = text.replace("{temp}", "temper")
    return re.sub(r"\bif\(", "ternary_fcn(", text).replace(" params:", "")


class Translated(Form):
    """A device for Xyce or LTspice in ngspice."""

    def prepare(self, card, folder):
        xyce = self.kind == "xyce"
        (folder / "device.lib").write_text(in_ngspice((render_xyce if xyce else render_ltspice)(card), xyce))
        return [".include device.lib"]

    def device(self, name, te, be, card, values=None, extra=""):
        return Form("lib", self.command).device(name, te, be, card, values, extra)

    def state(self, name, state):
        return Form("lib", self.command).state(name, state)


@pytest.fixture(params=["xyce", "ltspice"])
def form(request, need_engine):
    need_engine("ngspice")
    return Translated(request.param, next(iter(ngspice_programs())))


@pytest.mark.parametrize("name", CARDS)
def test_translated_states_are_held_and_currents_the_models(form, name, tmp_path):
    check_dc_sweep(form, name, tmp_path)


@pytest.mark.parametrize("name", CARDS)
def test_translated_transients_are_the_native_engines(form, name, tmp_path):
    card, states = card_and_states(name)
    wave, width = write_pulse(card)
    elements = [
        ".temp 37", pwl_source("v1", "a", wave), form.device("1", "a", "0", card, states, "dtemp=10"),
        pwl_source("v2", "b", wave), form.device("2", "b", "0", card, states, "frozen=1"),
    ]  # fmt: skip
    frozen = [form.state("2", s) for s in card.device_model.state_names]
    step = f"tran {width / 50!r} {2 * width!r} 0 {width / 50!r}"
    found = form.run(card, tmp_path, elements, [step], ["i(v1)", *frozen])
    circuit = Circuit(sources=(Source("v1", "a", wave),), cells=(Cell("d1", "a", "0", card, states),))
    native = simulator("native").run(Job(circuit, Transient(2 * width, width / 50, 1e-6), temperature_k=320.15))
    assert found["i(v1)"][-1] == pytest.approx(native.current_amp["v1"][-1], rel=1e-3)
    for vector, s in zip(frozen, card.device_model.states, strict=True):
        assert found[vector] == pytest.approx(states[s.initial], abs=1e-9)


def test_translated_capacitance_noise_and_parallel_devices(form, tmp_path):
    """LTspice's subcircuit has m as a parameter; Xyce multiplies what it finds in one, as no other simulator does."""
    card, states = card_and_states("magic-vteam")
    m = 3 if form.kind == "ltspice" else 1
    there = evaluated(card, states, [0.0])
    slope = m * there.di_dv[0]
    extra = f"c_par=2p dtemp=60 {'m=3' if m == 3 else ''}"
    elements = ["v1 in 0 dc 0 ac 1", form.device("1", "in", "out", card, states, extra), "rload out 0 1e-3 noisy=0"]
    found = form.run(card, tmp_path, elements, ["ac lin 1 1meg 1meg"], ["imag(i(v1))"])
    assert -found["imag(i(v1))"][0] == pytest.approx(2 * np.pi * 1e6 * m * 2e-12, rel=1e-3)
    noise = ["noise v(out) v1 dec 1 1 10", "setplot noise1"]
    found = form.run(card, tmp_path, elements, noise, ["onoise_spectrum"])
    expected = 4 * 1.380649e-23 * 360.15 * slope / (1e3 + slope) ** 2
    assert found["onoise_spectrum"] ** 2 == pytest.approx(expected, rel=1e-3, abs=0)


@pytest.mark.parametrize("render", [render_xyce, render_ltspice])
def test_the_header_says_that_it_was_not_run(render):
    text = render(load_card("magic-vteam"))
    assert re.search(r"\(written by the manual of (Xyce|LTspice), not run in it", text)
    assert "*   v_on: threshold of switching on, V\n" in text
