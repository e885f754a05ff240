"""The graph that passes hand on: constants and names are found once, and are always those of its own nodes."""

import numpy as np
import pytest

from evaluator.network import graph as graph_module
from evaluator.network.batch_norm import fold_batch_norm
from evaluator.network.constants import constant_values
from evaluator.network.graph import Graph
from evaluator.network.onnx_model import load_network
from evaluator.network.ops.layers import mapped_layers
from evaluator.operators.mapped import with_weights
from tests.evaluator import networks


def is_right(graph):
    """Whether what a graph knows is what would be found in its model."""
    found, known = constant_values(graph.model), graph.constants
    same = all(np.array_equal(known[name], value) for name, value in found.items())
    return same and found.keys() == known.keys() and graph.names == Graph(graph.model).names


@pytest.mark.parametrize("form", networks.FORMS)
def test_a_graph_knows_itself_after_every_pass(tmp_path, form):
    loaded = load_network(networks.FORMS[form](tmp_path / "n.onnx")).graph
    folded = fold_batch_norm(loaded)
    layers = mapped_layers(folded)
    weighted = with_weights(folded, layers, [layer.weights for layer in layers])
    assert [is_right(g) for g in (loaded, folded, weighted)] == [True] * 3


def test_constants_are_found_once_where_no_product_is_rewritten(tmp_path, monkeypatch):
    path, calls = networks.FORMS["conv_norm"](tmp_path / "n.onnx"), []

    def counted(model):
        calls.append(model)
        return constant_values(model)

    monkeypatch.setattr(graph_module, "constant_values", counted)
    folded = fold_batch_norm(load_network(path).graph)
    layers = mapped_layers(folded)
    with_weights(folded, layers, [layer.weights for layer in layers])
    assert len(calls) == 1


def test_a_copy_changes_alone(tmp_path):
    graph = load_network(networks.FORMS["conv_norm"](tmp_path / "n.onnx")).graph
    before, names, constants = graph.model.SerializeToString(), set(graph.names), set(graph.constants)
    copy = graph.copy()
    name = copy.store("w", np.ones(3))
    assert name not in names
    assert np.array_equal(copy.constants[name], np.ones(3))
    copy.remove_nodes([len(copy.nodes) - 1])
    assert len(copy.nodes) == len(graph.nodes) - 1
    assert (graph.model.SerializeToString(), set(graph.names), set(graph.constants)) == (before, names, constants)
