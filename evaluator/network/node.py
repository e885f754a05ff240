"""One node of an ONNX graph: its name for people, its attributes, the tensors that it reads, the graphs inside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx

STANDARD = ("", "ai.onnx")
"""Names of the domain of standard operators."""


def node_name(index: int, node: onnx.NodeProto) -> str:
    """The name of a node for people: its own, or operator and position, such as ``Gemm_3``, where it has none."""
    return node.name or f"{node.op_type}_{index}"


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes that a node gives, by name; text is decoded to str."""
    found = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()}


def inner_graphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs inside a node: branches of an If, the body of a Loop or Scan, and the graphs inside their nodes."""
    for attribute in node.attribute:
        own = [attribute.g] if attribute.HasField("g") else attribute.graphs
        for graph in own:
            yield graph
            for inner in graph.node:
                yield from inner_graphs(inner)


def read_by(node: onnx.NodeProto) -> set[str]:
    """The tensors that a node reads: its inputs, and what graphs inside it take from around them."""
    graphs = list(inner_graphs(node))
    read = {n for g in graphs for n in (*(o.name for o in g.output), *(i for inner in g.node for i in inner.input))}
    return {*node.input, *(read - {n for g in graphs for n in made_in(g)})}


def made_in(graph: onnx.GraphProto) -> set[str]:
    """Names of the tensors that a graph defines: its inputs, its initializers and the outputs of its nodes."""
    return {t.name for t in (*graph.input, *graph.initializer)} | {o for node in graph.node for o in node.output}
