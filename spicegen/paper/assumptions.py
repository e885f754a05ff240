"""What the paper's text leaves open, as named numbers with a reason each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any


def _assumed(value: float, unit: str, reason: str) -> Any:
    return field(default=value, metadata={"unit": unit, "reason": reason})


@dataclass(frozen=True)
class Assumptions:
    """Numbers of the experiments that neither the paper's text nor its captions print, in SI units."""

    period_2d_s: float = _assumed(
        21e-3,
        "s",
        "figure 2d, start to start: a read fits between two 10 ms spikes; fitted with the card",
    )
    gap_4_s: float = _assumed(
        0.4092,
        "s",
        "figure 4, end of a spike to the start of the next: of the order of figure 3b's; fitted with the card",
    )
    spikes_4: int = _assumed(50, "1", "figures 4b to 4d, spikes of a branch: the smallest number of figure 4a")
    rest_4e_s: float = _assumed(
        10.0,
        "s",
        "figure 4e, rest before each branch: no pattern makes a curve fall slower than it decays by itself",
    )
    stdp_pre_volt: float = _assumed(
        1.406, "V", "figure 3f, spike on the top electrode; such that two spikes far apart cancel; fitted with the card"
    )
    stdp_post_volt: float = _assumed(
        2.2, "V", "figure 3f, spike on the bottom electrode; with the other, left free when the card was fitted"
    )
    stdp_width_s: float = _assumed(5e-3, "s", "figure 3f, width of both spikes: figure 3e's")
    stdp_preparation: int = _assumed(
        10,
        "1",
        "figure 3f, figure-3b spikes before each pair, then 20 s of rest: depression needs something to depress",
    )
    sweep_s2_volt: float = _assumed(-1.0, "V", "figure S2, peak of the sweep: figure 2b's potentiating one")
    endurance_cycles: int = _assumed(
        350, "1", "figure S3: the paper's own number; with fewer (fits do so) the drift is extrapolated linearly"
    )

    def with_values(self, values: Mapping[str, float]) -> Assumptions:
        """The same assumptions with some numbers changed, by their names."""
        changed: dict[str, Any] = dict(values)
        return replace(self, **changed)

    def rows(self) -> list[tuple[str, float, str, str]]:
        """Name, value, unit and reason of each assumption."""
        return [(f.name, getattr(self, f.name), f.metadata["unit"], f.metadata["reason"]) for f in fields(self)]


ASSUMPTION_UNITS: Mapping[str, str] = {f.name: f.metadata["unit"] for f in fields(Assumptions)}
"""Name of each assumption -> its unit."""
