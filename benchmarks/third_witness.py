"""The generated .va in vajax, a simulator with a Verilog-A front end of its own, for every shipped card.

    pip install --target FOLDER vajax && python benchmarks/third_witness.py FOLDER

A read, a write pulse and a read behind a resistor, from states that are not zero: the first current against the
model's, all of them against the native engine's. The small-signal voltage against the model's slope.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from models_va import card_names, load_card
from netlists import Cell, Circuit, Job, Resistor, Source, Transient, Waveform
from spicegen.printers import render_verilog_a
from spicegen.printers.numpy_model import numpy_model
from spicegen.simulate import simulator

WORKER = Path(__file__).with_name("vajax_worker.py")
ROOM_K = 300.15
READ, BIAS = 0.1, 0.5
TIMES = np.array([0.0, 0.2, 0.3, 1.3, 1.4, 2.0])
SAMPLES = np.array([0.0, 0.1, 0.19, 0.8, 1.25, 1.45, 1.7, 1.99])
"""Corners of the waveform, and times at which currents are compared; both in widths of the write pulse."""


class Device:
    """A card in states of its own, behind a resistor of a tenth of its resistance."""

    def __init__(self, name, rng):
        self.card = load_card(name)
        model = self.card.device_model
        self.states = {s.initial: float(rng.uniform(0.05, 0.4)) for s in model.states}
        self.r_ohm = float(0.1 / self.evaluated(BIAS).di_dv[0])
        pulse = self.card.write_pulse
        v, self.width_s = (pulse.amplitude_p_volt.value, pulse.width_s.value) if pulse else (-1.5, 10e-3)
        self.wave = Waveform(tuple((TIMES * self.width_s).tolist()), (READ, READ, v, v, READ, READ))

    def evaluated(self, v_volt):
        """The model at a voltage."""
        x = np.array([[self.states[s.initial] for s in self.card.device_model.states]])
        return numpy_model(self.card.device_model).evaluate(np.array([v_volt]), x, self.card.values, ROOM_K)

    def tasks(self, folder):
        """The tasks of the worker, an AC analysis and a transient; the model is written to ``folder``."""
        name, width = self.card.identifier, self.width_s
        (folder / f"{name}.va").write_text(render_verilog_a(self.card))
        given = " ".join(f"{k}={v!r}" for k, v in self.states.items())
        points = ", ".join(f"{t!r}, {v!r}" for t, v in zip(self.wave.time_s, self.wave.value_volt, strict=True))
        head = f'deck\nload "{name}.osdi"\nload "resistor.osdi"\nmodel v vsource\nmodel r resistor\nmodel dut {name}\n'
        sources = {"ac": f"v dc={BIAS} mag=1", "tran": f'v dc={READ} type="pwl" wave=[{points}]'}
        analyses = {
            "ac": 'ac from=0.01 to=1e4 mode="dec" points=1',
            "tran": f"tran step={width / 50!r} stop={2 * width!r} maxstep={width / 50!r}",
        }
        for kind, source in sources.items():
            deck = f"{head}ground 0\nv1 (a 0) {source}\nr1 (a b) r r={self.r_ohm!r}\nx1 (b 0) dut {given}\ncontrol\n"
            deck += f"  options reltol=1e-6 vntol=1e-9 abstol=1e-15\n  analysis {kind}1 {analyses[kind]}\nendc\n"
            times = {"stop": 2 * width, "step": width / 50} if kind == "tran" else {}
            yield {"name": f"{name} {kind}", "module": name, "folder": str(folder), "deck": deck, **times}

    def small_signal_error(self, real, imag):
        """Largest error of the voltage at the device, relative."""
        v = brentq(lambda v: self.evaluated(v).current[0] - (BIAS - v) / self.r_ohm, 0.0, BIAS, xtol=1e-15)
        expected = 1 / (1 + self.r_ohm * self.evaluated(v).di_dv[0])
        return np.abs((np.array(real) + 1j * np.array(imag)) / expected - 1).max()

    def current_errors(self, time_s, v_volt):
        """Error of the first current against the model's, and the largest against the native engine's, relative."""
        circuit = Circuit(
            sources=(Source("v1", "a", self.wave),),
            resistors=(Resistor("r1", "a", "b", self.r_ohm),),
            cells=(Cell("d1", "b", "0", self.card, self.states),),
        )
        native = simulator("native").run(Job(circuit, Transient(2 * self.width_s, self.width_s / 50, 1e-6)))
        at = SAMPLES * self.width_s
        there, ours = (
            (self.wave.at(at) - np.interp(at, t, v)) / self.r_ohm
            for t, v in ((time_s, v_volt), (native.time_s, native.voltage_volt["b"]))
        )
        first = self.evaluated(READ - there[0] * self.r_ohm).current[0]
        return abs(there[0] / first - 1), np.abs(there / ours - 1).max()


def main(library):
    rng = np.random.default_rng(5)
    devices = [Device(name, rng) for name in card_names()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tasks, results = folder / "tasks.json", folder / "results.json"
        tasks.write_text(json.dumps([task for device in devices for task in device.tasks(folder)]))
        subprocess.run(
            [sys.executable, str(WORKER), library, str(tasks), str(results)], check=True, capture_output=True
        )
        found = json.loads(results.read_text())
    print("| card | AC, 10 mHz to 10 kHz | first current | currents, from native |")
    print("|---|---|---|---|")
    for device in devices:
        name = device.card.identifier
        first, all_of_them = device.current_errors(*found[f"{name} tran"])
        small = device.small_signal_error(*found[f"{name} ac"][1:])
        print(f"| {device.card.name} | {small:.0e} | {first:.0e} | {all_of_them:.0e} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
