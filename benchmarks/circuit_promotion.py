"""Which tiles of real networks does ``--circuit-tiles auto`` put into a circuit simulator, why, and does it matter?

For every network of a suite, at each read voltage, without and with the device's I-V curve in the operator: how many
tiles have outputs (currents of pairs, reference columns, and slices put together) that the operator misses by more than
each tolerance, and the largest error. The tile with the largest one is taken apart: ``curve``, what the operator misses
without wires; ``wires``, what is left where the curve is known: cells see less than the rows' voltage, and bend less.
A tile is judged as ``select_tiles`` does it, by the native engine and the strongest vectors of eight images, but once
for all four cases: inputs are clipped to their range with and without the curve.

    python benchmarks/circuit_promotion.py [SUITE.yaml] [--only NAME]    # the table
    python benchmarks/circuit_promotion.py [SUITE.yaml] --only NAME --run vacask --limit 20    # promoted tiles, run
    python benchmarks/circuit_promotion.py [SUITE.yaml] --only NAME --linear ngspice    # resistors, and the operator

``--only`` takes part of a network's name, or ``digits``, the embedded example.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evaluator.circuit import (
    CircuitRequest,
    CircuitTile,
    circuit_tile,
    logits,
    operator_error,
    tile_currents,
    with_circuits,
)
from evaluator.circuit._select import _LOOKED_AT, _PROBE_IMAGES, _telling  # the vectors that select_tiles takes
from evaluator.evaluation.compare import load_suite
from evaluator.evaluation_setup import EvaluationInputs, EvaluationSetup, prepare
from evaluator.hardware.activations import activations_of
from evaluator.hardware.programmed import Hardware
from evaluator.hardware.row_voltages import row_voltages
from evaluator.mapping.tiles import labelled_tiles, outputs_of
from evaluator.mapping.weights import WeightLayout
from evaluator.network.layer import Array
from evaluator.operators.arrays import ArrayPart
from evaluator.settings import HardwareConfig
from models_va import DeviceCard, Quantity
from netlists import Crossbar
from spicegen.devices.read_curve import ReadCurve, read_curve
from spicegen.files import beside
from spicegen.progress import track
from spicegen.simulate import REFERENCE, read_operator, simulator

ROOT = Path(__file__).resolve().parents[1]
CARD = "au-lixcoo2-pt"
TOLERANCES = (1e-2, 1e-3)
READ_VOLTAGES = (0.1, 0.5)
EXAMPLE = {"digits": (ROOT / "evaluator/example/digits_mlp.onnx", ROOT / "evaluator/example/digits.npz")}
OHMIC = DeviceCard(
    name="ohmic",
    title="a conductance",
    model="linear",
    source="Ohm",
    parameters={"g0": Quantity(value=1e-5, provenance="assumed")},
)


@dataclass(frozen=True, eq=False)
class Looked:
    """A tile, how its columns make outputs, and the vectors that it is judged with, shape (vectors, rows).

    Vectors are shares of the read voltage.
    """

    tile: CircuitTile
    layout: WeightLayout
    volts: Array


def networks(suite: Path) -> dict[str, tuple[Path, Path]]:
    """Model and data of each network by its name, the embedded example among them."""
    loaded, path = load_suite(suite)
    return EXAMPLE | {n.name: (Path(beside(path, n.model)), Path(beside(path, n.data))) for n in loaded.networks}


def setup_of(files: tuple[Path, Path], v_read_volt: float, limit: int, *, nonlinearity: bool) -> EvaluationSetup:
    """A network on 128 x 128 tiles with 1 ohm a segment and the card's programming error."""
    values = {"array.v_read_volt": str(v_read_volt), "errors.nonlinearity": str(nonlinearity).lower()}
    hardware = Hardware.of(CARD, HardwareConfig().with_values(values), seed=0)
    return prepare(EvaluationInputs(*files, hardware, limit, calibrated=True))


def looked_at(setup: EvaluationSetup, parts: Sequence[ArrayPart]) -> Iterator[Looked]:
    """Every tile."""
    v_read = setup.hardware.config.array.v_read_volt
    seen = activations_of(setup.network, setup.plans, setup.images[:_PROBE_IMAGES])
    for part, of_layer in zip(parts, seen, strict=True):
        volts = row_voltages(setup.network.graph, part, of_layer, v_read, _LOOKED_AT).volts / v_read
        for label, tile in labelled_tiles(part.plan, setup.hardware.config.array):
            circuit = circuit_tile(part, tile, label, setup)
            yield Looked(circuit, part.plan.target.layout, _telling(volts[tile.group][:, tile.inputs]))


def off(found: Array, wanted: Array) -> float:
    """The relative difference over everything."""
    scale = np.linalg.norm(wanted)
    return float(np.linalg.norm(found - wanted) / scale) if scale else 0.0


def errors_of(looked: Looked, curves: Mapping[float, ReadCurve]) -> list[float]:
    """At each read voltage the operator's error, without and with the curve."""
    volts = [looked.volts * v for v in curves]
    currents = np.split(tile_currents(looked.tile, np.concatenate(volts), simulator(REFERENCE)), len(volts))
    operator = read_operator(looked.tile.crossbar)
    return [
        off(outputs_of(i.T, looked.layout), outputs_of(operator @ driven.T, looked.layout))
        for i, v, curve in zip(currents, volts, curves.values(), strict=True)
        for driven in (v, curve(v))
    ]


