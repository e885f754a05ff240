"""Activations of layers, batch by batch, because only the graph knows along which axes its images run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluator.mapping.plan import LayerPlan
from evaluator.network.layer import Array, MappedLayer
from evaluator.network.onnx_model import Network
from models_va.errors import located

IMAGES_AT_ONCE = 16
_ENOUGH = 1 << 19
"""Number of values of a layer's activation that is enough for a fit."""


@dataclass(frozen=True, eq=False)
class Activations:
    """Activations of a layer for some images.

    Attributes:
        tensors: the layer's input tensor for each batch of images.
        images: number of images in all batches.

    """

    tensors: tuple[NDArray[Any], ...]
    images: int

    def vectors(self, layer: MappedLayer, most: int) -> Array:
        """Input vectors of the layer's matrices, at most about ``most``: shape (groups, vectors, inputs)."""
        of_batch = max(1, most // len(self.tensors))
        return np.concatenate([layer.to_vectors(t, of_batch) for t in self.tensors], axis=1)

    def vectors_an_image(self, layer: MappedLayer) -> int:
        """Number of vectors that an image puts onto each of the layer's matrices, rounded up."""
        return -(-sum(layer.vectors_in(t.shape) for t in self.tensors) // self.images)


def activation_names(network: Network, plans: Iterable[LayerPlan]) -> list[str]:
    """Names of the tensors that the layers multiply with their weights."""
    nodes = network.graph.nodes
    return [nodes[p.layer.node].input[p.layer.activation_input] for p in plans]


def check_activations(network: Network, plans: Sequence[LayerPlan], images: NDArray[Any]) -> None:
    """Refuse an activation that cannot go onto arrays, which nobody knows before the network has run.

    Raises:
        InputError: there is one; the message names file and node.

    """
    tensors = network.opened(activation_names(network, plans))(images)
    for plan, tensor in zip(plans, tensors, strict=True):
        with located(f"{network.source}: {plan.layer.op} node {plan.layer.name!r}"):
            plan.layer.vectors_in(tensor.shape)


def activations_of(network: Network, plans: Sequence[LayerPlan], images: NDArray[Any]) -> tuple[Activations, ...]:
    """Activations of each layer for as many of the images as are worth their memory."""
    tensors: list[list[NDArray[Any]]] = [[] for _ in plans]
    counts = [0] * len(plans)
    of_batch = network.opened(activation_names(network, plans))
    for batch in network.batches(images, IMAGES_AT_ONCE):
        wanting = [k for k, of_layer in enumerate(tensors) if sum(t.size for t in of_layer) < _ENOUGH]
        if not wanting:
            break
        new = of_batch(batch)
        for k in wanting:
            tensors[k].append(new[k])
            counts[k] += len(batch)
    return tuple(Activations(tuple(of_layer), count) for of_layer, count in zip(tensors, counts, strict=True))
