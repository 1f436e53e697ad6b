"""Makes the graphs of this folder, and values.json: what Python's onnxruntime computes at each value of each graph.

    pip install onnx onnxruntime numpy && python make.py

Made with onnx 1.23.2, onnxruntime 1.32.0 and numpy 2.4.6.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

here = Path(__file__).parent
rng = np.random.default_rng(17)
opsets = [helper.make_opsetid("", 17)]


def weights(name: str, *shape: int, scale: float = 1.0, dtype: str = "f4") -> onnx.TensorProto:
    return numpy_helper.from_array((rng.standard_normal(shape) * scale).astype(dtype), name)


def save(name: str, nodes: list, inputs: list, outputs: list, initial: list, **options: object) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, name, inputs, outputs, initial)
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, here / f"{name}.onnx", **options)
    return model


def pictures(kind: int = TensorProto.FLOAT, dtype: str = "f4") -> tuple[list, list, list, list]:
    """Convolutions with a normalisation, which onnxruntime joins if nobody looks at what is between them."""
    node = helper.make_node
    initial = [
        weights("w0", 4, 3, 3, 3, scale=0.3, dtype=dtype), weights("b0", 4, dtype=dtype),
        numpy_helper.from_array(np.linspace(0.5, 1.5, 4).astype(dtype), "scale"), weights("shift", 4, dtype=dtype),
        weights("mean", 4, dtype=dtype), numpy_helper.from_array(np.linspace(0.7, 2, 4).astype(dtype), "var"),
        weights("w1", 6, 4, 3, 3, scale=0.3, dtype=dtype), weights("w2", 3, 6, dtype=dtype), weights("b2", 3, dtype=dtype),
    ]
    nodes = [
        node("Conv", ["image", "w0", "b0"], ["conv0"], pads=[1, 1, 1, 1]),
        node("BatchNormalization", ["conv0", "scale", "shift", "mean", "var"], ["norm0"]),
        node("Relu", ["norm0"], ["relu0"]),
        node("Conv", ["relu0", "w1"], ["conv1"], strides=[2, 2]),
        node("Relu", ["conv1"], ["relu1"]),
        node("GlobalAveragePool", ["relu1"], ["pool"]),
        node("Flatten", ["pool"], ["flat"]),
        node("Gemm", ["flat", "w2", "b2"], ["logits"], transB=1),
        node("Softmax", ["logits"], ["probabilities"]),
    ]
    value = helper.make_tensor_value_info
    return nodes, [value("image", kind, ["n", 3, 8, 8])], [value("probabilities", kind, ["n", 3])], initial


def texts() -> tuple[list, list, list, list]:
    """Embeddings, a product with weights, a mean over the tokens that count."""
    node = helper.make_node
    initial = [
        weights("table", 11, 6), weights("gain", 6), weights("offset", 6), weights("w", 6, 5), weights("b", 5),
        weights("head", 5, 4), numpy_helper.from_array(np.array([2], "i8"), "axis"),
    ]
    nodes = [
        node("Gather", ["table", "input_ids"], ["embedded"]),
        node("LayerNormalization", ["embedded", "gain", "offset"], ["normed"]),
        node("MatMul", ["normed", "w"], ["product"]),
        node("Add", ["product", "b"], ["hidden"]),
        node("Tanh", ["hidden"], ["bent"]),
        node("Cast", ["attention_mask"], ["counted"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["counted", "axis"], ["mask"]),
        node("Mul", ["bent", "mask"], ["masked"]),
        node("ReduceMean", ["masked"], ["mean"], axes=[1], keepdims=0),
        node("MatMul", ["mean", "head"], ["logits"]),
    ]
    value = helper.make_tensor_value_info
    ids = [value(name, TensorProto.INT64, ["n", "tokens"]) for name in ("input_ids", "attention_mask")]
    return nodes, ids, [value("logits", TensorProto.FLOAT, ["n", 4])], initial


def quantised() -> tuple[list, list, list, list]:
    node = helper.make_node
    array = numpy_helper.from_array
    initial = [
        array(np.float32(1 / 255), "in_scale"), array(np.uint8(0), "in_zero"),
        array(rng.integers(-100, 100, (12, 5)).astype("i1"), "w"), array(np.float32(0.02), "w_scale"),
        array(np.int8(0), "w_zero"), array(np.float32(0.05), "out_scale"), array(np.uint8(128), "out_zero"),
        weights("head", 5, 3),
    ]
    nodes = [
        node("QuantizeLinear", ["x", "in_scale", "in_zero"], ["whole"]),
        node("QLinearMatMul", ["whole", "in_scale", "in_zero", "w", "w_scale", "w_zero", "out_scale", "out_zero"], ["sums"]),
        node("DequantizeLinear", ["sums", "out_scale", "out_zero"], ["hidden"]),
        node("MatMul", ["hidden", "head"], ["logits"]),
    ]
    value = helper.make_tensor_value_info
    return nodes, [value("x", TensorProto.FLOAT, ["n", 12])], [value("logits", TensorProto.FLOAT, ["n", 3])], initial


def wave(*shape: int) -> np.ndarray:
    """The inputs of the tests: 0.5 + sin(i) / 2."""
    return (0.5 + np.sin(np.arange(np.prod(shape))) / 2).astype("f4").reshape(shape)


def values(model: onnx.ModelProto, inputs: dict) -> dict:
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    names = [name for each in model.graph.node for name in each.output]
    for name in names:
        if name not in {output.name for output in shown.graph.output}:
            shown.graph.output.append(onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(shown.SerializeToString(), options)
    found = session.run(names, inputs)
    return {name: {"shape": list(v.shape), "values": [float(f"{x:.8g}") for x in v.ravel()]} for name, v in zip(names, found)}


(here / "weights.bin").unlink(missing_ok=True)
image = 2 * wave(2, 3, 8, 8) - 1
tokens = (np.arange(10) * 7 % 11).astype("i8").reshape(2, 5)
results = {}
parts = pictures()
results["pictures"] = values(save("pictures", *parts), {"image": image})
save("external", *parts, save_as_external_data=True, location="weights.bin", size_threshold=0)
half = pictures(TensorProto.FLOAT16, "f2")
results["half"] = values(save("half", *half), {"image": image.astype("f2")})
results["texts"] = values(save("texts", *texts()), {"input_ids": tokens, "attention_mask": np.ones((2, 5), "i8")})
results["quantised"] = values(save("quantised", *quantised()), {"x": wave(2, 12)})
(here / "values.json").write_text(json.dumps(results))
