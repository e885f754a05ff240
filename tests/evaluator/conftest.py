from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def digits():
    """Network and data of the embedded example."""
    folder = ROOT / "evaluator" / "example"
    return folder / "digits_mlp.onnx", folder / "digits.npz"
