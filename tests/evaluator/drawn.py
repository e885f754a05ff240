"""Networks that grow by chance, of all forms that are to be covered."""

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.evaluator import networks

DEQUANTIZED = range(10, 26)
"""Opsets of which onnx and onnxruntime 1.32 both have DequantizeLinear."""


class Drawn:
    """A graph that grows by nodes whose numbers and attributes are drawn."""

    def __init__(self, seed, opset, widths):
        self.rng, self.opset = np.random.default_rng(seed), opset
        self.dtype, self.batch = np.dtype(self.one(*widths)), self.one(None, None, 1, 4)
        self.nodes, self.tensors, self.layers, self.names = [], {}, 0, 0

    def chance(self, share):
        return self.rng.random() < share

    def one(self, *of):
        return of[self.rng.integers(len(of))]

    def integers(self, low, high, count):
        return [int(n) for n in self.rng.integers(low, high + 1, count)]

    def name(self):
        self.names += 1
        return f"t{self.names}"

    def node(self, op, *inputs, **attributes):
        self.nodes.append(
            helper.make_node(op, inputs, [self.name()], name=self.one("", f"n{self.names}"), **attributes)
        )
        return self.nodes[-1].output[0]

    def constant(self, value):
        value, name = np.asarray(value), self.name()
        if self.opset < 9 or self.chance(0.5):  # older Constants hold no integers
            self.tensors[name] = value
        else:
            self.nodes.append(helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(value)))
        return name

    def numbers(self, *shape):
        return self.constant((self.rng.normal(size=shape) * 0.3).astype(self.dtype))

    def weights(self, *shape):
        """Constant numbers in one of the forms that exporters give them."""
        value = (self.rng.normal(size=shape) / np.sqrt(max(1, np.prod(shape[1:])))).astype(self.dtype)
        forms = ["stored", "identity", "transposed", "reshaped", "computed", "half"]
        if self.dtype == np.float32 and self.opset in DEQUANTIZED:
            forms += ["tensor"] + ["axis"] * (self.opset >= 13) + ["float8", "int4"] * (self.opset >= 21)
        match self.one(*forms):
            case "stored":
                return self.constant(value)
            case "identity":
                return self.node("Identity", self.constant(value))
            case "transposed":
                order = self.rng.permutation(len(shape))
                stored = self.constant(np.ascontiguousarray(value.transpose(order)))
                return self.node("Transpose", stored, perm=np.argsort(order).tolist())
            case "reshaped":
                return self.node("Reshape", self.constant(value.ravel()), self.constant(np.array(shape)))
            case "computed":
                return self.node("Mul", self.constant(value), self.constant(np.array(0.5, self.dtype)))
            case "half":
                to = helper.np_dtype_to_tensor_dtype(self.dtype)
                return self.node("Cast", self.constant(value.astype(np.float16)), to=to)
            case "float8":
                stored = value.astype(self.one(ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2))
                return self.node("Cast", self.constant(stored), to=TensorProto.FLOAT)
            case "int4":
                stored = self.rng.integers(0, 8, shape).astype(self.one(ml_dtypes.int4, ml_dtypes.uint4))
                zero = [self.constant(np.array(3, stored.dtype))]
                return self.node("DequantizeLinear", self.constant(stored), self.constant(np.float32(0.1)), *zero)
            case form:
                axis = int(self.rng.integers(len(shape)))
                count = () if form == "tensor" else shape[axis : axis + 1]
                kind = self.one(np.int8, np.uint8)
                middle = 128 if kind == np.uint8 else 0
                stored = self.constant(self.rng.integers(middle - 128, middle + 128, shape).astype(kind))
                scale = self.constant(self.rng.uniform(0.002, 0.01, count).astype(np.float32))
                zero = self.constant((middle + self.rng.integers(-9, 9, count)).astype(kind))
                along = {} if form == "tensor" else {"axis": self.one(axis, axis - len(shape))}
                return self.node("DequantizeLinear", stored, scale, *[zero] * self.one(0, 1, 1), **along)

    def normalized(self, tensor, channels):
        positive = lambda: self.constant(self.rng.uniform(0.5, 2, channels).astype(self.dtype))
        inputs = [positive(), self.numbers(channels), self.numbers(channels), positive()]
        return self.node("BatchNormalization", tensor, *inputs, **self.one({}, {"epsilon": 1e-3}))

    def continued(self, tensor, channels, layer):
        """Normalization, activation, and the same weights twice around a residual, each perhaps."""
        if self.chance(0.4):
            tensor = self.normalized(tensor, channels)
        tensor = self.node(self.one("Sigmoid", "Tanh", "Identity"), tensor)
        if self.chance(0.4):
            weights = self.weights(channels, channels, *[1] * (layer - 2))
            again = tensor
            for _ in range(self.one(1, 2)):
                again = self.node("Conv" if layer > 2 else "MatMul", again, weights)
                self.layers += 1
            if self.chance(0.3):  # weights that something else reads
                again = self.node("Mul", again, self.node("ReduceMax", weights, keepdims=0))
            tensor = self.node("Add", tensor, again)
        return tensor

    def finished(self, tensor):
        """Flattened to (n, classes), by an operator or to the batch's fixed number."""
        if self.chance(0.5):
            return self.node("Flatten", tensor)
        return self.node("Reshape", tensor, self.constant(np.array([self.one(self.batch or 0, 0), -1])))


