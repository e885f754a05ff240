"""Studies and hardware in few words."""

from pathlib import Path

from evaluator.circuit import logits
from evaluator.evaluation_setup import EvaluationInputs, prepare
from evaluator.hardware.programmed import Hardware
from evaluator.settings import HardwareConfig

CARD = "au-lixcoo2-pt"
WIRELESS = {"array.r_row_ohm": "0", "array.r_col_ohm": "0"}
IDEAL = {"errors.programming": "exact", **WIRELESS}
"""Settings without anything that is not ideal."""


def config(*settings, **sections):
    """A HardwareConfig from dictionaries of settings, later ones first; numbers need not be written as text."""
    values = {key: str(value).lower() if isinstance(value, bool) else str(value)
              for some in (*settings, sections) for key, value in some.items()}  # fmt: skip
    return HardwareConfig().with_values(values)


def hardware(*settings, seed=0, card=CARD):
    return Hardware.of(card, config(*settings), seed)


def setup_of(model, data, *settings, seed=0, limit=None, card=CARD, **more):
    return prepare(EvaluationInputs(Path(model), Path(data), hardware(*settings, seed=seed, card=card), limit, **more))


def trial_logits(setup, trial=0):
    """What the network puts out on the arrays of a trial."""
    return logits(setup, setup.parts(trial))
