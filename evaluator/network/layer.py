"""MappedLayer: the part of an ONNX graph that matrices of conductances compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.network.node_writer import NodeWriter

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Product:
    """The bare product of weights and activation as an ONNX node: no bias, no factor.

    Attributes:
        op: ``"Conv"`` or ``"MatMul"``.
        attributes: attributes of that node.
        weights_first: whether the weights are its first input.
        input_axis: axis of the activation along which blocks of inputs run.
        output_axis: axis of the product along which (group, output) run.
        trailing: number of axes that the product has behind that one.
        lay_out: turns matrices of shape (groups, outputs, inputs) into the node's weights. Of an ungrouped layer the
            inputs may be any whole blocks, and the outputs any number.
        finish: adds the nodes for what the whole node does besides (bias, factors) to a product, given by name, and
            returns the name of the result.

    """

    op: str
    attributes: Mapping[str, Any]
    weights_first: bool
    input_axis: int
    output_axis: int
    trailing: int
    lay_out: Callable[[Array], NDArray[Any]]
    finish: Callable[[NodeWriter, str], str]

    def write(self, to: NodeWriter, activation: str, weights: Array) -> str:
        """Add the product of an activation with matrices of shape (groups, outputs, inputs); its name."""
        stored = to.constant(self.lay_out(weights))
        inputs = [stored, activation] if self.weights_first else [activation, stored]
        return to.node(self.op, inputs, **self.attributes)

    def along_outputs(self, values: Array) -> Array:
        """Numbers of shape (groups, outputs) in a shape that broadcasts against the product tensor."""
        return values.reshape(-1, *[1] * self.trailing)


@dataclass(frozen=True, eq=False)
class MappedLayer:
    """One node of the graph whose weights go onto arrays; bias and scalar factors stay digital.

    Attributes:
        name: name of the node for people, or its operator and position where it has none.
        op: ONNX operator.
        node: position of the node in the graph.
        weight_input, activation_input: positions among the node's inputs.
        weights: shape (groups, outputs, inputs), in the network's own units, finite: a matrix for each group.
        dtype: floating-point type of the node's weights.
        block: inputs that belong together, the places of a kernel: tiles are cut between blocks where they can.
        to_node: turns matrices of the shape of ``weights`` into the layout of the node's own input.
        to_vectors: turns the node's activation tensor into input vectors: (activation, most) -> shape (groups, vectors,
            inputs), evenly spaced ones if there are more than ``most``.
        vectors_in: number of input vectors in each group of an activation of this shape; raises an InputError if no
            array takes such a shape.
        from_vectors: turns output vectors into the product's tensor: (shape (groups, vectors, outputs), of all vectors
            in their order, and the activation's shape) -> tensor.
        product: the bare product of weights and activation, without bias and factors.

    """

    name: str
    op: str
    node: int
    weight_input: int
    activation_input: int
    weights: Array
    dtype: np.dtype[Any]
    block: int
    to_node: Callable[[Array], NDArray[Any]]
    to_vectors: Callable[[NDArray[Any], int | None], Array]
    vectors_in: Callable[[tuple[int, ...]], int]
    from_vectors: Callable[[Array, tuple[int, ...]], Array]
    product: Product

    @property
    def array_dtype(self) -> np.dtype[Any]:
        """Floating-point type of what arrays compute: at least float32.

        Half precision ends at 65,504, and counts the codes of converters exactly only up to 2,048.
        """
        return np.promote_types(self.dtype, np.float32)

    @property
    def groups(self) -> int:
        """Number of matrices, which share neither inputs nor outputs."""
        return int(self.weights.shape[0])

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (outputs, inputs) of each group's matrix."""
        _, outputs, inputs = self.weights.shape
        return outputs, inputs


def evenly(count: int, most: int | None) -> NDArray[np.int64]:
    """At most ``most`` of the numbers 0 .. count - 1, evenly spaced; all of them for None."""
    return np.unique(np.linspace(0, count - 1, min(count, most or count)).astype(np.int64))
