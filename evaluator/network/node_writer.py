"""NodeWriter: writes nodes into a graph, under names that are not in use, as the graph's opset has them."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike, NDArray
from onnx import helper

from evaluator.network.graph import Graph, unused_name


class NodeWriter:
    """Writer of the nodes and constants that take the place of one node.

    Args:
        graph: the graph, whose names are avoided and to which the constants are added.
        dtype: floating-point type of the constants and nodes that are written.

    """

    def __init__(self, graph: Graph, dtype: np.dtype[Any]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.dtype = dtype
        self.opset = graph.opset
        self._graph = graph

    def of_type(self, dtype: DTypeLike) -> NodeWriter:
        """A writer of another floating-point type; its nodes go to the same place."""
        other = copy(self)
        other.dtype = np.dtype(dtype)
        return other

    def cast(self, tensor: str, source: NodeWriter) -> str:
        """A tensor of another writer in this one's type; its name."""
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        return tensor if source.dtype == self.dtype else self.node("Cast", [tensor], to=kind)

    def node(self, op: str, inputs: Sequence[str], *, output: int = 0, **attributes: Any) -> str:
        """Add a node; the name of its output number ``output``, the last one that it gets."""
        names = [self._unused(op.lower()) for _ in range(output + 1)]
        self.nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names[output]

    def constant(self, value: ArrayLike, dtype: DTypeLike | None = None) -> str:
        """Add a constant, of the writer's type if no other is given; its name."""
        stored = np.asarray(value).astype(np.dtype(self.dtype if dtype is None else dtype))
        return self._graph.store(self._numbered("constant"), stored)

    def shared(self, name: str, value: ArrayLike) -> str:
        """The constant of this name, added once for the whole graph; its name."""
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        name = f"arrays_{name}_{kind}"
        if any(t.name == name for t in self._graph.model.graph.initializer):
            return name
        return self._graph.store(name, np.asarray(value).astype(self.dtype))

    def input(self, name: str) -> str:
        """Add an input of the graph, of any shape; its name."""
        name = self._unused(name)
        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        self._graph.model.graph.input.append(helper.make_tensor_value_info(name, kind, None))
        return name

    def scaled(self, tensor: str, factor: ArrayLike) -> str:
        """Add ``tensor`` times a constant; the name of the result, which is ``tensor`` itself for a factor of 1."""
        return tensor if np.all(np.asarray(factor) == 1) else self.node("Mul", [tensor, self.constant(factor)])

    def summed(self, tensors: Sequence[str]) -> str:
        """Add the sum of one tensor or more, all of one shape; its name."""
        return tensors[0] if len(tensors) == 1 else self.node("Sum", tensors)

    def rounded(self, tensor: str) -> str:
        """Add a tensor rounded to the nearest integers, halves up before opset 11, to even from there on; its name."""
        if self.opset >= 11:
            return self.node("Round", [tensor])
        return self.node("Floor", [self.node("Add", [tensor, self.constant(0.5)])])

    def clipped(self, tensor: str, low: float, high: float) -> str:
        """Add a tensor limited to ``low`` .. ``high``, exact for whole numbers; its name."""
        if self.opset < 12 and self.dtype == np.float64:  # onnxruntime has no Clip of these
            above = self.node("Relu", [self.node("Add", [tensor, self.constant(-low)])])
            left = self.node("Relu", [self.node("Sub", [self.constant(high - low), above])])
            return self.node("Sub", [self.constant(high), left])
        if self.opset >= 11:
            return self.node("Clip", [tensor, self.constant(low), self.constant(high)])
        return self.node("Clip", [tensor], min=float(low), max=float(high))

    def sliced(self, tensor: str, axis: int, part: slice) -> str:
        """Add the entries ``part`` of a tensor along an axis; the name of the result."""
        if self.opset >= 10:
            ends = ([part.start], [part.stop], [axis])
            return self.node("Slice", [tensor, *(self.constant(e, np.int64) for e in ends)])
        return self.node("Slice", [tensor], starts=[part.start], ends=[part.stop], axes=[axis])

    def gathered(self, tensor: str, axis: int, places: NDArray[np.int64]) -> str:
        """Add the entries ``places`` of a tensor along an axis; the name of the result."""
        return self.node("Gather", [tensor, self.constant(places, np.int64)], axis=axis)

    def call_last(self, name: str) -> None:
        """Give the last node's output this name, which the rest of the graph reads."""
        self.nodes[-1].output[0] = name

    def _unused(self, name: str) -> str:
        return unused_name(self._numbered(name), self._graph.names)

    def _numbered(self, name: str) -> str:
        """A name with the number of names in use, which differs from node to node."""
        return f"arrays_{name}_{len(self._graph.names)}"
