"""Graph: an ONNX model with its constant tensors and the names in use, each found once and kept right by the passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from evaluator.network.constants import constant_values
from evaluator.network.node import STANDARD, inner_graphs, made_in, read_by


class Graph:
    """The graph of a network, as one graph pass hands it to the next.

    A pass never changes the graph that it is given: it changes a ``copy`` by the methods below, which update or forget
    what is known about constants and names.

    Attributes:
        model: the ONNX model.

    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self._constants: dict[str, NDArray[Any]] | None = None
        self._names: set[str] | None = None

    @property
    def nodes(self) -> Sequence[onnx.NodeProto]:
        """The nodes in the order in which they run."""
        nodes: Sequence[onnx.NodeProto] = self.model.graph.node
        return nodes

    @property
    def inputs(self) -> list[onnx.ValueInfoProto]:
        """The inputs that need a value: not those (ONNX IR 3) that only announce an initializer."""
        stored = {t.name for t in self.model.graph.initializer}
        return [i for i in self.model.graph.input if i.name not in stored]

    @property
    def opset(self) -> int:
        """Version of the standard operators that the graph uses."""
        return max(int(o.version) for o in self.model.opset_import if o.domain in STANDARD)

    @property
    def constants(self) -> Mapping[str, NDArray[Any]]:
        """Every tensor that depends on no input, by name; see ``constant_values``.

        Raises:
            InputError: one is damaged, or onnxruntime cannot compute them.

        """
        if self._constants is None:
            self._constants = constant_values(self.model)
        return self._constants

    @property
    def names(self) -> set[str]:
        """Every tensor name in use, in the graph and in the graphs inside its nodes; new names must be added to it."""
        if self._names is None:
            graphs = [self.model.graph, *(g for node in self.nodes for g in inner_graphs(node))]
            self._names = {n for g in graphs for n in made_in(g)} | {n for node in self.nodes for n in node.input}
        return self._names

    def copy(self) -> Graph:
        """A copy for a pass to change; what is known already is not found again."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        copy = Graph(model)
        copy._constants = None if self._constants is None else dict(self._constants)
        copy._names = set(self.names)
        return copy

    def store(self, name: str, value: NDArray[Any]) -> str:
        """Add an initializer, under ``name`` or one like it that is not in use; the name that it got."""
        name = unused_name(name, self.names)
        stored = np.array(value, order="C")
        self.model.graph.initializer.append(numpy_helper.from_array(stored, name))
        if self._constants is not None:
            self._constants[name] = stored
        return name

    def replace_nodes(self, nodes: Iterable[onnx.NodeProto]) -> None:
        """Let the graph have these nodes instead of its own; constants and names are found again when asked for."""
        nodes = list(nodes)
        del self.model.graph.node[:]
        self.model.graph.node.extend(nodes)
        self._constants, self._names = None, None

    def remove_nodes(self, positions: Iterable[int]) -> None:
        """Remove the nodes at these positions, whose outputs no other node may need as constants."""
        for position in sorted(positions, reverse=True):
            for name in self.nodes[position].output:
                if self._constants is not None:
                    self._constants.pop(name, None)
            del self.model.graph.node[position]
        self._names = None

    def drop_unused(self) -> None:
        """Remove the initializers that no node reads, such as weights that were replaced."""
        graph = self.model.graph
        used = {name for node in graph.node for name in read_by(node)} | {o.name for o in graph.output}
        gone = {t.name for t in graph.initializer} - used
        if not gone:
            return
        left = [t for t in graph.initializer if t.name in used]
        announced = [i for i in graph.input if i.name not in gone]
        stored = onnx.GraphProto(initializer=left, input=announced)
        del graph.initializer[:], graph.input[:]
        graph.initializer.extend(stored.initializer)
        graph.input.extend(stored.input)
        for name in gone:
            if self._constants is not None:
                self._constants.pop(name, None)
        self._names = None


def unused_name(name: str, taken: set[str]) -> str:
    """``name``, with underscores added until it is not in ``taken``; from then on it is."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
