"""The ONNX operators that run on arrays: one file each. All others run digitally, as they are.

A new operator is a file with ``extract(index, node, constants) -> MappedLayer``, named in ``EXTRACTORS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import onnx
from numpy.typing import NDArray

from evaluator.network.layer import MappedLayer
from evaluator.network.node import STANDARD, inner_graphs
from evaluator.network.ops import conv, conv_transpose, gemm, matmul

Extractor = Callable[[int, onnx.NodeProto, Mapping[str, NDArray[Any]]], MappedLayer]

EXTRACTORS: Mapping[str, Extractor] = {
    "Conv": conv.extract,
    "ConvTranspose": conv_transpose.extract,
    "Gemm": gemm.extract,
    "MatMul": matmul.extract,
}

_FACTORS: Mapping[str, slice] = {
    "Attention": slice(3),
    "Einsum": slice(None),
    **dict.fromkeys(("ConvInteger", "DeformConv", "MatMulInteger"), slice(2)),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), slice(1, 3)),
    **dict.fromkeys(("QLinearConv", "QLinearMatMul"), slice(0, 4, 3)),
}
"""Inputs that may be weights, of operators that multiply and do not go onto arrays."""


def unmapped_weights(node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> str:
    """The operator, of a node or inside it, whose weights would stay off the arrays without a word.

    Weights are constants of two axes or more. Of graphs inside a node (If, Loop, Scan) nobody knows what is constant:
    no operator that multiplies is taken there, and none of another domain anywhere.

    Returns:
        The operator's name; empty if there is none.

    """
    inside = [inner for graph in inner_graphs(node) for inner in graph.node]
    factors = node.input[_FACTORS.get(node.op_type, slice(0))]
    if _is_foreign(node) or any(n in constants and constants[n].ndim > 1 for n in factors):
        return node.op_type
    products = EXTRACTORS.keys() | _FACTORS.keys()
    return next((n.op_type for n in inside if _is_foreign(n) or n.op_type in products), "")


def _is_foreign(node: onnx.NodeProto) -> bool:
    return node.domain not in STANDARD


__all__ = ["EXTRACTORS", "Extractor", "unmapped_weights"]
