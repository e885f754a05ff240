"""Make the synthetic measurements beside this file: the shipped card on the native engine, with noise from a seed.

    python examples/measurements/generate.py examples/measurements

No device was measured. Each pulse is a few per cent wider or narrower than it should be, which makes cycles differ;
each read has noise; the numbers have six digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from models_va import ROOM_TEMPERATURE_K, load_card
from netlists import PulseProgram
from spicegen.devices.programming import program, sigma_of, stream
from spicegen.devices.source_meter import PulseRecord, run_program
from spicegen.simulate import simulator

Array = NDArray[np.float64]
CARD, SEED = "au-lixcoo2-pt", 1
SAID = f"# Synthetic: the card {CARD} in spicegen's native engine, noise from seed {SEED}; no device was measured.\n"
READ, ROOM = "# read_voltage_V: 0.1\n", f"# temperature_C: {ROOM_TEMPERATURE_K - 273.15:g}\n"
READ_NOISE, FLOOR_AMP = 0.005, 2e-10
WIDTH_NOISE = 0.05
PULSES, CYCLES, GAP_S = 25, 10, 10e-3
RETENTION_S = (1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
TEMPERATURES_K = (ROOM_TEMPERATURE_K, 330.0, 360.0)
TRAINS = {
    "pulses_1V_10ms": (-1.0, 0.8, 10e-3),
    "pulses_2V_10ms": (-2.0, 1.4, 10e-3),
    "pulses_1.5V_2ms": (-1.5, 1.1, 2e-3),
    "pulses_1.5V_50ms": (-1.5, 1.1, 50e-3),
}


def measured(p: PulseProgram, rng: np.random.Generator) -> PulseRecord:
    """What a source meter shows of a program on a fresh device."""
    record = run_program(load_card(CARD), p, simulator("native"))
    noise = rng.normal(size=(2, len(record.time_s)))
    current = record.current_amp * (1 + READ_NOISE * noise[0]) + FLOOR_AMP * noise[1]
    return PulseRecord(record.time_s, record.voltage_volt, current)


def pulse(p: PulseProgram, amplitude_volt: float, width_s: float, rng: np.random.Generator) -> None:
    """One pulse and the gap after it, with a read at its end."""
    p.spike(amplitude_volt, width_s * (1 + WIDTH_NOISE * rng.normal()))
    p.hold(GAP_S - p.read_s)
    p.read()


def write(path: Path, names: str, columns: Sequence[Array], comments: str = "") -> None:
    """A table with six digits."""
    rows = "".join(",".join(f"{x:.6g}" for x in row) + "\n" for row in zip(*columns, strict=True))
    path.write_text(f"{SAID}{comments}{names}\n{rows}", encoding="utf-8")


def iv_sweep(folder: Path, rng: np.random.Generator) -> None:
    """Three sweeps 0, -1.5, 0, +1, 0 V on one device, 50 mV every 10 ms."""
    p = PulseProgram()
    volts = np.concatenate([np.arange(-1, -31, -1), np.arange(-29, 21), np.arange(19, -1, -1)]) * 0.05
    for v in np.tile(volts, 3).tolist():
        p.ramp(v, 10e-3)
        p.sample()
    p.end_stage(10e-3)
    r = measured(p, rng)
    columns = [r.time_s, r.voltage_volt, r.current_amp * 1e6]
    write(folder / "iv_sweep.csv", "time_s,voltage_V,current_uA", columns, ROOM)


def cycles(folder: Path, rng: np.random.Generator) -> None:
    """Cycles of 25 + 25 pulses on one device, the paper's figure 2d again and again."""
    p = PulseProgram()
    amplitude = np.repeat([-1.5, 1.1], PULSES)
    for v in np.tile(amplitude, CYCLES).tolist():
        pulse(p, v, 10e-3, rng)
    p.end_stage(10e-3)
    g = measured(p, rng).conductance_siemens.reshape(CYCLES, -1) * 1e6
    names = ",".join(["amplitude_V", *(f"cycle{n}_uS" for n in range(1, CYCLES + 1))])
    write(folder / "cycles.csv", names, [amplitude, *g], f"# width_ms: 10\n# gap_ms: 10\n{READ}{ROOM}")


def trains(folder: Path, rng: np.random.Generator) -> None:
    """Trains of other amplitudes and widths, each on a fresh device, which is read first."""
    for name, (up_volt, down_volt, width_s) in TRAINS.items():
        p = PulseProgram()
        p.read()
        amplitude = np.repeat([up_volt, down_volt], PULSES)
        for v in amplitude.tolist():
            pulse(p, v, width_s, rng)
        p.end_stage(width_s)
        current = measured(p, rng).current_amp * 1e6
        columns = [np.concatenate([[0.0], amplitude]), np.full(len(current), width_s * 1e3), current]
        comments = f"# gap_ms: {GAP_S * 1e3:g}\n{READ}{ROOM}"
        write(folder / f"{name}.csv", "amplitude_V,width_ms,current_uA", columns, comments)


def retention(folder: Path, rng: np.random.Generator) -> None:
    """20 pulses of -2 V and 50 ms at room temperature, then 1000 s of rest, on a fresh device for each temperature."""
    found = []
    for temperature in TEMPERATURES_K:
        p = PulseProgram()
        p.train([-2.0] * 20, 50e-3, 0.33)
        p.end_stage(2.5e-3)
        p.relax(RETENTION_S, temperature)
        g = measured(p, rng).conductance_siemens[-len(RETENTION_S) :] * 1e6
        found.append(np.stack([RETENTION_S, g, np.full(len(g), temperature - 273.15)]))
    columns = np.concatenate(found, axis=1)
    write(folder / "retention.csv", "time_s,conductance_uS,temperature_C", list(columns), READ)


def write_verify(folder: Path, rng: np.random.Generator) -> None:
    """Ten devices at each of 25 states, with the card's sigma(G)."""
    card = load_card(CARD)
    target = np.repeat(np.linspace(*card.window(), 25), 10)
    achieved = program(target, sigma_of(card), rng)
    write(folder / "write_verify.csv", "target_uS,achieved_uS", [target * 1e6, achieved * 1e6])


def main(folder: Path) -> None:
    """Write all files into FOLDER."""
    for n, make in enumerate((iv_sweep, cycles, trains, retention, write_verify)):
        make(folder, stream(SEED, n))


if __name__ == "__main__":
    typer.run(main)
