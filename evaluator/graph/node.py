"""What one node of an ONNX graph says: its name for people, its attributes."""

from __future__ import annotations

from typing import Any

import onnx


def node_name(index: int, node: onnx.NodeProto) -> str:
    """The node's own name, or operator and position, such as ``Gemm_3``."""
    return node.name or f"{node.op_type}_{index}"


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes that the node gives, text as str."""
    found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}
