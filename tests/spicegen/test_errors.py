"""Errors of several arguments pass from one process to another."""

import pickle

import pytest

from models_va.errors import UnknownNameError
from spicegen.simulate import SimulationError


@pytest.mark.parametrize(
    "error", [UnknownNameError("card", "x", {"b": 1, "a": 2}), SimulationError("vacask", "failed", "deck", ["a", "b"])]
)
def test_errors_are_whole_when_they_arrive(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
