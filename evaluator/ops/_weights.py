"""What every extractor needs: the node's name for people, its attributes, its constant weights checked."""

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


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes that the node gives, text as str."""
    found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}


def constant_weights(
    node: onnx.NodeProto, position: int, constants: Mapping[str, NDArray[Any]], axes: range
) -> NDArray[Any]:
    """The node's input at ``position`` as stored.

    Args:
        node: the node.
        position: of the weights among its inputs.
        constants: every constant tensor of the graph.
        axes: how many axes the weights may have.

    Raises:
        InputError: it depends on the network's input, has other axes, is not floating-point, or holds NaN or infinity.

    """
    name = node.input[position]
    if name not in constants:
        raise InputError(f"weights {name!r} depend on the network's input: only constant weights go onto arrays")
    stored = constants[name]
    if stored.ndim not in axes or stored.size == 0:
        wanted = "a matrix is" if axes == range(2, 3) else f"{axes[0]} to {axes[-1]} axes, none of them empty, are"
        raise InputError(f"weights {name!r} have shape {stored.shape}: {wanted} needed")
    if stored.dtype not in (np.float16, np.float32, np.float64):
        raise InputError(f"weights {name!r} have type {stored.dtype}: export them as float16, float32 or float64")
    if not np.all(np.isfinite(stored)):
        raise InputError(f"weights {name!r} hold NaN or infinity: train or export the network again")
    return stored
