"""What every extractor needs: the node's name for people, its constant weights checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from models_va.errors import InputError


def node_name(index: int, node: onnx.NodeProto) -> str:
    """The node's own name, or operator and position, such as ``Gemm_3``."""
    return node.name or f"{node.op_type}_{index}"


def constant_matrix(node: onnx.NodeProto, position: int, constants: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """The node's input at ``position`` as stored, two axes.

    Raises:
        InputError: it depends on the network's input, is no matrix, is not floating-point, or holds NaN or infinity.

    """
    name = node.input[position]
    if name not in constants:
        raise InputError(f"weights {name!r} depend on the network's input: only constant weights go onto arrays")
    stored = constants[name]
    if stored.ndim != 2 or stored.size == 0:
        raise InputError(f"weights {name!r} have shape {stored.shape}: a matrix is needed")
    if stored.dtype not in (np.float16, np.float32, np.float64):
        raise InputError(f"weights {name!r} have type {stored.dtype}: export them as float16, float32 or float64")
    if not np.all(np.isfinite(stored)):
        raise InputError(f"weights {name!r} hold NaN or infinity: train or export the network again")
    return stored
