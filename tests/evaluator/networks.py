"""Small networks in the many forms that exporters give them."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE


def save(path, nodes, tensors, image=("batch", 6), classes=3, opset=17, ir=8, output="y", announce=False, kind=FLOAT):
    """Write a graph from ``x`` (batch, ...) to ``output``; ``announce`` lists initializers as inputs (IR 3)."""
    info = helper.make_tensor_value_info
    stored = [numpy_helper.from_array(np.asarray(t), n) for n, t in tensors.items()]
    inputs = [info("x", kind, image)]
    if announce:
        inputs += [info(t.name, t.data_type, t.dims) for t in stored]
    graph = helper.make_graph(nodes, "g", inputs, [info(output, kind, (image[0], classes))], stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir), path)
    return path


def in_opset(path, opset):
    """The same network in the words of another version of the operators, in place."""
    model = onnx.load(path)
    model.opset_import[0].version = opset
    if opset > 17:
        model.ir_version = helper.find_min_ir_version_for(model.opset_import)
    constants = {t.name: t for t in model.graph.initializer}
    for n in model.graph.node:
        if n.op_type == "Gemm" and opset < 11 and len(n.input) < 3:
            n.input.append("no_bias")
            if "no_bias" not in constants:
                constants["no_bias"] = numpy_helper.from_array(np.zeros(1, np.float32), "no_bias")
                model.graph.initializer.append(constants["no_bias"])
        if n.op_type in ("Squeeze", "Unsqueeze") and opset < 13:
            n.attribute.append(helper.make_attribute("axes", numpy_helper.to_array(constants[n.input.pop()])))
        if n.op_type == "Reshape" and opset < 14:
            del n.attribute[:]  # allowzero
    used = {name for n in model.graph.node for name in n.input}
    kept = [t for t in model.graph.initializer if t.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def node(op, inputs, outputs, name="", **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name=name, **attributes)


def random(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def data(path, shape=(20, 6), classes=3, seed=5):
    rng = np.random.default_rng(seed)
    np.savez(path, x_test=rng.uniform(size=shape).astype(np.float32), y_test=rng.integers(0, classes, shape[0]))
    return path


def gemm(path, image=("batch", 6), **attributes):
    """One Gemm, 6 -> 3."""
    weights = random((3, 6) if attributes.get("transB") else (6, 3))
    return save(path, [node("Gemm", "x w b", "y", **attributes)], {"w": weights, "b": random(3, 1)}, image)


def gemm_in_constant(path):
    value = numpy_helper.from_array(random((6, 3)), "value")
    return save(path, [helper.make_node("Constant", [], ["w"], value=value), node("Gemm", "x w", "y")], {})


def matmul_add(path):
    nodes = [node("MatMul", "x w", "h"), node("Add", "h b", "s"), node("Relu", "s", "y")]
    return save(path, nodes, {"w": random((6, 3)), "b": random(3, 1)})


def matmul_weights_first(path):
    nodes = [node("Unsqueeze", "x axis", "c"), node("MatMul", "w c", "h"), node("Squeeze", "h axis", "y")]
    return save(path, nodes, {"w": random((3, 6)), "axis": np.array([2])})


def matmul_of_transposed(path):
    nodes = [node("Transpose", "w", "wt", perm=[1, 0]), node("MatMul", "x wt", "y")]
    return save(path, nodes, {"w": random((3, 6))})


def gemm_trans_a(path):
    nodes = [node("Transpose", "x", "t", perm=[1, 0]), node("Gemm", "t w b", "y", transA=1)]
    return save(path, nodes, {"w": random((6, 3)), "b": random(3, 1)})


def matmul_of_a_stack(path):
    nodes = [node("MatMul", "x w", "h"), node("Reshape", "h flat", "y")]
    return save(path, nodes, {"w": random((2, 6, 4)), "flat": np.array([0, -1])}, ("batch", 2, 3, 6), "classes")


def matmul_of_sequences(path):
    nodes = [node("MatMul", "x w", "h"), node("Reshape", "h flat", "y")]
    return save(path, nodes, {"w": random((6, 4)), "flat": np.array([0, -1])}, ("batch", 5, 6), "classes")


def shared_weights(path):
    """One matrix in two nodes, straight and through an Identity."""
    nodes = [
        node("Gemm", "x w", "h", "first"),
        node("Tanh", "h", "t"),
        node("Identity", "w", "same"),
        node("MatMul", "t same", "g"),
        node("Gemm", "g v", "y"),
    ]
    return save(path, nodes, {"w": random((6, 6)), "v": random((6, 3), 2)})


def announced_initializers(path):
    nodes = [node("Gemm", "x w b", "y")]
    return save(path, nodes, {"w": random((6, 3)), "b": random(3, 1)}, opset=8, ir=3, announce=True)


def fixed_batch_reshape(path):
    """Batch 1 in input, output and two Reshape targets, one of them shared, one with an inferred axis."""
    nodes = [
        node("Reshape", "x flat", "f", allowzero=1),
        node("Gemm", "f w", "h"),
        node("Reshape", "h flat", "i"),
        node("Gemm", "i v", "k"),
        node("Reshape", "k infer", "y"),
    ]
    tensors = {"flat": np.array([1, 6]), "infer": np.array([1, -1]), "w": random((6, 6)), "v": random((6, 3), 2)}
    return save(path, nodes, tensors, image=(1, 2, 3))


def negated(path):
    """Weights of which none is positive, and a layer of zeros."""
    nodes = [node("Gemm", "x w", "h"), node("Gemm", "h z b", "y")]
    return save(path, nodes, {"w": -abs(random((6, 4))), "z": np.zeros((4, 3), np.float32), "b": random(3)})


def convolution(path, image, kernel, norm=False, transposed=False, bias=None, channels=None, **attributes):
    """One (transposed) convolution, all places of which are the logits."""
    nodes = [node("ConvTranspose" if transposed else "Conv", "x w b" if bias else "x w", "h", **attributes)]
    tensors = {"w": random(kernel), "flat": np.array([0, -1])} | ({"b": random(bias, 1)} if bias else {})
    if norm:
        nodes.append(node("BatchNormalization", "h scale shift mean var", "n", epsilon=1e-3))
        tensors |= {"scale": random(channels, 2), "shift": random(channels, 3), "mean": random(channels, 4)}
        tensors |= {"var": abs(random(channels, 5)) + 0.1}
    nodes.append(node("Reshape", "n flat" if norm else "h flat", "y"))
    return save(path, nodes, tensors, ("batch", *image), classes="classes")


def gemm_norm(path):
    nodes = [node("Gemm", "x w b", "h", beta=0.5, alpha=2.0), node("BatchNormalization", "h s t m v", "y")]
    numbers = {"s": random(3, 2), "t": random(3, 3), "m": random(3, 4), "v": abs(random(3, 5)) + 0.1}
    return save(path, nodes, {"w": random((6, 3)), "b": random(3, 1), **numbers})


def norm_of_a_shared_output(path):
    nodes = [node("Gemm", "x w", "h"), node("BatchNormalization", "h s t m v", "n"), node("Add", "h n", "y")]
    numbers = {"s": random(3, 2), "t": random(3, 3), "m": random(3, 4), "v": abs(random(3, 5)) + 0.1}
    return save(path, nodes, {"w": random((6, 3)), **numbers})


def quantized_weights(path):
    nodes = [node("DequantizeLinear", "q scale zero", "w"), node("Gemm", "x w", "y")]
    q = np.random.default_rng(0).integers(-127, 128, (6, 3)).astype(np.int8)
    return save(path, nodes, {"q": q, "scale": np.float32(0.01), "zero": np.int8(0)})


def channels_last(path):
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Conv", "t w", "h"), node("Reshape", "h flat", "y"),
    ]  # fmt: skip
    return save(path, nodes, {"w": random((3, 2, 3, 3)), "flat": np.array([0, -1])}, ("batch", 4, 4, 2), "classes")


CONVOLUTIONS = {
    "conv": lambda p: convolution(p, (2, 5, 6), (4, 2, 3, 3)),
    "conv_1d": lambda p: convolution(p, (3, 9), (2, 3, 4), strides=[2], pads=[1, 2], dilations=[2]),
    "conv_3d": lambda p: convolution(p, (2, 3, 4, 5), (3, 2, 2, 2, 2)),
    "conv_strided": lambda p: convolution(p, (2, 7, 6), (4, 2, 3, 2), strides=[2, 3], pads=[1, 0, 2, 1]),
    "conv_groups": lambda p: convolution(p, (4, 5, 5), (6, 2, 3, 3), group=2, dilations=[1, 2]),
    "conv_depthwise": lambda p: convolution(p, (4, 5, 5), (8, 1, 3, 3), group=4, auto_pad="SAME_UPPER"),
    "conv_same_lower": lambda p: convolution(p, (2, 6, 5), (3, 2, 2, 4), auto_pad="SAME_LOWER", strides=[2, 1]),
}
TRANSPOSED = {"image": (4, 3, 3), "kernel": (4, 3, 2, 2), "transposed": True}

FORMS = {
    **CONVOLUTIONS,
    "conv_norm": lambda p: convolution(p, (2, 5, 5), (4, 2, 3, 3), norm=True, bias=4, channels=4),
    "conv_transpose": lambda p: convolution(p, **TRANSPOSED, group=2, bias=6, strides=[2, 1]),
    "conv_transpose_norm": lambda p: convolution(
        p, **TRANSPOSED, norm=True, channels=3, output_padding=[1, 0], strides=[2, 2]
    ),
    "conv_transpose_1d": lambda p: convolution(
        p, (4, 7), (4, 3, 3), transposed=True, bias=3, strides=[2], dilations=[2], pads=[1, 0], output_padding=[1]
    ),
    "conv_transpose_3d": lambda p: convolution(
        p, (4, 3, 3, 2), (4, 2, 2, 2, 2), transposed=True, group=2, bias=4, strides=[1, 2, 1]
    ),
    "conv_transpose_same": lambda p: convolution(
        p, (4, 4, 5), (4, 3, 3, 3), transposed=True, auto_pad="SAME_UPPER", strides=[2, 2]
    ),
    "gemm_norm": gemm_norm,
    "norm_of_a_shared_output": norm_of_a_shared_output,
    "quantized_weights": quantized_weights,
    "channels_last": channels_last,
    "gemm": gemm,
    "gemm_trans_b": lambda p: gemm(p, transB=1),
    "gemm_alpha_beta": lambda p: gemm(p, transB=1, alpha=-0.7, beta=1.5),
    "gemm_in_constant": gemm_in_constant,
    "gemm_fixed_batch": lambda p: gemm(p, image=(1, 6)),
    "gemm_fixed_batch_of_4": lambda p: gemm(p, image=(4, 6)),
    "matmul_add": matmul_add,
    "matmul_weights_first": matmul_weights_first,
    "matmul_of_transposed": matmul_of_transposed,
    "gemm_trans_a": gemm_trans_a,
    "matmul_of_a_stack": matmul_of_a_stack,
    "matmul_of_sequences": matmul_of_sequences,
    "shared_weights": shared_weights,
    "announced_initializers": announced_initializers,
    "fixed_batch_reshape": fixed_batch_reshape,
    "negated": negated,
}
