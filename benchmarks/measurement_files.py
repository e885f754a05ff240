"""Measurement files of growing length: seconds and memory, beside numpy's own parser on the same file.

.venv/bin/python benchmarks/measurement_files.py          # to 10^7 rows: three minutes, 1.1 GB in /tmp meanwhile
"""

import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from spicegen.measurements import read_measurement

FORMS = ("points", "decimal commas", "a comment every 1000 rows", "quoted numbers")


def write(path, rows, form):
    """A sweep of so many rows."""
    separator = ";" if form == "decimal commas" else ","
    with path.open("w", encoding="utf-8") as file:
        file.write(separator.join(["time_s", "voltage_V", "current_A"]) + "\n")
        for first in range(0, rows, 1000):
            t = np.arange(first, first + 1000) * 1e-3
            v = np.sin(t / 100)
            lines = [(f"{a:.3f}", f"{b:.6f}", f"{1e-5 * b**3:.6e}") for a, b in zip(t, v, strict=True)]
            if form == "quoted numbers":
                lines = [[f'"{cell}"' for cell in line] for line in lines]
            text = "".join(separator.join(line) + "\n" for line in lines)
            file.write(text.replace(".", ",") if separator == ";" else text)
            if form == "a comment every 1000 rows":
                file.write("# remark\n")


def cost(reader, path):
    """Seconds and peak memory, GB, in a process of its own."""
    start = time.perf_counter()
    reader(path)
    return time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def by_numpy(path):
    """What any reader must do at least."""
    np.loadtxt(path, delimiter=",", skiprows=1)


def measured(reader, path):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return "{:6.1f} s {:5.2f} GB".format(*pool.submit(cost, reader, path).result())


def main(most):
    """Every form at every length."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.csv"
        for rows in (10**5, 10**6, 10**7):
            for form in FORMS if rows <= most else ():
                write(path, rows, form)
                line = f"{rows:>9} rows, {path.stat().st_size / 1e6:5.0f} MB, {form:26}"
                peer = f"   numpy.loadtxt {measured(by_numpy, path)}" if form == "points" else ""
                print(f"{line} {measured(read_measurement, path)}{peer}", flush=True)


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**7)
