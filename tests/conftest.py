"""Fixtures shared by the whole tree."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from spicegen.simulate import Ngspice, simulator
from tests import osdi_ngspice
from tests.missing import missing

# how long an example takes says nothing on a busy machine
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")


@pytest.fixture
def need_engine(request):
    """A simulator by name; skips where it is not here, fails in CI, where a skip could hide a loss.

    ``ngspice`` is this system's; ``ngspice (OSDI)`` runs compiled Verilog-A, and so does every ngspice after it.
    """

    def need(name):
        if name == OSDI:
            request.getfixturevalue("osdi_ngspice_here")
        engine = simulator(name.removesuffix(" (OSDI)"))
        found = engine.available()
        if not found.here:
            missing(f"{name} is not here: {found.version}")
        return engine

    return need


OSDI = "ngspice (OSDI)"


@pytest.fixture
def osdi_ngspice_here(need_engine, monkeypatch):
    """Every engine called ngspice that the test makes runs compiled Verilog-A."""
    need_engine("vacask")  # for its compiler
    if "OSDI" not in need_engine("ngspice").available().capabilities:
        if not osdi_ngspice.LIBRARY.is_file():
            missing(osdi_ngspice.MISSING)
        monkeypatch.setenv("NGSPICE_LIBRARY_PATH", str(osdi_ngspice.LIBRARY))
    assert Ngspice().method == OSDI


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real data sets and networks, which are not part of the project."""
    folder = Path(os.environ.get("SPICEGEN_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not folder.is_dir():
        missing(f"{folder} is not here: set SPICEGEN_SHARED_DATA")
    return folder
