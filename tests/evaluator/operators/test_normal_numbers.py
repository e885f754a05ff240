"""Normal numbers from a table: first and second moments are exact, the law is normal, and no two are related."""

import numpy as np
import onnx
import pytest
from onnx import helper
from scipy import stats

from evaluator.network.graph import Graph
from evaluator.network.node_writer import NodeWriter
from evaluator.network.runtime import open_session, run
from evaluator.operators.noise import ROWS, WIDTH, node_seed, normal_numbers, standard_normal
from tests.evaluator import networks


def drawn(shape, runs, seed=5.0, kind=networks.FLOAT, opset=17):
    x = helper.make_tensor_value_info("x", kind, None)
    graph = onnx.GraphProto(name="g", input=[x])
    model = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", opset)], graph=graph)
    to = NodeWriter(Graph(model), np.dtype(helper.tensor_dtype_to_np_dtype(kind)))
    names = [standard_normal(to, "x", seed), standard_normal(to, "x", seed + 1)]
    model.graph.node.extend(to.nodes)
    model.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names)
    session, like = open_session(model), np.zeros(shape, to.dtype)
    return np.array([run(session, {"x": like}, names) for _ in range(runs)], dtype=float)


def test_moments_of_the_table_are_exact():
    table = normal_numbers()
    assert table.shape == (ROWS, WIDTH)
    assert np.abs(table.mean(axis=0)).max() < 1e-12
    assert np.abs(table.T @ table / ROWS - np.eye(WIDTH)).max() < 1e-12
    assert stats.kstest(table.ravel(), "norm").statistic < 1e-3


@pytest.mark.parametrize("shape", [(1,), (3, 5), (2, 3, 7, 9), (1, 64), (5, 1, 13)])
@pytest.mark.parametrize("kind", [networks.FLOAT, networks.DOUBLE, onnx.TensorProto.FLOAT16])
def test_any_shape_and_type(shape, kind):
    found = drawn(shape, 2, kind=kind)
    assert found.shape == (2, 2, *shape)
    assert np.abs(found).max() < 6
    assert len(np.unique(found)) > 1


@pytest.mark.parametrize("opset", [9, 17, onnx.defs.onnx_opset_version()])  # the operator itself, the table, its bits
def test_law_and_independence(opset):
    n, runs = 130, 6000
    found = drawn((n,), runs, opset=opset).reshape(runs, 2 * n)  # of two nodes, over the runs
    assert np.abs(found.mean(axis=0)).max() < 5 / runs**0.5
    covariance = np.cov(found, rowvar=False) - np.eye(2 * n)
    assert np.abs(covariance).max() < 6.5 * (2 / runs) ** 0.5
    assert stats.kstest(found[::7].ravel(), "norm").pvalue > 1e-4
    projected = found @ np.random.default_rng(0).normal(size=2 * n)
    assert stats.kstest(projected / projected.std(), "norm").pvalue > 1e-4
    runs_after = found[:-1].T @ found[1:] / runs
    assert np.abs(runs_after).max() < 6.5 / runs**0.5


def test_a_graph_holds_one_table():
    model = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)], graph=onnx.GraphProto(name="g"))
    for _ in range(2):
        to = NodeWriter(Graph(model), np.dtype(np.float32))
        standard_normal(to, "x", 0.0)
        standard_normal(to, "x", 1.0)
    assert sum(t.dims == [ROWS, WIDTH] for t in model.graph.initializer) == 1


def test_nodes_of_a_graph_have_different_seeds():
    """Of 20,000 drawn from as many as ONNX has, some twelve pairs would be equal."""
    found = [node_seed(2**62, layer, node) for layer in range(100) for node in range(200)]
    assert len(set(found)) == len(found)
    assert 0 <= min(found) <= max(found) < 2**24
    assert stats.kstest(np.array(found) / 2**24, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 5 / len(found) ** 0.5
    assert node_seed(1, 0, 0) != node_seed(2, 0, 0)
    assert len({node_seed(3, layer, node) for layer in (0, 1023) for node in (0, 16_383)}) == 4
