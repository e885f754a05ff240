"""What layers see of images: batch by batch, because only the graph knows along which axes its images run."""

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
_KEPT = 1 << 19
"""Values of a layer's activation that are enough for a fit."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a layer sees of some images.

    Attributes:
        tensors: its activation, one for each batch of images.
        images: how many there are in all of them.

    """

    tensors: tuple[NDArray[Any], ...]
    images: int

    def vectors(self, layer: MappedLayer, most: int) -> Array:
        """What the layer's arrays see of it, shape (groups, vectors, inputs), at most about ``most`` vectors."""
        of_batch = max(1, most // len(self.tensors))
        return np.concatenate([layer.to_vectors(t, of_batch) for t in self.tensors], axis=1)

    def vectors_an_image(self, layer: MappedLayer) -> int:
        """How many vectors an image puts onto each of the layer's matrices, rounded up."""
        return -(-sum(layer.vectors_in(t.shape) for t in self.tensors) // self.images)


def activation_names(network: Network, plans: Iterable[LayerPlan]) -> list[str]:
    """The tensors that the layers see."""
    nodes = network.graph.nodes
    return [nodes[p.layer.node].input[p.layer.activation_input] for p in plans]


def check_activations(network: Network, plans: Sequence[LayerPlan], images: NDArray[Any]) -> None:
    """Find an activation that cannot go onto arrays, which nobody knows before the network has run.

    Raises:
        InputError: there is one; the message names file and node.

    """
    tensors = network.opened(activation_names(network, plans))(images)
    for plan, tensor in zip(plans, tensors, strict=True):
        with located(f"{network.source}: {plan.layer.op} node {plan.layer.name!r}"):
            plan.layer.vectors_in(tensor.shape)


def activations_of(network: Network, plans: Sequence[LayerPlan], images: NDArray[Any]) -> tuple[Seen, ...]:
    """What each layer sees of as many of the images as are worth their memory."""
    kept: list[list[NDArray[Any]]] = [[] for _ in plans]
    counts = [0] * len(plans)
    of_batch = network.opened(activation_names(network, plans))
    for batch in network.batches(images, IMAGES_AT_ONCE):
        wanting = [k for k, some in enumerate(kept) if sum(t.size for t in some) < _KEPT]
        if not wanting:
            break
        tensors = of_batch(batch)
        for k in wanting:
            kept[k].append(tensors[k])
            counts[k] += len(batch)
    return tuple(Seen(tuple(some), count) for some, count in zip(kept, counts, strict=True))
