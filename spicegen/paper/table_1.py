"""Table 1: the other Li-ion synapses, measured on the cards that are built from its numbers.

Only how their pulses move the weight is in these cards: so the rows say whether the way from the table over the card
to simulated pulses keeps the figures of merit, not whether a model of their physics is right.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from models_va import DeviceCard, load_card
from models_va.errors import CardError
from netlists import PulseProgram
from spicegen import metrics
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Experiment, Findings, Records
from spicegen.paper.program_runner import ProgramRunner
from spicegen.paper.targets import paper_value
from spicegen.reports.plotting import COLOURS, PAPER, axes

_CARDS: Mapping[str, str] = {
    "wse2": "wse2-liclo4",
    "moo3": "moo3-liclo4",
    "lipon": "licoo2-lipon",
    "lipose": "licoo2-li3poxsex",
    "wo3": "wo3-liclo4",
}
_NAMES = ("WSe₂/LiClO₄", "MoO₃/LiClO₄", "LiCoO₂/LiPON", "LiCoO₂/Li₃POₓSeₓ", "WO₃/LiClO₄")
_MERITS = ("alpha_p", "alpha_d", "asymmetry")


def _program(card: DeviceCard) -> PulseProgram:
    """From end to end and back by the card's own write pulses, with a read after each.

    Raises:
        CardError: the card says nothing of its pulses.
    """
    pulse = card.write_pulse
    if pulse is None:
        raise CardError(f"card {card.name}: has no write_pulse")
    program = PulseProgram()
    program.read()
    for amplitude, updates in (
        (pulse.amplitude_p_volt.value, card.values["updates_p"]),
        (pulse.amplitude_d_volt.value, card.values["updates_d"]),
    ):
        width = pulse.width_s.value
        program.train([amplitude] * round(updates), width, width + 2 * program.read_s)
    program.end_stage(pulse.width_s.value / 20)
    return program


class Table1(Experiment[Records]):
    """Nonlinearity alpha and asymmetric ratio of five devices."""

    name = "table1"
    title = "Table 1: the other Li-ion synapses, on cards built from its numbers"

    def measure(self, runner: ProgramRunner, a: Assumptions) -> Records:
        """Drive each device of the table by its own pulses, whatever card the runner has."""
        found = {}
        for label, name in _CARDS.items():
            card = load_card(name)
            found[label] = ProgramRunner(card, runner.simulator, runner.cache_folder).run({"": _program(card)})[""]
        return found

    def observed(self, data: Records) -> Array:
        """All conductances, S."""
        return np.concatenate([r.conductance_siemens for r in data.values()])

    def _merits(self, data: Records) -> dict[str, tuple[float, ...]]:
        """DeviceUnderTest -> alpha of potentiation and of depression, asymmetric ratio."""
        found: dict[str, tuple[float, ...]] = {}
        for label, record in data.items():
            g = record.conductance_siemens
            up, down = g[: len(g) // 2 + 1], g[len(g) // 2 :]
            found[label] = (metrics.alpha(up), metrics.alpha(down), metrics.asymmetric_ratio(up, down))
        return found

    def findings(self, data: Records, a: Assumptions) -> Findings:
        """Three numbers a device."""
        merits = self._merits(data)
        numbers = {
            f"table1_{label}_{merit}": value
            for label, values in merits.items()
            for merit, value in zip(_MERITS, values, strict=True)
        }
        remark = (
            "The alphas are the cards' input. With them, the asymmetric ratio follows from the ratio of conductances, "
            "which the table does not print; see the cards."
        )
        return Findings(numbers, remarks=(remark,))

    def draw(self, figure: FigureBase, data: Records, a: Assumptions) -> None:
        """Normalised curves, and the figures of merit beside the table's; a colour a device."""
        curves = axes(figure, 131, title="T1  Own write pulses", x="pulse", y="(G − G(0)) / range")
        for colour, record in zip(COLOURS, data.values(), strict=False):
            g = record.conductance_siemens
            curves.plot((g - g.min()) / np.ptp(g), color=colour, lw=1.2)
        self._compare(axes(figure, 132, y="nonlinearity α"), data, {"potentiation": 0, "depression": 1})
        self._compare(axes(figure, 133, y="asymmetric ratio"), data, {"simulated": 2})

    def _compare(self, ax: Axes, data: Records, merits: Mapping[str, int]) -> None:
        for n, (device, found) in enumerate(self._merits(data).items()):
            for marker, merit in zip("^v", merits.values(), strict=False):
                ax.plot(n, found[merit], marker, ms=5, color=COLOURS[n])
                ax.plot(n, paper_value(f"table1_{device}_{_MERITS[merit]}"), "*", ms=11, mfc="none", color=PAPER)
        for marker, label in zip("^v", merits, strict=False):
            ax.plot([], [], marker, color="#5c6b7a", label=label)
        ax.plot([], [], "*", ms=11, mfc="none", color=PAPER, label="paper")
        for colour, tick in zip(
            COLOURS, ax.set_xticks(range(len(_NAMES)), _NAMES, rotation=35, ha="right"), strict=False
        ):
            tick.label1.set_color(colour)
        ax.axhline(0, color="#9aa7b0", lw=0.8, zorder=0)
        ax.set_ylim(top=1.35 * ax.get_ylim()[1])
        ax.legend(frameon=False, fontsize=7, loc="upper right", ncols=3)
