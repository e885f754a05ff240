"""Constant tensors of an ONNX graph, wherever they come from, and those among them that are weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from evaluator.network.node import read_by
from evaluator.network.runtime import open_session, run
from models_va.errors import InputError
from spicegen.files import one_line

_ARRAY = re.compile(r"tensor\((u?int(8|16|32|64)|float|float16|double|bool|string)\)")
"""Tensor types that onnxruntime gives as an array. Sparse tensors are not among them, nor are float8, int4 and the
like, of which it gives nothing or their bits."""


def constant_values(model: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    """Every tensor of a graph that depends on no input, by name: initializers, Constant nodes, and their functions.

    A weight behind an Identity or a Transpose counts as constant. onnxruntime computes what nodes make of constants.

    Raises:
        InputError: one is damaged, or onnxruntime cannot compute them.

    """
    values = {t.name: _stored(t) for t in model.graph.initializer}
    values.update((t.values.name, _dense(t)) for t in model.graph.sparse_initializer)
    known = {"", *values}
    nodes = []
    for node in model.graph.node:
        if known.issuperset(read_by(node)):
            nodes.append(node)
            known.update(node.output)
    values.update((node.output[0], held) for node in nodes for held in _held(node))
    names = [name for node in nodes for name in node.output if name and name not in values]
    if names:
        session = open_session(_part(model, nodes, names))
        arrays = [o.name for o in session.get_outputs() if _ARRAY.fullmatch(o.type)]
        values.update(zip(arrays, run(session, {}, arrays), strict=True))
    return values


def constant_weights(
    node: onnx.NodeProto, position: int, constants: Mapping[str, NDArray[Any]], axes: range
) -> NDArray[Any]:
    """The weights that a node has as its input number ``position``, as they are stored.

    Args:
        node: the node.
        position: position of the weights among the node's inputs.
        constants: every constant tensor of the graph.
        axes: numbers of axes that the weights may have.

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


def _held(node: onnx.NodeProto) -> Iterator[NDArray[Any]]:
    """The tensor that a Constant node holds, if the node is one and holds a tensor."""
    for a in node.attribute if node.op_type == "Constant" else ():
        if a.type == onnx.AttributeProto.TENSOR:
            yield _stored(a.t)
        elif a.type == onnx.AttributeProto.SPARSE_TENSOR:
            yield _dense(a.sparse_tensor)


def _stored(tensor: onnx.TensorProto) -> NDArray[Any]:
    """A stored tensor as an array."""
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # of an unknown type, of another size than its shape says: whatever onnx raises
        raise InputError(f"constant {tensor.name!r} cannot be read ({one_line(error)}): export it again") from error


def _dense(tensor: onnx.SparseTensorProto) -> NDArray[Any]:
    """A sparse tensor as a dense array. Its indices count through the tensor, or are given along each axis."""
    stored, places = _stored(tensor.values), _stored(tensor.indices)
    try:
        dense = np.zeros(tensor.dims, stored.dtype)
        dense[tuple(places.T) if places.ndim == 2 else np.unravel_index(places, dense.shape)] = stored
    except (IndexError, MemoryError, TypeError, ValueError) as error:
        raise InputError(
            f"constant {tensor.values.name!r} cannot be read ({one_line(error)}): export it again"
        ) from error
    return dense


def _part(model: onnx.ModelProto, nodes: list[onnx.NodeProto], outputs: list[str]) -> onnx.ModelProto:
    """A model of these nodes alone, with the initializers of the whole one."""
    graph = onnx.GraphProto(name="constants", node=nodes)
    graph.initializer.extend(model.graph.initializer)
    graph.sparse_initializer.extend(model.graph.sparse_initializer)
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    return onnx.ModelProto(ir_version=max(model.ir_version, 4), opset_import=model.opset_import, graph=graph)