def convolution(net):
    axes = net.integers(3, 7, net.one(1, 2, 2, 3))
    channels, rank, strides = net.one(2, 4, 6), len(axes), net.integers(1, 3, len(axes))
    groups = net.one(1, 1, 2, channels)
    kernel, outputs = [net.integers(1, min(n, 4), 1)[0] for n in axes], groups * net.one(1, 2)
    attributes = {"strides": strides, "group": groups} | net.one({}, {"kernel_shape": kernel})
    match net.one("pads", "SAME_UPPER", "SAME_LOWER", "VALID"):
        case "pads":
            reach = [net.one(1, 2) if 2 * k - 1 <= n else 1 for k, n in zip(kernel, axes, strict=True)]
            attributes |= {"pads": net.integers(0, 2, 2 * rank), "dilations": reach}
        case auto:
            attributes |= {"auto_pad": auto}
    last = rank == 2 and net.chance(0.5)
    tensor = net.node("Transpose", "x", perm=[0, 3, 1, 2]) if last else "x"
    if net.chance(0.3):
        tensor = net.normalized(tensor, channels)
    bias = net.one([], [net.numbers(outputs)], [net.weights(outputs)])
    tensor = net.node("Conv", tensor, net.weights(outputs, channels // groups, *kernel), *bias, **attributes)
    net.layers += 1
    tensor = net.continued(tensor, outputs, 2 + rank)
    if last:
        tensor = net.node("Transpose", tensor, perm=[0, 2, 3, 1])
    net.finished(tensor)
    return (*axes, channels) if last else (channels, *axes)


def transposed_convolution(net):
    axes = net.integers(2, 5, net.one(1, 2, 2, 3))
    channels, rank, strides = net.one(2, 4), len(axes), net.integers(1, 3, len(axes))
    groups, kernel, of_group = net.one(1, 1, 2, channels), net.integers(1, 3, rank), net.one(1, 2, 3)
    dilations = net.integers(1, 2, rank)
    attributes = {"strides": strides, "group": groups, "dilations": dilations}
    match net.one("pads", "output_padding", "output_shape", "SAME_UPPER", "SAME_LOWER", "VALID"):
        case "pads":
            attributes["pads"] = [
                p if k > 1 else 0 for p, k in zip(net.integers(0, 1, 2 * rank), kernel * 2, strict=True)
            ]
        case "output_padding":
            attributes["output_padding"] = [net.integers(0, s - 1, 1)[0] for s in strides]
        case "output_shape":
            whole = [s * (n - 1) + d * (k - 1) + 1 for s, n, d, k in zip(strides, axes, dilations, kernel, strict=True)]
            attributes["output_shape"] = [max(1, n - net.one(0, 1)) for n in whole]
        case auto:
            attributes["auto_pad"] = auto
    bias = net.one([], [net.numbers(groups * of_group)])
    tensor = net.node("ConvTranspose", "x", net.weights(channels, of_group, *kernel), *bias, **attributes)
    net.layers += 1
    if "output_shape" not in attributes:  # onnx takes it for the whole shape, and no convolution behind it
        tensor = net.continued(tensor, groups * of_group, 2 + rank)
    net.finished(tensor)
    return (channels, *axes)


def gemm(net):
    (inputs, outputs), attributes = net.integers(2, 6, 2), {"alpha": net.one(1.0, -0.5), "beta": net.one(1.0, 2.0)}
    turned, first = net.one(0, 1), net.chance(0.2)
    shapes = [(1,), (outputs, 1)] if first else [(), (1,), (outputs,), (1, outputs)]
    if not first and net.batch == 1:
        shapes += [(net.batch, outputs), (net.batch, 1)]
    bias = [net.numbers(*net.one(*shapes))] if net.opset < 11 or net.chance(0.7) else net.one([], [""])
    if first:  # the transposed of an ordinary layer
        weights = net.weights(*[(outputs, inputs), (inputs, outputs)][turned])
        tensor = net.node("Gemm", weights, "x", *bias, transA=turned, transB=1, **attributes)
        tensor = net.node("Transpose", tensor, perm=[1, 0])
    else:
        weights, across = net.weights(*[(inputs, outputs), (outputs, inputs)][turned]), net.one(0, 1)
        tensor = net.node("Transpose", "x", perm=[1, 0]) if across else "x"
        tensor = net.node("Gemm", tensor, weights, *bias, transA=across, transB=turned, **attributes)
    net.layers += 1
    net.finished(net.continued(tensor, outputs, 2))
    return (inputs,)


def matmul(net):
    axes, outputs = net.integers(2, 4, net.one(1, 2, 3)), net.one(2, 3)
    first = len(axes) > 1 and net.chance(0.5)
    stack = [net.one(1, n) for n in axes[:-2]] if net.chance(0.5) else []
    weights = net.weights(*stack, outputs, axes[-2]) if first else net.weights(*stack, axes[-1], outputs)
    tensor = net.node("MatMul", *([weights, "x"] if first else ["x", weights]))
    net.layers += 1
    net.finished(net.node("Tanh", tensor) if net.chance(0.5) else tensor)
    return tuple(axes)


KINDS = {"Conv": convolution, "ConvTranspose": transposed_convolution, "Gemm": gemm, "MatMul": matmul}
WIDTHS = {kind: ("float32", "float32", "float16", "float64")[: 3 if "Conv" in kind else 4] for kind in KINDS}
"""onnxruntime has no convolution of doubles."""


def draw(kind, seed, opset):
    """A network without data."""
    net = Drawn(seed, opset, WIDTHS[kind])
    net.image = KINDS[kind](net)
    return net


def save(net, path):
    """As an ONNX file, the initializers of old ones announced as inputs."""
    ir = helper.find_min_ir_version_for([helper.make_opsetid("", net.opset)])
    axes, output = (net.batch or "batch", *net.image), net.nodes[-1].output[0]
    kind = helper.np_dtype_to_tensor_dtype(net.dtype)
    return networks.save(path, net.nodes, net.tensors, axes, "classes", net.opset, ir, output, net.opset < 9, kind)
