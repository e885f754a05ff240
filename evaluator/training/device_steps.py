"""What a pulse does to a device: mean steps and their scatter over its window, from tables, laws or the card itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from evaluator.training.config import UpdateConfig
from models_va import ROOM_TEMPERATURE_K, DeviceCard
from models_va.errors import CardError, InputError
from netlists import SpikeTrain
from spicegen.devices.memory_state import memory, memory_state
from spicegen.devices.update_table import UpdateTable, read_update_table
from spicegen.devices.write_pulses import WritePulses, card_pulses, read_conductances, spike_job, train_conductances
from spicegen.measurements import Origin, Pulses
from spicegen.metrics import tables_of_pulses
from spicegen.simulate import REFERENCE, simulator

Array = NDArray[np.float64]
Single = NDArray[np.float32]
_NODES, _RESIDUAL_NODES, _PROBABILITIES = 1025, 129, 101
"""Sizes of the compiled code's tables: conductances of mean steps and of deviations, and probabilities."""
_INNER = (0.1, 0.9)
"""Part of the window over which a mean step is averaged, as CrossSim does."""
_ROUNDING = 1e-12
"""Deviation, over the window, below which steps count as exact."""
_CYCLES = 30
"""Cycles of the card's own write pulses from which a table of a device with several states is made (figure 6b)."""
_LAW_NODES, _CARD_NODES = 257, 65


@dataclass(frozen=True, eq=False)
class DeviceSteps:
    """Steps of a device up and down, over its window, on one grid of conductances from 0 to 1.

    Attributes:
        source: a sentence part that says where the steps come from.
        window_siemens: conductances of 0 and 1, S.
        mean: mean steps up (positive) and down (negative), shape (2, nodes).
        residual: deviations from the mean step by probability, shape (2, nodes, probabilities); their mean is 0.
        interval_s: time from one pulse to the next at which these steps are true, s; None if it is not known.
    """

    source: str
    window_siemens: tuple[float, float]
    mean: Array
    residual: Array
    interval_s: float | None

    @property
    def mean_step(self) -> Array:
        """Size of the mean step up and down between 10 and 90 % of the window, shape (2,)."""
        g = np.linspace(0, 1, self.mean.shape[1])
        inner = (g >= _INNER[0]) & (g <= _INNER[1])
        return np.asarray(np.abs(self.mean[:, inner].mean(axis=1)))

    @property
    def noisy(self) -> bool:
        """Whether steps of the device scatter about their mean."""
        return bool(np.any(np.abs(self.residual) > _ROUNDING))

    @property
    def states(self) -> float:
        """Number of mean steps through the window, the mean of up and down."""
        return float(np.mean(1 / self.mean_step))

    def without_noise(self) -> DeviceSteps:
        """The same mean steps, without scatter."""
        return replace(self, residual=np.zeros_like(self.residual))

    def compiled_tables(self) -> tuple[Single, Single, Single, Single, Array]:
        """Mean, residual, relative, spread and fbar of ``kernel.train_part``."""
        fbar = self.mean_step
        relative, spread = self.mean / fbar[:, None], self.residual / np.sqrt(fbar)[:, None, None]
        tables = (np.ascontiguousarray(t, dtype=np.float32) for t in (self.mean, self.residual, relative, spread))
        mean, residual, relative32, spread32 = tables
        return mean, residual, relative32, spread32, fbar


def device_steps(card: DeviceCard, config: UpdateConfig) -> DeviceSteps:
    """The steps that a configuration asks for.

    Raises:
        InputError: a table cannot be read, or two tables have no window in common.
        CardError: steps of the card are wanted, and it names no write pulses or no window.
    """
    if config.source == "tables":
        assert config.increasing is not None
        assert config.decreasing is not None
        found = _of_files(Path(config.increasing), Path(config.decreasing))
    elif config.source == "law":
        found = _of_law(config, card)
    else:
        found = _of_card(card)
    if not config.noise:
        found = found.without_noise()
    return replace(found, interval_s=config.interval_s or found.interval_s)


def _of_files(increasing: Path, decreasing: Path) -> DeviceSteps:
    up, down = (read_update_table(path) for path in (increasing, decreasing))
    if not up.rises or down.rises:
        wrong, what = (increasing, "raise") if not up.rises else (decreasing, "lower")
        raise InputError(f"{wrong}: pulses of this table do not {what} the conductance on average: swap the two tables")
    return _of_tables(up, down, f"the tables {increasing.name} and {decreasing.name}", None)


def _of_tables(up: UpdateTable, down: UpdateTable, source: str, interval_s: float | None) -> DeviceSteps:
    """Steps of two tables over the conductances that both have."""
    low, high = max(t.g_siemens[0] for t in (up, down)), min(t.g_siemens[-1] for t in (up, down))
    if not low < high:
        raise InputError(
            f"update tables: no conductance is in both: one ends at {high:g} S, the other begins at {low:g} S"
        )
    span = high - low
    g = low + span * np.linspace(0, 1, _NODES)
    mean = np.stack([t.mean_siemens(g) for t in (up, down)]) / span
    for direction, sign in enumerate((1, -1)):
        mean[direction] = sign * np.maximum(sign * mean[direction], 0.0)  # noise may turn a vanishing step around
    residual = np.stack([_deviations(t, low, span) for t in (up, down)])
    return DeviceSteps(source, (float(low), float(high)), mean, residual, interval_s)


