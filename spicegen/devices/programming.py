"""Programming: the instance parameters of devices with target conductances, drawn from a seed.

The card states two spreads. Device to device, instance parameters differ by a lognormal factor of mean 1.
Cycle to cycle, a programmed conductance is its target plus N(0, sigma(G)). sigma(G) was measured after a
program-and-verify loop, and such a loop reads the conductance, not the parameters. So each device's memory state is
solved for with its own parameters, and a spread of g0, for example, does not add to sigma(G). The spread shows where
nothing is verified: in the state, and so in every later pulse.

This module draws all random numbers of the devices: the generated models have none. Every quantity has a random stream
of its own, so that it depends neither on the order of work nor on the other quantities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models_va import DeviceCard, ProgrammingError, lognormal_factor
from models_va.errors import CardError, InputError
from netlists import Devices
from spicegen.devices.memory_state import ROUNDING, check_within, memory, memory_state, reach
from spicegen.printers.numpy_model import initial_conductances

Array = NDArray[np.float64]
Seed = int | np.random.SeedSequence


class Spread(Protocol):
    """How far programmed conductances scatter: sigma(G) of a card, or of a measured table."""

    def sigma_siemens(self, g_siemens: Array, /) -> Array:
        """Standard deviation of a conductance programmed to ``g_siemens``, in the shape of ``g_siemens``, S."""
        ...


def stream(seed: Seed, *key: int) -> np.random.Generator:
    """The random number generator of one quantity, which depends on ``seed`` and ``key`` and on nothing else."""
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key)))


def sigma_of(card: DeviceCard, remedy: str = "") -> ProgrammingError:
    """The programming error sigma(G) of a card.

    Args:
        card: card of the devices.
        remedy: what the user can do if the card has none, for the message.

    Raises:
        CardError: the card has no programming error.
    """
    if card.programming_error is None:
        raise CardError(f"card {card.name}: has no programming_error: add slope, offset and unit_siemens{remedy}")
    return card.programming_error


def program(g_siemens: Array, error: Spread | None, rng: np.random.Generator) -> Array:
    """Draw programmed conductances max(G + N(0, sigma(G)), 0) in S, independent for every device.

    Args:
        g_siemens: target conductances G, any shape, S.
        error: standard deviation sigma(G) of programming; None if programming is exact.
        rng: random number generator, see ``stream``.

    Source: Baek et al., Nano-Micro Lett. 15:69 (2023), section 3.4 (sigma); the cut at 0 S is this project's.
    """
    if error is None:
        return g_siemens
    drawn = g_siemens + error.sigma_siemens(g_siemens) * rng.standard_normal(g_siemens.shape)
    return np.maximum(drawn, 0.0)


def nearest_levels(g_siemens: Array, g_min_siemens: float, g_max_siemens: float, levels: int) -> Array:
    """Round conductances to the nearest of equally spaced levels, as a device with few programmable levels does.

    Args:
        g_siemens: wanted conductances, any shape, S; those beyond the ends get the nearer end.
        g_min_siemens: the lowest level, S.
        g_max_siemens: the highest level, S.
        levels: number of levels, both ends included.

    Raises:
        InputError: there are fewer than two levels, or there is no range between the ends.
    """
    if not (levels >= 2 and g_min_siemens < g_max_siemens):
        found = f"{levels} from {g_min_siemens:g} to {g_max_siemens:g} S"
        raise InputError(f"levels: {found}: give two or more, and ends in rising order")
    place = np.linspace(g_min_siemens, g_max_siemens, levels)
    step = (g_max_siemens - g_min_siemens) / (levels - 1)
    nearest = np.clip(np.rint((g_siemens - g_min_siemens) / step), 0, levels - 1)
    return np.asarray(place[nearest.astype(np.int64)])


@dataclass(frozen=True, eq=False)
class Programmed:
    """An array of devices after programming.

    Attributes:
        devices: the devices, with every instance parameter that was drawn or solved for.
        target_siemens: target conductances, shape (rows, columns), S.
        g_siemens: conductances of the devices at v = 0, shape (rows, columns), S.
        limited: number of devices at the end of their reach, because the conductance drawn for them is beyond it.
        error: the programming error sigma(G) that was applied; None if programming was exact.
    """

    devices: Devices
    target_siemens: Array
    g_siemens: Array
    limited: int
    error: ProgrammingError | None

    @property
    def error_over_sigma(self) -> float:
        """Root mean square of (G - target) / sigma(target): about 1 if sigma(G) applies, 0 if programming is exact."""
        if self.error is None:
            return 0.0
        sigma = self.error.sigma_siemens(self.target_siemens)
        off = self.g_siemens - self.target_siemens
        return float(np.sqrt(np.mean(np.divide(off, sigma, out=np.zeros_like(off), where=sigma > 0) ** 2)))

    @property
    def realised_spread(self) -> dict[str, float]:
        """Relative standard deviation of each instance parameter that differs from device to device."""
        spreads = self.devices.card.device_to_device or {}
        drawn = {name: self.devices.instance[name] for name in spreads if name in self.devices.instance}
        return {name: float(np.std(values) / np.abs(np.mean(values))) for name, values in drawn.items()}


def program_devices(
    card: DeviceCard,
    target_siemens: Array,
    seed: Seed,
    *,
    programming_error: bool = True,
    device_to_device: bool = False,
) -> Programmed:
    """Program an array: draw parameters and conductances, then solve for the memory state of every device.

    A device that cannot reach the conductance drawn for it stays at the end of its reach.

    Args:
        card: card of all devices.
        target_siemens: target conductances, shape (rows, columns), S.
        seed: seed of all random numbers; the same seed gives the same array in every simulator.
        programming_error: whether the card's sigma(G) applies.
        device_to_device: whether the card's spread of instance parameters applies.

    Raises:
        InputError: a target is out of the reach of a device with the card's own parameters.
        CardError: the card lacks a spread that is to apply, or its model has no memory state.
    """
    check_within(card, target_siemens, *reach(card))
    error = sigma_of(card, ", or programming_error: false") if programming_error else None
    instance = differing(card, target_siemens.shape, seed) if device_to_device else {}
    drawn = program(target_siemens, error, stream(seed, 0))
    g = np.clip(drawn, *reach(card, instance))
    instance[memory(card).initial] = memory_state(card, g, instance)
    rows, columns = target_siemens.shape
    return Programmed(
        devices=Devices(card, (rows, columns), instance),
        target_siemens=target_siemens,
        g_siemens=g,
        limited=int(np.count_nonzero(np.abs(g - drawn) > ROUNDING * g)),
        error=error,
    )


def differing(card: DeviceCard, shape: tuple[int, ...], seed: Seed) -> dict[str, Array]:
    """Draw the instance parameters in which devices of a card differ: lognormal, with the card's value as their mean.

    Args:
        card: device card with a device_to_device section.
        shape: shape of the array of devices.
        seed: seed of the random numbers, which are different for each parameter.

    Returns:
        Values by the parameters' names, each of shape ``shape``, in the parameter's unit.

    Raises:
        CardError: the card has no device_to_device section.
    """
    if card.device_to_device is None:
        raise CardError(f"card {card.name}: has no device_to_device: add the relative standard deviations")
    numbers = {p.name: k for k, p in enumerate(card.device_model.params)}
    return {
        name: card.values[name] * _lognormal(spread.value, shape, stream(seed, 1, numbers[name]))
        for name, spread in card.device_to_device.items()
    }


def conductances(devices: Devices) -> Array:
    """Conductance of every cell at v = 0 in its present state, or that it is stuck at, shape (rows, columns), S."""
    g = np.broadcast_to(initial_conductances(devices.card, devices.instance), devices.shape)
    return np.array(g) if devices.stuck_siemens is None else np.where(devices.alive, g, devices.stuck_siemens)


def _lognormal(relative_deviation: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw lognormal factors of mean 1 and standard deviation ``relative_deviation``; all are positive."""
    return rng.lognormal(*lognormal_factor(relative_deviation), shape)
