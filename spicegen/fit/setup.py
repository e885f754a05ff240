"""The setup of a fit, which does not change during it: the model, the replays of the measurements, and the threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models_va import Model
from spicegen.fit.replay.run import Replay
from spicegen.fit.threads import Threads


@dataclass(frozen=True, eq=False)
class FitSetup:
    """The setup of a fit of one model, which does not change during it: the model, the replays, and what is fitted.

    Attributes:
        model: the model that is fitted.
        replays: the replays of the measurements.
        fitted: places of the fitted parameters among the model's.
        threads: the threads that share the work.
    """

    model: Model
    replays: Sequence[Replay]
    fitted: Sequence[int]
    threads: Threads

    def in_parts(self, count: int) -> FitSetup:
        """The same setup with each replay cut into ``count`` parts, see ``Replay.in_parts``."""
        return self if count == 1 else replace(self, replays=[replay.in_parts(count) for replay in self.replays])
