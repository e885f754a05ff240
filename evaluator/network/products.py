"""A graph pass that rewrites products with a constant factor into the forms that go onto arrays."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.network.constants import constant_weights
from evaluator.network.graph import Graph
from evaluator.network.node import attributes_of, node_name
from evaluator.network.node_writer import NodeWriter
from models_va.errors import InputError, located

_AXES = range(1, 17)


def plain_products(graph: Graph) -> Graph:
    """Rewrite Gemm and MatMul nodes that are not matrix times vectors as they stand, on a copy.

    Transposed activations are transposed by a node of their own; a Gemm whose A is constant becomes a MatMul; vectors
    become matrices of one row or column. A MatMul with a stack of matrices becomes a convolution of one place with a
    group for each matrix.

    Returns:
        The same object if there is no such node.

    Raises:
        InputError: weights cannot be mapped, or nobody knows how many axes they are multiplied with.

    """
    constants = graph.constants
    ranks = _ranks(graph.model) if any(n.op_type == "MatMul" for n in graph.nodes) else {}
    copy, nodes, changed = graph.copy(), [], False
    for index, node in enumerate(graph.nodes):
        to = NodeWriter(copy, np.dtype(np.float32))
        if node.op_type in _REWRITES and node.output[0] not in constants:
            name = node_name(index, node)
            with located(f"{node.op_type} node {name!r}"):
                _REWRITES[node.op_type](to, node, name, constants, ranks)
        if to.nodes:
            to.call_last(node.output[0])
        changed |= bool(to.nodes)
        nodes += to.nodes or [node]
    if not changed:
        return graph
    copy.replace_nodes(nodes)
    del copy.model.graph.value_info[:]
    copy.model.ir_version = max(copy.model.ir_version, 4)  # initializers need not be announced as inputs
    copy.drop_unused()
    return copy


def with_bias(to: NodeWriter, product: str, node: onnx.NodeProto) -> str:
    """Add to a product A' B' what else a Gemm computes, alpha A' B' + beta C; the name of the result."""
    attributes = attributes_of(node)
    product = to.scaled(product, attributes.get("alpha", 1.0))
    if len(node.input) < 3 or not node.input[2]:
        return product
    return to.node("Add", [product, to.scaled(node.input[2], attributes.get("beta", 1.0))])


Constants = Mapping[str, NDArray[Any]]
Ranks = Mapping[str, int]


def _gemm(to: NodeWriter, node: onnx.NodeProto, name: str, constants: Constants, _: Ranks) -> None:
    attributes = attributes_of(node)
    turned = [bool(attributes.get(key, 0)) for key in ("transA", "transB")]
    if node.input[1] in constants:
        if turned[0]:
            activation = to.node("Transpose", [node.input[0]], perm=[1, 0])
            to.node("Gemm", [activation, *node.input[1:]], name=name, **attributes | {"transA": 0})
    elif node.input[0] in constants:
        weights = constant_weights(node, 0, constants, range(2, 3))
        to = to.of_type(weights.dtype)
        activation = to.node("Transpose", [node.input[1]], perm=[1, 0]) if turned[1] else node.input[1]
        stored = to.constant(weights.T if turned[0] else weights)
        with_bias(to, to.node("MatMul", [stored, activation], name=name), node)


def _matmul(to: NodeWriter, node: onnx.NodeProto, name: str, constants: Constants, ranks: Ranks) -> None:
    first = node.input[0] in constants
    activation = node.input[1 if first else 0]
    if not first and node.input[1] not in constants:
        return
    weights = constant_weights(node, 0 if first else 1, constants, _AXES)
    rank = ranks.get(activation)
    if weights.ndim == 2 and (not first or rank != 1):
        return
    if rank is None:
        raise InputError(f"axes of {activation!r} are not known: export it with the shapes of all tensors")
    to = to.of_type(weights.dtype)
    vectors = (weights.ndim == 1) + (rank == 1)
    if rank == 1:
        activation, rank = to.node("Reshape", [activation, to.constant([-1, 1] if first else [1, -1], np.int64)]), 2
    if weights.ndim == 1:
        weights = weights[None] if first else weights[:, None]
    if weights.ndim > 2:  # axes that only the weights have: by broadcasting, which all opsets know
        activation = to.node("Add", [activation, to.constant(np.zeros((*weights.shape[:-2], 1, 1)))])
    rank = max(rank, weights.ndim)
    if prod(weights.shape[:-2]) == 1:
        stored = to.constant(weights.reshape(weights.shape[-2:]))
        product = to.node("MatMul", [stored, activation] if first else [activation, stored], name=name)
    else:
        product = _grouped(to, activation, weights, rank, name, first=first)
    if vectors:  # their axis of length 1 goes again
        to.node("Reshape", [product, to.constant([0] * (rank - 2) + [-1] * (2 - vectors), np.int64)])


def _grouped(to: NodeWriter, activation: str, weights: NDArray[Any], rank: int, name: str, *, first: bool) -> str:
    """A stack of matrices, shape (..., inputs, outputs), or ``first`` (..., outputs, inputs), times the activation.

    Axes along which matrices differ come to the front of the activation, its inputs behind them, and everything else
    last: (1, matrices x inputs, vectors) is what a convolution takes.
    """
    matrices = np.ascontiguousarray(weights if first else weights.swapaxes(-1, -2))
    *stack, outputs, inputs = matrices.shape
    differing = [k for k, n in enumerate(stack, rank - 2 - len(stack)) if n > 1]
    lengths = [n for n in stack if n > 1]
    front = [*differing, rank - 2 if first else rank - 1]
    order = front + [k for k in range(rank) if k not in front]
    turned = to.node("Transpose", [activation], perm=order)
    flat = to.node("Reshape", [turned, to.constant([1, prod(lengths) * inputs, -1], np.int64)])
    single = to.of_type(np.float32) if to.dtype == np.float64 else to  # onnxruntime has no Conv of doubles
    stored = single.constant(matrices.reshape(-1, inputs, 1))
    product = single.node("Conv", [single.cast(flat, to), stored], group=prod(lengths), name=name)
    product = to.cast(product, single)
    others = to.sliced(to.node("Shape", [turned]), 0, slice(len(front), rank))
    shape = to.node("Concat", [to.constant([*lengths, outputs], np.int64), others], axis=0)
    unfolded = to.node("Reshape", [product, shape])
    return to.node("Transpose", [unfolded], perm=np.argsort(order).tolist())


def _ranks(model: onnx.ModelProto) -> dict[str, int]:
    """Number of axes of each tensor whose shape onnx can infer, by name."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    known = [i for i in (*graph.input, *graph.value_info, *graph.output) if i.type.tensor_type.HasField("shape")]
    return {i.name: len(i.type.tensor_type.shape.dim) for i in known}


_REWRITES = {"Gemm": _gemm, "MatMul": _matmul}
