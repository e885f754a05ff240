"""ngspice, VACASK and the native engine on the same arrays: the small sizes of the grid of benchmarks/agreement.py."""

import agreement
import pytest

from spicegen.simulate import Native

SIZES = {(1, 1): "vacask", (2, 3): "ngspice", (4, 4): "ngspice", (16, 16): "vacask"}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("case", agreement.CASES, ids=lambda c: c.name)
def test_engines_agree(case, size, need_engine):
    native = agreement.run(case, *size, Native())
    assert native.kcl < 1e-9
    if "half lost" in case.name:
        assert native.drop > 0.5
    for name in dict.fromkeys((SIZES[size], "vacask", "ngspice (OSDI)")):
        current, conductance = agreement.difference(agreement.run(case, *size, need_engine(name)), native)
        assert current < 1e-3
        assert conductance < 1e-5
