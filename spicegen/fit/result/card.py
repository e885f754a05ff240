"""The card of a fitted device: values with their uncertainties, and further facts from the measurements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from models_va import (
    ROOM_TEMPERATURE_K,
    ConductanceWindow,
    Covariance,
    DeviceCard,
    FitRecord,
    MeasuredFile,
    ProgrammingError,
    Quantity,
    WritePulse,
)
from models_va.errors import CardError
from spicegen import __version__
from spicegen.devices.memory_state import memory
from spicegen.files import printable
from spicegen.fit.model_fit import MeasuredFit
from spicegen.fit.replay.run import ModelDevice, Replay
from spicegen.fit.solve.digits import DIGITS, rounded
from spicegen.measurements import Measurement, Pulses
from spicegen.printers.numpy_model import initial_conductances

Array = NDArray[np.float64]

_LONGEST_NAME = 64
_WINDOW_DIGITS = 6
"""Significant digits of the ends of a window, which may be the ends of the device's reach: see
``spicegen.devices.memory_state.ROUNDING``."""


def card_name(stem: str) -> str:
    """Card name made of a file's name: ``My Device 2`` becomes ``my-device-2``.

    Raises:
        CardError: the name is a word of one of the printed languages.
    """
    name = re.sub(r"[^a-z0-9_.-]+", "-", stem.lower()).strip("-.")
    return _checked((name if re.match(r"[a-z]", name) else f"device-{name}")[:_LONGEST_NAME].rstrip("-."))


def _checked(name: str) -> str:
    try:
        DeviceCard(name=name, title="", model="", source="")
    except ValidationError as error:
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise CardError(f"card name {name!r}, from its file's: {problem}") from error
    return name


def fixed_by_data(found: MeasuredFit) -> tuple[int, int]:
    """Number of the model's parameters that the data fix, and number of those that were fitted."""
    fixed = found.solution.is_fixed[found.own]
    return int(fixed.sum()), len(fixed)


def fitted_card(
    found: MeasuredFit, measurements: Sequence[Measurement], error: ProgrammingError | None, name: str
) -> DeviceCard:
    """Device card of a fitted model.

    Window and write pulse are on it as far as the measurements show them.

    Args:
        found: the fit.
        measurements: all measurements, those of write-verify included.
        error: the programming error; None if no file shows it.
        name: name of the card.

    Raises:
        CardError: the name cannot be that of a card.
    """
    files = ", ".join(m.origin.name for m in measurements)
    fixed, fitted = fixed_by_data(found)
    turned = "; te is the be of these measurements, and be their te: connect it so" if found.turned else ""
    card = DeviceCard(
        name=_checked(name),
        title=f"{name}: {found.model.title}, fitted to measurements that fix {fixed} of {fitted} parameters{turned}",
        model=found.model.name,
        source=f"spicegen {__version__} fit of {files}",
        parameters=_parameters(found),
        programming_error=error,
        write_pulse=_write_pulse(measurements, found.turned),
        fit=_record(found, measurements),
    )
    return card.model_copy(update={"conductance_window": _window(card, found)})


def _parameters(found: MeasuredFit) -> dict[str, Quantity]:
    s = found.solution
    fitted = {f.name: n for n, f in enumerate(s.free)}
    result: dict[str, Quantity] = {}
    for p, value in zip(found.model.params, found.values, strict=True):
        if p.name in fitted:
            n = fitted[p.name]
            note = "" if s.is_fixed[n] else "the data do not fix it"
            result[p.name] = Quantity(
                value=_inside(p.lower, p.upper, rounded(float(value), DIGITS), float(value)),
                uncertainty=s.uncertainty(n),
                provenance="fitted",
                note=note,
            )
        elif value != p.default:
            result[p.name] = Quantity(value=float(value), provenance="assumed", note=f"held: {found.held[p.name]}")
    if found.model.memory is not None:
        state = found.model.states[found.model.state_names.index(found.model.memory)]
        replay, x = _first_seen(found)
        result[state.initial] = Quantity(
            value=_inside(state.lower, state.upper, rounded(x, DIGITS), x),
            provenance="fitted",
            note=f"the conductance that {replay.name} begins with",
        )
    return result


def _first_seen(found: MeasuredFit) -> tuple[Replay, float]:
    """The train that begins with the lowest conductance, or else the first file, and the memory state there."""
    trains = [replay for replay in found.replays if isinstance(replay.measurement, Pulses)]
    replay = min(trains, key=lambda replay: float(replay.observed[0])) if trains else found.replays[0]
    return replay, float(replay.memory_at_start([ModelDevice.fresh(found.model, found.values, found.turned)])[0])


def _inside(lower: float, upper: float, short: float, exact: float) -> float:
    return short if lower < short < upper else exact


