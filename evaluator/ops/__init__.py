"""The ONNX operators of this evaluator: one file for each that runs on arrays, one set for the digital rest.

A new operator is a file with ``extract(index, node, constants) -> MappedLayer``, named in ``EXTRACTORS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import onnx
from numpy.typing import NDArray

from evaluator.layer import MappedLayer
from evaluator.ops import gemm, matmul

Extractor = Callable[[int, onnx.NodeProto, Mapping[str, NDArray[Any]]], MappedLayer]

EXTRACTORS: Mapping[str, Extractor] = {"Gemm": gemm.extract, "MatMul": matmul.extract}

_ACTIVATIONS = (
    "Celu Clip Elu Erf Gelu HardSigmoid HardSwish LeakyRelu LogSoftmax Mish PRelu Relu Selu Sigmoid Softmax "
    "Softplus Softsign Tanh ThresholdedRelu"
)
_ARITHMETIC = "Abs Add Div Exp Log Max Min Mul Neg Pow Reciprocal Sqrt Sub"
_SHAPES = (
    "Cast Concat Constant ConstantOfShape Dropout Flatten Gather Identity Reshape Shape Slice Squeeze "
    "Transpose Unsqueeze"
)
DIGITAL = frozenset(f"{_ACTIVATIONS} {_ARITHMETIC} {_SHAPES}".split())
"""Operators that stay as they are in the graph and run digitally."""

__all__ = ["DIGITAL", "EXTRACTORS", "Extractor"]
