"""The layers of a network: the nodes of its graph that go onto arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import onnx
from numpy.typing import NDArray

from evaluator.network.graph import Graph, unused_name
from evaluator.network.layer import MappedLayer
from evaluator.network.node import node_name
from evaluator.network.ops import EXTRACTORS, unmapped_weights
from models_va.errors import InputError, located


def mapped_layers(graph: Graph) -> list[MappedLayer]:
    """The layers of a network, in the order of its nodes.

    A matrix that several nodes share is a layer of each: every node has arrays of its own. So has every layer a name:
    that of an earlier one is followed by its node's number.

    Raises:
        InputError: an operator that holds weights and is not mapped, weights that cannot be mapped, or no layer
            at all; the message names the node.

    """
    constants = graph.constants
    for index, node in enumerate(graph.nodes):
        _check_supported(index, node, constants)
    layers: list[MappedLayer] = []
    taken: set[str] = set()
    for index, node in enumerate(graph.nodes):
        if node.op_type in EXTRACTORS and node.output[0] not in constants:
            with located(f"{node.op_type} node {node_name(index, node)!r}"):
                layer = EXTRACTORS[node.op_type](index, node, constants)
            name = f"{layer.name}_{index}" if layer.name in taken else layer.name
            layers.append(replace(layer, name=unused_name(name, taken)))
    if not layers:
        raise InputError(f"has no {' or '.join(EXTRACTORS)} node: there are no weights to put onto arrays")
    return layers


def _check_supported(index: int, node: onnx.NodeProto, constants: Mapping[str, NDArray[Any]]) -> None:
    """Refuse a node that may hold weights and cannot go onto arrays."""
    found = unmapped_weights(node, constants)
    if found:
        inside = "" if found == node.op_type else f"inside {node.op_type} "
        raise InputError(
            f"operator {found!r} {inside}of node {node_name(index, node)!r} may hold weights and cannot go onto "
            f"arrays: export them as {', '.join(EXTRACTORS)}; all other standard operators run digitally"
        )
