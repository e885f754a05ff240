"""MappedLayer: the part of an ONNX graph that one matrix of conductances computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MappedLayer:
    """One node of the graph whose weights go onto arrays; bias and scalar factors stay digital in the node.

    Attributes:
        name: for people: the node's name, or its operator and position where it has none.
        op: ONNX operator.
        node: position of the node in the graph.
        weight_input, activation_input: positions among the node's inputs.
        weights: shape (outputs, inputs), in the network's own units, finite.
        to_node: turns a matrix of the shape of ``weights`` into layout and type of the node's own input.
        to_vectors: turns the node's activation tensor into what the arrays see, shape (vectors, inputs).

    """

    name: str
    op: str
    node: int
    weight_input: int
    activation_input: int
    weights: Array
    to_node: Callable[[Array], NDArray[Any]]
    to_vectors: Callable[[NDArray[Any]], Array]

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs)."""
        outputs, inputs = self.weights.shape
        return outputs, inputs
