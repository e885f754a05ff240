"""Runs of onnxruntime, whose exceptions become InputErrors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import onnx
import onnxruntime
from numpy.typing import NDArray

from models_va.errors import InputError
from spicegen.files import one_line

_SILENT = 4  # onnxruntime's log level "fatal": its errors are raised as InputError, so its log would only repeat them


def open_session(model: onnx.ModelProto, threads: int = 0) -> onnxruntime.InferenceSession:
    """Open a session of onnxruntime that computes a graph on the CPU.

    Args:
        model: the graph.
        threads: number of threads that one run uses; 0: as many as there are processors.

    Raises:
        InputError: onnxruntime refuses the graph.

    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = threads
    # integer kernels for quantized networks round differently: the same arithmetic with and without arrays
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    try:  # beyond protobuf's 2 GB there are no bytes
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base
        raise InputError(f"onnxruntime refuses the network ({one_line(error)}): export it again") from error


def accepts(graph: onnx.GraphProto, opset: int) -> bool:
    """Whether onnxruntime has a kernel for every standard operator of a graph in this opset."""
    model = onnx.helper.make_model_gen_version(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])
    try:
        open_session(model)
    except InputError:
        return False
    return True


@cache
def newest_opset() -> int:
    """The newest version of the standard operators that both onnx knows and onnxruntime takes."""
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n"]) for name in ("x", "y"))
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    return next(n for n in range(onnx.defs.onnx_opset_version(), 0, -1) if accepts(graph, n))


def run(
    session: onnxruntime.InferenceSession, feeds: Mapping[str, NDArray[Any]], outputs: Sequence[str]
) -> list[NDArray[Any]]:
    """Compute outputs of a graph.

    Args:
        session: onnxruntime session of the graph.
        feeds: input tensors by name.
        outputs: names of the outputs that are wanted.

    Returns:
        The outputs in the order of their names.

    Raises:
        InputError: onnxruntime fails, for example on shapes that do not fit.

    """
    try:
        return list(session.run(list(outputs), dict(feeds)))
    except Exception as error:  # onnxruntime's exceptions have no common base
        raise InputError(f"onnxruntime cannot run the network ({one_line(error)}): export it again") from error