def _window(card: DeviceCard, found: MeasuredFit) -> ConductanceWindow | None:
    """Conductance window from the lowest to the highest conductance that the fitted device had in the measurements.

    A read shows I/V at its voltage and temperature, and a memory state; the window is of these states where mappings
    are: at v = 0 and room temperature.
    """
    replays = [replay for replay in found.replays if isinstance(replay.measurement, Pulses)] or found.replays
    note = "conductance measured"
    if found.model.memory is None:
        had = np.concatenate([replay.g_siemens for replay in replays])
    else:
        fresh = ModelDevice.fresh(found.model, found.values, found.turned)
        shown = np.concatenate([replay.memory_shown([fresh], replay.conducting)[0] for replay in replays])
        had = initial_conductances(card, {memory(card).initial: shown})
        note = f"conductance, at v = 0 and {ROOM_TEMPERATURE_K:g} K, of the memory states that were read"
    if not had.min() < had.max():
        return None
    low, high = (
        Quantity(value=rounded(float(end), _WINDOW_DIGITS), provenance="measured", note=f"the {which} {note}")
        for end, which in ((had.min(), "lowest"), (had.max(), "highest"))
    )
    return ConductanceWindow(g_min_siemens=low, g_max_siemens=high)


def _write_pulse(measurements: Sequence[Measurement], turned: bool) -> WritePulse | None:
    """Write pulse of the file with the most pulses in both directions; of several such files, the first by name."""
    sign = -1.0 if turned else 1.0
    trains = [m for m in measurements if isinstance(m, Pulses)]
    for m in sorted(trains, key=lambda m: (-m.g_siemens.size, m.origin.name)):
        if not {1, -1} <= set(m.direction.tolist()):
            continue
        amplitudes = [sign * float(np.median(m.amplitude_volt[m.direction == d])) for d in (1, -1)]
        if amplitudes[0] * amplitudes[1] < 0:
            width = float(np.median(m.width_s[m.direction != 0]))
            note = f"{m.origin.name}, te and be exchanged" if turned else m.origin.name
            up, down, long = (Quantity(value=v, provenance="measured", note=note) for v in (*amplitudes, width))
            return WritePulse(amplitude_p_volt=up, amplitude_d_volt=down, width_s=long)
    return None


def _record(found: MeasuredFit, measurements: Sequence[Measurement]) -> FitRecord:
    files = tuple(MeasuredFile(name=_file(m), sha256=m.origin.sha256, error=_error(found, m)) for m in measurements)
    s, own = found.solution, found.own
    scale = np.array([1.0 if s.free[n].scale == "log" else s.free[n].std(1.0, 1.0) for n in own])
    covariance = s.covariance[np.ix_(own, own)] * np.outer(scale, scale)
    covered = _covered(found)
    return FitRecord(
        program=f"spicegen {__version__}, {found.model.name} {found.model.version}",
        seed=found.seed,
        files=files,
        turned=found.turned,
        valid_from={k: float(np.min(v)) for k, v in covered.items()},
        valid_to={k: float(np.max(v)) for k, v in covered.items()},
        covariance=Covariance(
            names=tuple(s.free[n].name for n in own),
            logarithmic=tuple(s.free[n].scale == "log" for n in own),
            values=tuple(map(tuple, covariance.tolist())),  # not rounded, as the best fixed would be lost
        ),
    )


def _file(m: Measurement) -> str:
    """Name of a measurement, with the file that the hash is of where that is a description's."""
    name, data = m.origin.name, printable(m.origin.path.name)
    return name if Path(name).name == data else f"{name} of {data}"


def _error(found: MeasuredFit, m: Measurement) -> float | None:
    """Root mean square error over the replays of one measurement, relative; None if it has no replay."""
    errors = [
        error
        for replay, error in zip(found.replays, found.errors, strict=True)
        if replay.measurement.origin is m.origin
    ]
    return rounded(float(np.sqrt(np.mean(np.square(errors)))), 3) if errors else None


def _covered(found: MeasuredFit) -> dict[str, Array]:
    """Voltages (V), conductances (S), temperatures (K) and pulse widths (s) that the files cover, by quantity."""
    sign = -1.0 if found.turned else 1.0
    result = {
        "voltage_volt": np.concatenate([sign * replay.applied.v_volt for replay in found.replays]),
        "g_siemens": np.concatenate([replay.g_siemens for replay in found.replays]),
        "temperature_k": np.array([replay.temperature_k for replay in found.replays]),
    }
    pulses = [replay.measurement for replay in found.replays if isinstance(replay.measurement, Pulses)]
    if pulses:
        result["width_s"] = np.concatenate([p.width_s[p.direction != 0] for p in pulses])
    return result
