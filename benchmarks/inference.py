"""Networks on arrays against plain onnxruntime: images per second as ratios of the same run, set-up, memory.

Plain is the original ONNX file (its batch made free where it is fixed) in float32, with onnxruntime's own settings, the
same images, batch and threads. The two take turns, and medians are compared: of CPU time with one thread, so that other
work on the machine counts little, of wall time with more. Every case is a process of its own, for its peak memory.

    python benchmarks/inference.py [--data DIR] [--only NAME] [--all] [--threads N]

``--data`` is a folder with the data sets and models/ (default: ../shared/data); ``--only`` takes part of a name, and
``--all`` all networks instead of the three with demands. The last table, set-up over tile size, is of ResNet-20.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from evaluator.evaluation_setup import EvaluationInputs, EvaluationSetup, prepare
from evaluator.hardware.programmed import Hardware
from evaluator.network.onnx_model import _BATCH_VALUES, load_network  # the batch is what evaluate() would take
from evaluator.settings import HardwareConfig

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CARD = "au-lixcoo2-pt"
DEMANDED = ("mnist_mlp_256x2_vnncomp", "cifar10_resnet20_crosssim_torch_bn", "imagenet_mobilenetv2_10_224_deq")
IMAGENET_STATISTICS = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
CIFAR10, FASHION = {"file": "cifar10_test2000"}, {"file": "fashion_mnist"}
NETWORKS: dict[str, dict[str, Any]] = {
    "mnist_mlp_256x2_vnncomp": {"file": "mnist"},
    "mnist_mlp_sigmoid6x200_eran": {"file": "mnist"},
    "mnist_cnn_avgpool_verivital": {"file": "mnist"},
    "mnist_cnn_cntk8_onnxzoo": {"file": "mnist", "scale": "raw"},
    "mnist_crosssim_cnn6": {"file": "mnist"},
    "fashion_mlp128_shahjahan": FASHION | {"mean": [0.5], "std": [0.5]},
    "fashion_cnn_edwin19": FASHION,
    "cifar10_resnet20_crosssim_torch_bn": CIFAR10 | IMAGENET_STATISTICS,
    "cifar10_resnet8_mlperftiny": CIFAR10 | {"scale": "raw"},
    "cifar10_cnn_small_marabou": CIFAR10,
    "cifar10_resnet2b_vnncomp": CIFAR10 | {"mean": [0.4914, 0.4822, 0.4465], "std": [0.2470, 0.2435, 0.2616]},
    "cifar100_micronet_v2_pruned15_bn": {
        "file": "cifar100_test2000",
        "mean": [0.5071, 0.4865, 0.4409],
        "std": [0.2673, 0.2564, 0.2762],
    },
    "imagenet_mobilenetv2_10_224_deq": {
        "file": "imagenet_val250_227",
        "scale": "raw",
        "resize": [224, 224],
        "mean": [128],
        "std": [128],
        "label_offset": 1,
    },
    "imagenet_squeezenet10_deepcompressed": {
        "file": "imagenet_val250_227",
        "scale": "raw",
        "channels": "BGR",
        "mean": [104, 117, 123],
    },
}
CONVERTERS = {"converters.dac_bits": "8", "converters.adc_bits": "8"}
NOISE = {"errors.read_noise": "0.05"}
CASES: dict[str, dict[str, str]] = {
    "errors, wires": {},
    "8-bit converters": CONVERTERS,
    "read noise 5 %": NOISE,
    "both": CONVERTERS | NOISE,
}
DEMANDS = {"errors, wires": 0.8, "8-bit converters": 0.1, "read noise 5 %": 0.1}
TILES = (32, 64, 128, 256)
SECONDS, FEWEST = 2.0, 5
"""Of the two in turns, for each of them: at least so long, and so often."""


@dataclass(frozen=True)
class Measured:
    """Of one network on one hardware.

    Attributes:
        plain, hardware: images per second; 0 where only the set-up was measured.
        batch: images at once.
        preparing, operators: seconds of wall time: loading, mapping and calibrating; programming and reading all tiles.
        operators_cpu: seconds of CPU time.
        megabytes: peak memory of the process.
    """

    plain: float
    hardware: float
    batch: int
    preparing: float
    operators: float
    operators_cpu: float
    megabytes: float


def setup_of(data: Path, name: str, settings: dict[str, str]) -> EvaluationSetup:
    config = HardwareConfig().with_values(settings) if settings else HardwareConfig()
    with TemporaryDirectory() as folder:
        description = NETWORKS[name] | {"file": str(data / f"{NETWORKS[name]['file']}.npz")}
        (Path(folder) / "data.yaml").write_text(json.dumps(description), encoding="utf-8")
        made = Hardware.of(CARD, config, 0)
        return prepare(EvaluationInputs(data / "models" / f"{name}.onnx", Path(folder) / "data.yaml", made))


def measure(data: Path, name: str, settings: dict[str, str], threads: int, runs: bool = True) -> Measured:
    """In a process of its own."""
    start = time.perf_counter()
    setup = setup_of(data, name, settings)
    preparing = time.perf_counter() - start
    start, cpu = time.perf_counter(), time.process_time()
    parts = setup.parts(0)
    operators, operators_cpu = time.perf_counter() - start, time.process_time() - cpu
    plain = hardware = 0.0
    batch = min(setup.network.batch, len(setup.images), max(1, _BATCH_VALUES // setup.images[0].size))
    if runs:
        images = setup.images[:batch].astype(np.float32)
        original = load_network(data / "models" / f"{name}.onnx").graph
        graphs = [g.model.SerializeToString() for g in (original, setup.on_arrays(parts).graph)]
        plain, hardware = (batch / s for s in in_turns([runner(g, images, threads) for g in graphs], threads))
    return Measured(plain, hardware, batch, preparing, operators, operators_cpu, peak_megabytes())


def runner(graph: bytes, images: NDArray[np.float32], threads: int) -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: images}
    return lambda: session.run(None, feeds)


def in_turns(actions: Sequence[Callable[[], object]], threads: int) -> list[float]:
    """Median seconds of each: first one, then the next, and again."""
    clock = time.process_time if threads == 1 else time.perf_counter
    spent: list[list[float]] = [[] for _ in actions]
    for action in actions:
        action()
    while min(map(len, spent)) < FEWEST or min(map(sum, spent)) < SECONDS:
        for times, action in zip(spent, actions, strict=True):
            start = clock()
            action()
            times.append(clock() - start)
    return [float(np.median(times)) for times in spent]


def peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")  # ru_maxrss would start at the parent's
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def alone(*arguments: Any) -> Measured:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, *arguments).result()


def speed(data: Path, names: Sequence[str], threads: int) -> None:
    print(f"Images per second over plain onnxruntime's, {threads} thread(s); set-up of the operators; peak memory")
    print("| network | batch | plain images/s | " + " | ".join(CASES) + " | preparing s | operators s (CPU) | MB |")
    print("|" + "---|" * (6 + len(CASES)))
    short = []
    for name in names:
        found = {case: alone(data, name, settings, threads) for case, settings in CASES.items()}
        ratios = {case: m.hardware / m.plain for case, m in found.items()}
        last = found["both"]
        cells = [name, f"{last.batch}", f"{np.median([m.plain for m in found.values()]):.0f}"]
        cells += [f"{r:.2f}" for r in ratios.values()]
        cells += [f"{last.preparing:.1f}", f"{last.operators:.1f} ({last.operators_cpu:.1f})"]
        print("| " + " | ".join([*cells, f"{max(m.megabytes for m in found.values()):.0f}"]) + " |", flush=True)
        short += [
            f"{name}: {c} {ratios[c]:.3f} < {d}" for c, d in DEMANDS.items() if name in DEMANDED and ratios[c] < d
        ]
    print("demands: " + ("; ".join(short) or "all met"))


def growth(data: Path, name: str) -> None:
    print(f"\nSet-up of {name} over tile size")
    print("| tile | operators s | CPU s | MB |\n|---|---|---|---|")
    for n in TILES:
        settings = {"array.rows": str(n), "array.columns": str(n)}
        m = alone(data, name, settings, 1, False)
        print(f"| {n} | {m.operators:.2f} | {m.operators_cpu:.2f} | {m.megabytes:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--only", default="")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    some = NETWORKS if given.all or given.only else DEMANDED
    names = [n for n in some if given.only in n]
    if not names:
        parser.error(f"--only {given.only}: there are {', '.join(NETWORKS)}")
    speed(given.data, names, given.threads)
    resnet = DEMANDED[1]
    if resnet in names:
        growth(given.data, resnet)


if __name__ == "__main__":
    main()
