"""Fixtures shared by the whole tree."""

import os

import pytest

from spicegen.simulate import simulator


@pytest.fixture
def need_engine():
    """A simulator by name; skips where it is not here, fails in CI, where a skip could hide a loss."""

    def need(name):
        engine = simulator(name)
        found = engine.available()
        if not found.here:
            reason = f"{name} is not here: {found.version}"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        return engine

    return need