def _deviations(table: UpdateTable, low: float, span: float) -> Array:
    """Deviations from the mean step, shape (nodes, probabilities), over the window, interpolated linearly."""
    p = np.linspace(0, 1, _PROBABILITIES)
    by_column = np.stack([np.interp(p, table.cdf, q) for q in table.d_g_siemens.T])
    g = low + span * np.linspace(0, 1, _RESIDUAL_NODES)
    found = np.stack([np.interp(g, table.g_siemens, q) for q in by_column.T], axis=1) / span
    return np.asarray(found - (found[:, :-1] + found[:, 1:]).mean(axis=1, keepdims=True) / 2)


def _of_law(config: UpdateConfig, card: DeviceCard) -> DeviceSteps:
    """Steps of the beta law: up a (c - x), down -a' (c' - 1 + x), a = 1 - exp(-beta/n), c = 1/(1 - exp(-beta)).

    Source: S. Agarwal et al., IJCNN 2016, 929, doi:10.1109/IJCNN.2016.7727298.
    """
    x = np.linspace(0, 1, _LAW_NODES)
    up, down = _beta_step(config.beta_p, config.states, x), -_beta_step(config.beta_d, config.states, 1 - x)
    window = card.window()
    p = (np.arange(_PROBABILITIES - 1) + 0.5) / (_PROBABILITIES - 1)
    inner = ndtri(p)
    normal = np.interp(np.linspace(0, 1, _PROBABILITIES), p, inner)  # mean 0 by symmetry
    normal /= np.sqrt(np.mean((normal[1:] ** 2 + normal[1:] * normal[:-1] + normal[:-1] ** 2) / 3))
    mean = np.stack([up, down])
    nodes = np.abs(mean[:, :: (_LAW_NODES - 1) // (_RESIDUAL_NODES - 1)])
    residual = config.step_sigma * nodes[:, :, None] * normal
    source = f"the beta law, beta {config.beta_p:g} up and {config.beta_d:g} down, {config.states:g} pulses"
    return DeviceSteps(source, window, mean, residual, None)


def _beta_step(beta: float, states: float, x: Array) -> Array:
    if abs(beta) < 1e-9:
        return np.full_like(x, 1 / states)
    return np.asarray(-np.expm1(-beta / states) * (-1 / np.expm1(-beta) - x))


def _of_card(card: DeviceCard) -> DeviceSteps:
    """Steps of the card's write pulses: of a device with one state at each conductance, else of a train of cycles."""
    pulses, window = card_pulses(card), card.window()
    train = pulses.train()
    if len(card.device_model.states) == 1:
        return _of_single_pulses(card, pulses, window, train.period_s)
    up, down = _of_cycles(card, train)
    source = f"{_CYCLES} cycles of the card's write pulses, every {train.period_s:g} s"
    return _of_tables(up, down, source, train.period_s)


def _of_single_pulses(
    card: DeviceCard, pulses: WritePulses, window: tuple[float, float], interval_s: float
) -> DeviceSteps:
    """Steps of a device whose one state is its conductance: one pulse at each of the window's conductances."""
    g = np.linspace(*window, _CARD_NODES)
    state = memory_state(card, g, {})
    engine, name = simulator(REFERENCE), memory(card).initial
    steps = np.empty((2, _CARD_NODES))
    for direction, volt in enumerate((pulses.up_volt, pulses.down_volt)):
        train = replace(pulses.train(), amplitudes_volt=(volt,))
        job = spike_job(card, train)
        for n, x in enumerate(state):
            cell = replace(job.circuit.cells[0], instance={name: float(x)})
            found = engine.run(replace(job, circuit=replace(job.circuit, cells=(cell,))))
            steps[direction, n] = (read_conductances(found, train)[0] - g[n]) / (window[1] - window[0])
    mean = np.stack([np.maximum(steps[0], 0), np.minimum(steps[1], 0)])
    residual = np.zeros((2, _RESIDUAL_NODES, _PROBABILITIES))
    return DeviceSteps("the card's write pulses, one at each conductance", window, mean, residual, interval_s)


def _of_cycles(card: DeviceCard, train: SpikeTrain) -> tuple[UpdateTable, UpdateTable]:
    whole = replace(train, amplitudes_volt=train.amplitudes_volt * _CYCLES)
    g = train_conductances(simulator(REFERENCE), card, whole).reshape(_CYCLES, -1).T
    n, up = g.shape[0], train.amplitudes_volt[0]
    volts = np.array(train.amplitudes_volt)
    made = Pulses(
        origin=Origin(Path("train"), ""), amplitude_volt=volts, width_s=np.full(n, train.width_s),
        gap_s=np.full(n, train.period_s - train.width_s), direction=np.where(volts == up, 1, -1).astype(np.int8),
        g_siemens=g, v_read_volt=train.v_read_volt, temperature_k=ROOM_TEMPERATURE_K,
    )  # fmt: skip
    tables = tables_of_pulses(made)
    if len(tables) != 2:
        raise CardError(f"card {card.name}: its write pulses move it in one direction only: give update.source: tables")
    return tables[0], tables[1]
