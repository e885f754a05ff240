"""Networks from ONNX files: load, check, run. The user's model is never changed: passes work on copies."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from evaluator.data import Dataset
from evaluator.data.formats.files import open_file
from evaluator.network.free_batch import batch_size, free_batch
from evaluator.network.graph import Graph
from evaluator.network.node import STANDARD, node_name
from evaluator.network.products import plain_products
from evaluator.network.runtime import newest_opset, open_session, run
from models_va.errors import InputError, located
from spicegen.files import one_line

BATCH = 1000
_LARGEST_BATCH = 65536
_LARGEST_TRIAL = 2**27
"""Most values in the images that a network with a freed batch is tried on: 1 GiB of float64."""
_BATCH_VALUES = 2**17
"""Values in the images that run at once: activations of more no longer fit into the processors' caches."""
_FLOATING = (onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
_PADDINGS = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")
_DYNAMIC = "export it with a dynamic batch axis"

Run = Callable[..., list[NDArray[Any]]]
"""Function of the images and of further inputs of the graph that returns tensors."""


@dataclass(frozen=True, eq=False)
class Network:
    """A network with one image input; its first output are the logits, shape (n, classes).

    Attributes:
        source: the file, for messages.
        graph: its nodes and constants; the first axis of input and output is a free batch.
        input_name, dtype: name and data type of the input tensor.
        image_shape: axes of the input after the batch; None where an axis is free.
        batch: number of images that run at once, at most.
        threads: number of threads that a run uses; 0: one for each processor.

    """

    source: str
    graph: Graph
    input_name: str
    dtype: np.dtype[Any]
    image_shape: tuple[int | None, ...]
    batch: int = BATCH
    threads: int = 0

    def logits(self, images: NDArray[Any]) -> NDArray[np.float64]:
        """The logits, shape (n, classes), for images of shape (n, *image_shape).

        Raises:
            InputError: onnxruntime fails, or the result is not finite or has other axes that are longer than 1.

        """
        output = self.opened([self.logits_name])
        return self.joined((len(batch), output(batch)[0]) for batch in self.batches(images))

    def joined(self, outputs: Iterable[tuple[int, NDArray[Any]]]) -> NDArray[np.float64]:
        """The logits of all images, from the number of images of each batch and what the network puts out for it.

        Raises:
            InputError: they are not finite, or have no batch axis or several others that are longer than 1.

        """
        parts: list[NDArray[np.float64]] = []
        for count, part in outputs:
            if not isinstance(part, np.ndarray) or part.dtype.kind not in "biuf":
                raise InputError(f"{self.source}: its first output holds no numbers: export it with the logits there")
            classes = max(part.shape[1:], default=1)  # axes of length 1 do not count
            known = parts[0].shape[1] if parts else classes
            if part.shape[:1] != (count,) or part.size == 0 or part[0].size != classes or classes != known:
                raise InputError(f"{self.source}: gives shape {part.shape} for {count} images: (n, classes) needed")
            parts.append(part.astype(np.float64).reshape(count, -1))
        logits = np.concatenate(parts)
        if not np.all(np.isfinite(logits)):
            image = int(np.argwhere(~np.isfinite(logits))[0, 0])
            raise InputError(f"{self.source}: gives NaN or infinity for image {image}: check weights and data scale")
        return logits

    @property
    def logits_name(self) -> str:
        """Name of the first output."""
        return str(self.graph.model.graph.output[0].name)

    def with_graph(self, graph: Graph) -> Network:
        """The same network with another graph: other weights, for example."""
        return replace(self, graph=graph)

    def opened(self, names: Sequence[str]) -> Run:
        """A function that computes these tensors, whatever their axes, for images of shape (n, *image_shape) at once.

        It takes further inputs of the graph too. Which axis of a tensor is the images' only the graph knows.

        Raises:
            InputError: onnxruntime refuses the graph, or fails.

        """
        with located(self.source):
            session = open_session(_exposing(self.graph.model, names), self.threads)

        def of_batch(images: NDArray[Any], feeds: Mapping[str, NDArray[Any]] | None = None) -> list[NDArray[Any]]:
            with located(self.source):
                return run(session, {self.input_name: images.astype(self.dtype), **(feeds or {})}, names)

        return of_batch

    def batches(self, images: NDArray[Any], most: int | None = None) -> Iterator[NDArray[Any]]:
        """Images in groups that run at once, of ``most`` images at the most."""
        of_values = _BATCH_VALUES // max(images[0].size, 1) if len(images) else 1
        step = max(1, min(most or self.batch, self.batch, of_values))
        return (images[i : i + step] for i in range(0, len(images), step))

    def by_batches(self, names: Sequence[str], images: NDArray[Any], most: int) -> Iterator[list[NDArray[Any]]]:
        """The tensors of these names for all images, in batches of ``most`` images at the most."""
        return map(self.opened(names), self.batches(images, most))


def save_network(network: Network, path: Path) -> None:
    """Write the graph as an ONNX file.

    Raises:
        InputError: it cannot be written.

    """
    try:
        onnx.save(network.graph.model, path)
    except (OSError, ValueError) as error:  # ValueError: beyond protobuf's 2 GB
        raise InputError(f"{path}: cannot be written: {one_line(error)}") from error


def load_network(path: Path, data: Dataset | None = None) -> Network:
    """Read and check an ONNX file; a batch dimension fixed at export is made free.

    A batch of one image that cannot be freed stays, and images run one after another. Products are in the forms that
    go onto arrays: see ``plain_products``.

    Args:
        path: the file.
        data: images that the network is for, which tell how long its free axes are; without them 1.

    Raises:
        InputError: missing, truncated or not ONNX; not exactly one floating-point input with a batch axis; a
            fixed batch that is absurd or cannot be freed; weights that cannot be mapped; data that do not fit. The
            message names the file and the remedy.

    """
    with located(path):
        original = _network(path, Graph(_read(path)))
    network = _freed(original, data)
    with located(path):
        return network.with_graph(plain_products(network.graph))


def _read(path: Path) -> onnx.ModelProto:
    """Read a file, and the files of its weights, as a valid ONNX model."""
    try:
        with open_file(path) as stream:
            content = stream.read()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or one_line(error)}") from error
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's and onnx's exceptions have no common base
        raise InputError(f"is truncated or no ONNX file ({one_line(error)}): get it again") from error
    if not model.graph.node:
        raise InputError("is truncated or no ONNX file (it has no operators): get it again")
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except Exception as error:
        why = one_line(error)
        raise InputError(f"its weights cannot be read ({why}): put their files into its folder") from error
    _check_words(model)
    try:
        onnx.checker.check_model(model)
    except Exception as error:
        raise InputError(f"is no valid network ({one_line(error)}): {_remedy(str(error))}") from error
    return model