def causes(looked: Looked, v_read_volt: float, curve: ReadCurve) -> list[float]:
    """Relative errors of a tile's outputs by curve and wires: see the module's text."""
    tile, v = looked.tile, looked.volts * v_read_volt
    wireless = replace(tile, crossbar=Crossbar(tile.crossbar.g_siemens, 0.0, 0.0))
    return [operator_error(wireless, looked.layout, v), operator_error(tile, looked.layout, v, curve)]


def lines(name: str, files: tuple[Path, Path]) -> Iterator[str]:
    """Of the table: one a read voltage."""
    started = time.perf_counter()
    setup = setup_of(files, READ_VOLTAGES[-1], 64, nonlinearity=True)
    curves = {v: read_curve(setup.hardware.card, v) for v in READ_VOLTAGES}
    looked = list(looked_at(setup, setup.parts(0)))
    errors = np.array([errors_of(x, curves) for x in looked])
    for k, (v, curve) in enumerate(curves.items()):
        cells = [f"{v:g}"]
        for of_case in errors.T[2 * k : 2 * k + 2]:
            cells += [f"{np.count_nonzero(of_case > t)}" for t in TOLERANCES] + [f"{of_case.max():.1e}"]
        worst = looked[int(errors[:, 2 * k + 1].argmax())]
        cells += [f"{x:.1e}" for x in causes(worst, v, curve)]
        shape = " x ".join(map(str, worst.tile.crossbar.g_siemens.shape))
        seconds = time.perf_counter() - started
        yield f"| {name} | {len(looked)} | {' | '.join(cells)} | {shape} | {seconds:.0f} |"


def table(chosen: dict[str, tuple[Path, Path]]) -> None:
    """How many tiles, and why."""
    case = "> 1e-2 | > 1e-3 | largest"
    print(f"| network | tiles | V | {case} | {case} | curve | wires | tile | s |\n|" + "---|" * 13)
    for name, files in chosen.items():
        for line in lines(name, files):
            print(line, flush=True)


def run_promoted(chosen: dict[str, tuple[Path, Path]], engine: str, limit: int) -> None:
    """What promoted tiles change in a network's output and accuracy, at the highest read voltage."""
    print("| network | curve in the operator | tiles | engine | images | operator | circuit | changed | logits | s |")
    print("|" + "---|" * 10)
    for name, files in chosen.items():
        for nonlinearity in (False, True):
            setup = setup_of(files, READ_VOLTAGES[-1], limit, nonlinearity=nonlinearity)
            parts, started = setup.parts(0), time.perf_counter()
            request = CircuitRequest("auto", TOLERANCES[0], engine)
            promoted, report = with_circuits(setup, parts, request, 1, None, track, print)
            plain, found = logits(setup, parts), logits(promoted, parts)
            accuracies = [f"{np.mean(y.argmax(1) == setup.labels):.1%}" for y in (plain, found)]
            changed = np.count_nonzero(plain.argmax(1) != found.argmax(1))
            print(
                f"| {name} | {'yes' if nonlinearity else 'no'} | {len(report.in_circuit)} of {len(report.choices)} "
                f"| {engine} | {len(plain)} | {' | '.join(accuracies)} | {changed} | {off(found, plain):.1e} "
                f"| {time.perf_counter() - started:.0f} |",
                flush=True,
            )


def linear(chosen: dict[str, tuple[Path, Path]], engine: str) -> None:
    """The largest tile of each network as resistors in a circuit simulator, against the operator."""
    print("| network | tile | engine | vectors | largest difference | s |\n|" + "---|" * 6)
    for name, files in chosen.items():
        setup = setup_of(files, READ_VOLTAGES[-1], 64, nonlinearity=False)
        looked = max(looked_at(setup, setup.parts(0)), key=lambda x: x.tile.crossbar.g_siemens.size)
        v, crossbar = looked.volts * READ_VOLTAGES[-1], looked.tile.crossbar
        started, wanted = time.perf_counter(), v @ read_operator(crossbar).T
        found = tile_currents(replace(looked.tile, card=OHMIC), v, simulator(engine))
        largest = np.abs(found - wanted).max() / np.abs(wanted).max()
        size, seconds = " x ".join(map(str, crossbar.g_siemens.shape)), time.perf_counter() - started
        print(f"| {name} | {size} | {engine} | {len(v)} | {largest:.1e} | {seconds:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Tiles that go to a circuit simulator, and why.")
    parser.add_argument("suite", type=Path, nargs="?", default=ROOT / "benchmarks/networks/all.yaml")
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--run", metavar="ENGINE")
    parser.add_argument("--linear", metavar="ENGINE")
    parser.add_argument("--limit", type=int, default=20)
    options = parser.parse_args()
    chosen = {n: files for n, files in networks(options.suite).items() if options.only.lower() in n.lower()}
    if options.run:
        run_promoted(chosen, options.run, options.limit)
    elif options.linear:
        linear(chosen, options.linear)
    else:
        table(chosen)


if __name__ == "__main__":
    main()
