"""The experiments that ``reproduce`` knows: those on simulated devices, and those that rooms above register.

An experiment that needs networks lives in evaluator/ and registers as an entry point of the group
``spicegen.experiments``. The entry point has the experiment's name and loads its class, a subclass of ``Experiment``
that takes no arguments. It is loaded only when the experiment may run.

A name with a dot, such as ``table1.training``, is a part of what is called by the name in front of it: whoever names
``table1`` gets the experiment of that name, if there is one, and all its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

from models_va.errors import UnknownNameError
from spicegen.paper.activity import Figure4a, Figure4b, Figure4c, Figure4d
from spicegen.paper.cycling import Figure2d, FigureS3
from spicegen.paper.experiment import Experiment
from spicegen.paper.programming_error import Figure6c
from spicegen.paper.retention import FigureS4, FigureS5, Kept2d
from spicegen.paper.sweeps import Figure2b, FigureS2
from spicegen.paper.table_1 import Table1
from spicegen.paper.tailoring import Figure4e
from spicegen.paper.timing import Figure3a, Figure3b, Figure3cd, Figure3e, Figure3f

_GROUP = "spicegen.experiments"
DEVICE_EXPERIMENTS: Mapping[str, Experiment[Any]] = {
    e.name: e
    for e in (
        Figure2b(),
        FigureS2(),
        Figure2d(),
        FigureS3(),
        Figure3a(),
        Figure3b(),
        Figure3cd(),
        Figure3e(),
        Figure3f(),
        Figure4a(),
        Figure4b(),
        Figure4c(),
        Figure4d(),
        Figure4e(),
        Figure6c(),
        FigureS4(),
        FigureS5(),
        Kept2d(),
        Table1(),
    )
}
"""Experiments on simulated devices by name, in the paper's order."""


def chosen_experiments(names: Sequence[str] = ()) -> list[Experiment[Any]]:
    """The named experiments, those on devices in the paper's order, then the registered ones.

    Args:
        names: names of experiments, each with all its parts; if empty, all experiments are chosen but those that run
            only when named.

    Raises:
        UnknownNameError: no experiment has one of the names.
    """
    registered = {e.name: e for e in entry_points(group=_GROUP) if e.name not in DEVICE_EXPERIMENTS}
    known = [*DEVICE_EXPERIMENTS, *registered]
    wholes = [name.partition(".")[0] for name in known]
    if unknown := [name for name in names if name not in (*known, *wholes)]:
        raise UnknownNameError("experiment", unknown[0], {*known, *wholes})
    wanted = [name for name, whole in zip(known, wholes, strict=True) if not names or {name, whole} & set(names)]
    experiments = [
        DEVICE_EXPERIMENTS[name] if name in DEVICE_EXPERIMENTS else registered[name].load()() for name in wanted
    ]
    return [e for e in experiments if names or e.runs_by_default]
