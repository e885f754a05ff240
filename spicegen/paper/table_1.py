"""Table 1: the other Li-ion synapses, measured on the cards that are built from its numbers.

Only how their pulses move the weight is in these cards: so the rows say whether the way from the table over the card
to simulated pulses keeps the figures of merit, not whether a model of their physics is right.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models_va import DeviceCard, load_card
from netlists import PulseProgram
from spicegen import metrics
from spicegen.devices.write_pulses import card_pulses
from spicegen.paper.assumptions import Assumptions
from spicegen.paper.experiment import Array, Experiment, Findings, Records
from spicegen.paper.program_runner import ProgramRunner

_CARDS: Mapping[str, str] = {
    "wse2": "wse2-liclo4",
    "moo3": "moo3-liclo4",
    "lipon": "licoo2-lipon",
    "lipose": "licoo2-li3poxsex",
    "wo3": "wo3-liclo4",
}
MERITS = ("alpha_p", "alpha_d", "asymmetry")
"""Figures of merit in the table: nonlinearity alpha of potentiation and of depression, asymmetric ratio."""


def _program(card: DeviceCard) -> PulseProgram:
    """The program from end to end and back by the card's own write pulses, with a read after each.

    Raises:
        CardError: the card says nothing of its pulses.
    """
    pulses = card_pulses(card)
    program = PulseProgram()
    program.read()
    for amplitude, updates in (
        (pulses.up_volt, card.values["updates_p"]),
        (pulses.down_volt, card.values["updates_d"]),
    ):
        program.train([amplitude] * round(updates), pulses.width_s, pulses.width_s + 2 * program.read_s)
    program.end_stage(pulses.width_s / 20)
    return program


class Table1(Experiment[Records]):
    """Nonlinearity alpha and asymmetric ratio of five devices."""

    name = "table1"
    title = "Table 1: the other Li-ion synapses, on cards built from its numbers"

    def measure(self, runner: ProgramRunner, a: Assumptions) -> Records:
        """Drive each device of the table by its own pulses, whatever card the runner has."""
        records = {}
        for label, name in _CARDS.items():
            card = load_card(name)
            records[label] = ProgramRunner(card, runner.simulator, runner.cache_folder).run({"": _program(card)})[""]
        return records

    def observed(self, data: Records) -> Array:
        """All conductances of all devices, S."""
        return np.concatenate([r.conductance_siemens for r in data.values()])

    def merits(self, data: Records) -> dict[str, tuple[float, ...]]:
        """Device -> alpha of potentiation, alpha of depression, asymmetric ratio: in the order of ``MERITS``."""
        merits: dict[str, tuple[float, ...]] = {}
        for label, record in data.items():
            g = record.conductance_siemens
            up, down = g[: len(g) // 2 + 1], g[len(g) // 2 :]
            merits[label] = (metrics.alpha(up), metrics.alpha(down), metrics.asymmetric_ratio(up, down))
        return merits

    def findings(self, data: Records, a: Assumptions) -> Findings:
        """The three figures of merit of each device."""
        merits = self.merits(data)
        numbers = {
            f"table1_{label}_{merit}": value
            for label, values in merits.items()
            for merit, value in zip(MERITS, values, strict=True)
        }
        remark = (
            "The alphas are the cards' input. With them, the asymmetric ratio follows from the ratio of conductances, "
            "which the table does not print; see the cards."
        )
        return Findings(numbers, remarks=(remark,))
