"""A graph pass that frees a batch dimension fixed at export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.network.graph import Graph


def free_batch(graph: Graph) -> Graph:
    """Make the first dimension of input and outputs free, on a copy.

    Reshape targets that begin with the fixed batch size follow. That a first dimension is the batch is a
    convention, not a fact: the caller must compare the result with the original (``load_network`` does).

    Returns:
        The same object if the batch is free already.

    """
    size = batch_size(graph)
    if size is None:
        return graph
    constants = graph.constants
    freed = graph.copy()
    del freed.model.graph.value_info[:]  # shapes with the old batch size
    for info in (*freed.inputs, *freed.model.graph.output):
        dims = info.type.tensor_type.shape.dim
        if len(dims) and dims[0].dim_value == size:
            dims[0].dim_param = "batch"
    _free_reshapes(freed, constants, size)
    return freed


def batch_size(graph: Graph) -> int | None:
    """The fixed first dimension of the first input; None if it is free."""
    dims = [info.type.tensor_type.shape.dim for info in graph.inputs]
    if not dims or not len(dims[0]) or not dims[0][0].HasField("dim_value"):
        return None
    return int(dims[0][0].dim_value)


def _free_reshapes(graph: Graph, constants: Mapping[str, NDArray[Any]], size: int) -> None:
    """Give every Reshape of the graph whose target begins with the batch size a target that leaves it open."""
    for position, node in enumerate(graph.nodes):
        if node.op_type != "Reshape" or len(node.input) < 2 or node.input[0] in constants:
            continue
        target = constants.get(node.input[1])
        if target is None or target.size == 0 or target[0] != size:
            continue
        node.input[1] = graph.store(f"free_batch_{position}", _free_target(node, target))


def _free_target(node: onnx.NodeProto, target: NDArray[np.int64]) -> NDArray[np.int64]:
    """A Reshape target with a free batch: inferred (-1), or copied from the input (0) if another axis is inferred."""
    freed = target.copy()
    freed[0] = 0 if -1 in target[1:] else -1
    if freed[0] == 0:
        others = [a for a in node.attribute if a.name != "allowzero"]
        del node.attribute[:]
        node.attribute.extend(others)
    return freed
