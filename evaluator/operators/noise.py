"""Standard normal numbers in a graph, several times faster than RandomNormalLike draws them.

onnxruntime draws one number after another (6.6 ns each), which takes more time than a convolution. So 64 neighbours of
a tensor take a row of a constant table together, and only the number of the row is drawn. The table's columns are
quantiles of the normal distribution in random order, with the means, variances and correlations that the sample left
taken out. So every number drawn is normal (up to 4.0 standard deviations), and means and covariances of all of them are
exactly 0 and 1; what is approximate is only that 64 neighbours together are one of 16,384 samples.

Where onnxruntime has no kernel for RandomUniformLike (1.32: from opset 22 on), the row's number comes bit by bit from
the mask of a Dropout in training, which is as random and which it has for every opset.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
from scipy.special import ndtri

from evaluator.network.layer import Array
from evaluator.network.node_writer import NodeWriter
from evaluator.network.runtime import accepts

_BITS = 14
ROWS, WIDTH = 1 << _BITS, 64
"""4 MB of float32. Wider rows are copied faster; more rows reach farther into the tails."""
_SEED = 20260
_HALF = 1 << 12
"""ONNX's seeds are float32: whole numbers up to the square of this."""
_MOST_LAYERS = 1 << 10
"""Number of layers whose seeds are told apart in a graph, with 16,384 nodes each."""
_ROUNDS = 4
_STRIDES_FROM = 10
"""First opset whose Slice takes strides and ends that are computed."""
_END = np.iinfo(np.int64).max
_RUNS_APART = 1 << 7
"""onnxruntime's Dropout takes the next whole number as its seed in each run: seeds of nodes are so far apart."""


def standard_normal(to: NodeWriter, like: str, seed: float) -> str:
    """Write uncorrelated standard normal numbers of the shape of the tensor ``like``; the name of their tensor."""
    if to.opset < _STRIDES_FROM:
        return to.node("RandomNormalLike", [like], mean=0.0, scale=1.0, seed=seed)
    first, all_, end, width = (to.constant([v], np.int64) for v in (0, -1, _END, WIDTH))
    flat = to.node("Reshape", [like, all_])
    of_rows = to.node("Slice", [flat, first, end, first, width])
    rows = to.node("Cast", [_places(to, of_rows, seed)], to=onnx.TensorProto.INT64)
    drawn = to.node("Gather", [to.shared("normal_numbers", normal_numbers()), rows], axis=0)
    cut = to.node("Slice", [to.node("Reshape", [drawn, all_]), first, to.node("Shape", [flat]), first])
    return to.node("Reshape", [cut, to.node("Shape", [like])])


def _places(to: NodeWriter, like: str, seed: float) -> str:
    """Write a random row number of the table, 0 .. ROWS - 1 once cut to integers, for each of ``like``, shape (n,)."""
    if _draws_uniform(to.opset):
        # a little less than their number, because single precision rounds up to the end of the range
        high = ROWS - 0.02
        return to.node("RandomUniformLike", [like], dtype=onnx.TensorProto.FLOAT, low=0.0, high=high, seed=seed)
    single = to.of_type(np.float32)
    shape = single.node("Expand", [single.cast(like, to), single.constant([_BITS, 1], np.int64)])
    settings = [single.constant(0.5), single.constant(True, np.bool_)]
    mask = single.node("Dropout", [shape, *settings], output=1, seed=int(seed) * _RUNS_APART)
    bits = single.node("Cast", [mask], to=onnx.TensorProto.FLOAT)
    return single.node("MatMul", [single.constant(2.0 ** np.arange(_BITS)), bits])


@cache
def _draws_uniform(opset: int) -> bool:
    """Whether onnxruntime draws uniform numbers in graphs of this opset."""
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n"]) for name in ("x", "y"))
    graph = onnx.helper.make_graph([onnx.helper.make_node("RandomUniformLike", ["x"], ["y"])], "g", [x], [y])
    return accepts(graph, opset)


def node_seed(graph_seed: int, layer: int, node: int) -> float:
    """Seed of a random node, another for each of a graph.

    The node's number among all is permuted by a Feistel network (Luby and Rackoff, SIAM J. Comput. 17, 373 (1988)),
    every round of which can be undone: so no two come together, and neighbours have nothing in common.

    Args:
        graph_seed: seed of all random nodes, not negative.
        layer: number of the layer.
        node: number of the node in it.

    """
    left, right = divmod((node * _MOST_LAYERS + layer) % _HALF**2, _HALF)
    for turn in range(_ROUNDS):
        mixed = np.random.SeedSequence((graph_seed, turn, right)).generate_state(1)[0] % _HALF
        left, right = right, left ^ int(mixed)
    return float(left * _HALF + right)


@cache
def normal_numbers() -> Array:
    """The table of normal numbers, shape (ROWS, WIDTH): columns have mean 0, variance 1 and no correlation."""
    quantiles = ndtri((np.arange(ROWS) + 0.5) / ROWS)
    rng = np.random.default_rng(_SEED)
    table = rng.permuted(np.tile(quantiles, (WIDTH, 1)), axis=1)
    lower = np.linalg.cholesky(table @ table.T / ROWS)
    return np.ascontiguousarray(np.linalg.solve(lower, table).T)