def _check_words(model: onnx.ModelProto) -> None:
    """Refuse an opset or an auto_pad that onnxruntime would refuse without naming valid ones, or the node."""
    newest = newest_opset()
    for entry in model.opset_import:
        if entry.domain in STANDARD and entry.version > newest:
            raise InputError(f"is of opset {entry.version}: export it with opset {newest} or older")
    for index, node in enumerate(model.graph.node):
        for padding in (a.s.decode(errors="replace") for a in node.attribute if a.name == "auto_pad"):
            if padding and node.domain in STANDARD and padding not in _PADDINGS:
                raise InputError(
                    f"{node.op_type} node {node_name(index, node)!r}: auto_pad is {padding!r}: "
                    f"export it with one of {', '.join(_PADDINGS)}"
                )


def _remedy(problem: str) -> str:
    """The remedy for a model that onnx's checker refuses, by the words of its message."""
    if "No opset import" in problem or "No Op registered" in problem:
        return "export it with standard operators, of the opset that it names"
    if "higher than the checker's" in problem:
        return f"export it for ONNX {onnx.__version__} or older"
    return "export it again"


def _network(path: Path, graph: Graph) -> Network:
    """The network of a graph with one floating-point input that has a batch axis."""
    inputs, outputs = graph.inputs, graph.model.graph.output
    if len(inputs) != 1 or not outputs:
        raise InputError(f"has {len(inputs)} inputs and {len(outputs)} outputs: one input, the image, is needed")
    name, tensor = inputs[0].name, inputs[0].type.tensor_type
    if tensor.elem_type not in _FLOATING:
        kinds = {number: kind.lower() for kind, number in onnx.TensorProto.DataType.items()}
        found = kinds.get(tensor.elem_type, f"number {tensor.elem_type}")
        raise InputError(f"input {name!r} has type {found}: export it with a float32 input")
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    if not len(tensor.shape.dim):
        raise InputError(f"input {name!r} has no batch axis: export it with one")
    axes = tuple(d.dim_value if d.HasField("dim_value") else None for d in tensor.shape.dim[1:])
    wrong = [n for n in axes if n is not None and n < 1]
    if wrong:
        raise InputError(f"input {name!r} has an axis of length {wrong[0]}: export it with axes of 1 or more")
    return Network(str(path), graph, name, dtype, axes)


def _freed(original: Network, data: Dataset | None) -> Network:
    """The network with a free batch, or, where a batch of one cannot be freed, with batches of one image."""
    size = batch_size(original.graph)
    if size is None:
        return original
    if not 1 <= size <= _LARGEST_BATCH:
        raise InputError(f"{original.source}: batch is fixed at {size}, not at 1 to {_LARGEST_BATCH}: {_DYNAMIC}")
    image = tuple(n or 1 for n in original.image_shape)
    if data is not None:
        image = replace(data, images=data.images[:1]).images_as(original.image_shape, original.dtype).shape[1:]
    shape = (2 * size, *image)
    if math.prod(shape) > _LARGEST_TRIAL:
        raise InputError(
            f"{original.source}: batch is fixed at {size} and images of shape {image} are too large to free it: "
            f"{_DYNAMIC}"
        )
    freed = original.with_graph(free_batch(original.graph))
    try:
        _check_freed(original, size, freed, shape)
    except InputError:
        if size > 1:
            raise
        return replace(original, batch=1)
    return freed


def _check_freed(original: Network, size: int, freed: Network, shape: tuple[int, ...]) -> None:
    """Check that the freed graph gives for two batches at once what the original gives for one after the other."""
    fixed = f"{original.source}: batch is fixed at {size} and"
    images = np.random.default_rng(0).uniform(size=shape)
    output = original.opened([original.logits_name])
    expected = original.joined((size, output(batch)[0]) for batch in (images[:size], images[size:]))
    try:
        found = freed.logits(images)
    except InputError as error:
        raise InputError(f"{fixed} cannot be freed: {_DYNAMIC}") from error
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-4, atol=1e-5):
        raise InputError(f"{fixed} images of one batch affect one another: {_DYNAMIC}")


def _exposing(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """A copy whose outputs are the named tensors."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    known = {o.name: o for o in model.graph.output}
    del copy.graph.output[:]
    copy.graph.output.extend(known.get(name) or onnx.ValueInfoProto(name=name) for name in dict.fromkeys(names))
    return copy
