"""The generated .lib in ngspice and .va in VACASK against naive printing of the same equations.

CPU seconds of a device and an accepted time step in a passive array (1 ohm a segment, all rows driven, -1.5 V 10 ms
pulses), from runs that differ in nothing but the number of pulses, so that starting, compiling and reading the deck
cancel; their ratios; and how far the results lie apart. Naive: every definition expanded, one expression a branch.
"""

from __future__ import annotations

import dataclasses
import resource
from functools import cached_property

import numpy as np
import sympy

from models_va import BOLTZMANN, CONSTANTS, TEMPERATURE, VOLTAGE, DeviceCard, Model, load_card, load_model
from models_va.functions import pos
from netlists import Crossbar, Devices, Job, SpikeTrain, Transient, crossbar_circuit
from spicegen.printers import NgspicePrinter, render_verilog_a
from spicegen.printers.base import printed_params
from spicegen.simulate import Ngspice, SimResult, Simulator, Vacask
from spicegen.templating import render_template

SIZES = (2, 4, 8, 16)
REPEATS = 2
PULSES_OF_DEVICES = 400
"""Pulses times devices of a run, which has six pulses at least."""


class NaiveNgspice(Ngspice):
    """ngspice with a subcircuit of one B source a branch."""

    def files(self, job: Job) -> dict[str, str]:
        return {**super().files(job), **{f"{c.identifier}.lib": naive_subcircuit(c) for c in job.circuit.cards}}


class NaiveVacask(Vacask):
    """VACASK with a module without intermediate variables."""

    def files(self, job: Job) -> dict[str, str]:
        return {**super().files(job), **{f"{c.identifier}.va": naive_verilog_a(c) for c in job.circuit.cards}}


class ExpandedCard(DeviceCard):
    """A card whose model has its definitions written out wherever they are used."""

    @cached_property
    def device_model(self) -> Model:
        model = load_model(self.model)
        return dataclasses.replace(
            model,
            definitions=tuple(
                dataclasses.replace(d, expression=model.expanded(d.expression))
                for d in model.definitions
                if d.name == model.conductance
            ),
            states=tuple(dataclasses.replace(s, rate=model.expanded(s.rate)) for s in model.states),
            current=model.expanded(model.current),
            noise_psd=model.expanded(model.noise_psd),
        )


def naive_verilog_a(card: DeviceCard) -> str:
    return render_verilog_a(ExpandedCard.model_validate(card.model_dump()))


def naive_subcircuit(card: DeviceCard) -> str:
    model = ExpandedCard.model_validate(card.model_dump()).device_model
    kelvin = "(temper + 273.15)"
    names = {VOLTAGE: "V(te,be)", TEMPERATURE: kelvin}
    names |= {symbol: repr(value) for symbol, (_, value) in CONSTANTS.items()}
    names |= {p.symbol: f"({{{p.name}}})" for p in model.params}
    names |= {s.symbol: f"V(n_{s.name})" for s in model.states}
    show = NgspicePrinter(names)
    return render_template(
        "models_va/device.lib.j2",
        card=card,
        header=["naive"],
        parameters=[(p, repr(value)) for p, value in printed_params(card)],
        ranges=[],
        constants=[],
        voltage_node=False,
        helpers=[],
        temperature=kelvin,
        current=show(model.current),
        noise=show(sympy.sqrt(pos(model.noise_psd / (4 * BOLTZMANN * TEMPERATURE)))),
        states=[(s, show(s.rate)) for s in model.states],
    )


def array_job(card: DeviceCard, n: int, pulses: int) -> tuple[Job, np.ndarray]:
    """An n x n array under ``pulses`` pulses on every row, and the times of the reads."""
    train = SpikeTrain((-1.5,) * pulses, 10e-3, 13e-3)
    circuit = crossbar_circuit(Crossbar(np.zeros((n, n)), 1.0, 1.0), Devices(card, (n, n), {}))
    driven = [
        dataclasses.replace(s, waveform=train.waveform()) if s.name.startswith("vr") else s for s in circuit.sources
    ]
    circuit = dataclasses.replace(circuit, sources=tuple(driven))
    return Job(circuit, Transient(train.stop_s, train.width_s / 20), "subcircuit benchmark"), train.read_time_s


def cpu_seconds(engine: Simulator, job: Job) -> tuple[float, SimResult]:
    """CPU time of the simulator's processes, s, and the result."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = engine.run(job)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, result


def measure(engines: list[Simulator], card: DeviceCard, n: int) -> tuple[list[float], list[np.ndarray]]:
    """Microseconds a device and step in each engine, best of all repeats, and the currents read."""
    short, _ = array_job(card, n, 1)
    long, reads = array_job(card, n, max(6, PULSES_OF_DEVICES // n**2))
    seconds = np.full((2, len(engines)), np.inf)
    results: list[list[SimResult | None]] = [[None] * len(engines) for _ in range(2)]
    for _ in range(REPEATS):
        for k, engine in enumerate(engines):  # interleaved, so that other load falls on all alike
            for row, job in enumerate((short, long)):
                spent, results[row][k] = cpu_seconds(engine, job)
                seconds[row, k] = min(seconds[row, k], spent)
    steps = np.array([[len(r.time_s) for r in row] for row in results])
    cost = np.diff(seconds, axis=0)[0] / np.diff(steps, axis=0)[0] / n**2 * 1e6
    return cost.tolist(), [np.array([r.current_at(f"vb{j}", reads) for j in range(n)]) for r in results[1]]


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def main() -> None:
    card = load_card("au-lixcoo2-pt")
    engines = [Ngspice(3600.0), NaiveNgspice(3600.0), Vacask(3600.0), NaiveVacask(3600.0)]
    differences = "lib-naive | va-naive | lib-va"
    print(f"| devices | .lib us | naive us | ratio | .va us | naive us | ratio | .lib/.va | {differences} |")
    print("|" + "---|" * 11)
    costs = []
    for n in SIZES:
        (lib, lib_naive, va, va_naive), (i_lib, i_lib_naive, i_va, i_va_naive) = measure(engines, card, n)
        costs.append((lib, lib_naive, va, va_naive))
        print(
            f"| {n * n} | {lib:.1f} | {lib_naive:.1f} | {lib_naive / lib:.1f} | {va:.2f} | {va_naive:.2f} "
            f"| {va_naive / va:.1f} | {lib / va:.1f} | {difference(i_lib, i_lib_naive):.0e} "
            f"| {difference(i_va, i_va_naive):.0e} | {difference(i_lib, i_va):.0e} |",
            flush=True,
        )
    devices = np.log([n * n for n in SIZES])
    growth = [np.polyfit(devices, np.log([c[k] for c in costs]) + devices, 1)[0] for k in range(4)]
    print("growth of a step's cost with the number of devices, exponent: " + ", ".join(f"{g:.2f}" for g in growth))


if __name__ == "__main__":
    main()
