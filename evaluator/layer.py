"""MappedLayer: the part of an ONNX graph that matrices of conductances compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MappedLayer:
    """One node of the graph whose weights go onto arrays; bias and scalar factors stay digital.

    Attributes:
        name: for people: the node's name, or its operator and position where it has none.
        op: ONNX operator.
        node: position of the node in the graph.
        weight_input, activation_input: positions among the node's inputs.
        weights: shape (groups, outputs, inputs), in the network's own units, finite: a matrix for each group.
        block: inputs that belong together, the places of a kernel: tiles are cut between blocks where they can.
        to_node: turns matrices of the shape of ``weights`` into layout and type of the node's own input.
        to_vectors: turns the node's activation tensor into what the arrays see: (activation, most) -> shape (groups,
            vectors, inputs), evenly spaced ones if there are more than ``most``.

    """

    name: str
    op: str
    node: int
    weight_input: int
    activation_input: int
    weights: Array
    block: int
    to_node: Callable[[Array], NDArray[Any]]
    to_vectors: Callable[[NDArray[Any], int], Array]

    @property
    def groups(self) -> int:
        """Matrices that share nothing."""
        return int(self.weights.shape[0])

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs) of each group."""
        _, outputs, inputs = self.weights.shape
        return outputs, inputs


def evenly(count: int, most: int) -> NDArray[np.int64]:
    """At most ``most`` of the numbers 0 .. count - 1, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
