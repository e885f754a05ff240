"""The ONNX operators that run on arrays: one file each. All others run digitally, as they are.

A new operator is a file with ``extract(index, node, constants) -> MappedLayer``, named in ``EXTRACTORS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import onnx
from numpy.typing import NDArray

from evaluator.layer import MappedLayer
from evaluator.ops import conv, conv_transpose, gemm, matmul

Extractor = Callable[[int, onnx.NodeProto, Mapping[str, NDArray[Any]]], MappedLayer]

EXTRACTORS: Mapping[str, Extractor] = {
    "Conv": conv.extract,
    "ConvTranspose": conv_transpose.extract,
    "Gemm": gemm.extract,
    "MatMul": matmul.extract,
}

_WEIGHTED = "Attention ConvInteger DeformConv Einsum GRU LSTM MatMulInteger QLinearConv QLinearMatMul RNN"
UNMAPPED = frozenset(f"{_WEIGHTED} If Loop Scan SequenceMap".split())
"""Operators that hold weights, or whole graphs, and would keep them off the arrays without a word."""

__all__ = ["EXTRACTORS", "UNMAPPED", "Extractor"]
