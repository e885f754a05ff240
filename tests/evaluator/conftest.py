import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real data sets and networks, which are not part of the project."""
    folder = Path(os.environ.get("SPICEGEN_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        reason = f"{folder} is not here: set SPICEGEN_SHARED_DATA"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return folder


@pytest.fixture(scope="session")
def digits():
    """Network and data of the embedded example."""
    folder = ROOT / "evaluator" / "example"
    return folder / "digits_mlp.onnx", folder / "digits.npz"
