"""Networks that are ONNX already, cut down to the boxes that Plainview uses.

Outputs that nobody here may see (landmarks) go, with every node and weight that only they need.
The declared size of the picture becomes dynamic. Where a network wants its picture in another form
than RGB from 0 to 255, the first nodes make it that.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CENTERFACE_INPUT = "input.1"
CENTERFACE_OUTPUTS = ("537", "538", "539")
"""Heat map, log size, offset. 540, the landmarks, is cut out."""
RETINAFACE_STRIDES = (8, 16, 32)
RETINAFACE_MEAN = (104.0, 117.0, 127.0)
"""Of blue, green and red."""
LEAST_IR = 4
"""From here on weights need not be inputs."""
TEXT_OUTPUT = "sigmoid_0.tmp_0"
TEXT_MIDDLE = 127.5


def centerface(data: bytes) -> bytes:
    """The network without its landmark branch and with dynamic height and width."""
    model = onnx.load_model_from_string(data)
    graph = model.graph
    kept = [output for output in graph.output if output.name in CENTERFACE_OUTPUTS]
    del graph.output[:]
    graph.output.extend(kept)
    drop_unused(graph)
    for value in [*(i for i in graph.input if i.name == CENTERFACE_INPUT), *graph.output]:
        shape = value.type.tensor_type.shape
        shape.dim[0].dim_value = 1
        shape.dim[2].dim_param = f"{value.name}_height"
        shape.dim[3].dim_param = f"{value.name}_width"
    return _bytes(model)


def retinaface(module: bytes) -> bytes:
    """The network in a Python module's one bytes literal, without landmarks and flattening."""
    (assignment,) = (s for s in ast.parse(module).body if isinstance(s, ast.Assign))
    model = onnx.load_model_from_string(ast.literal_eval(assignment.value))
    wanted = {}
    for level, stride in enumerate(RETINAFACE_STRIDES):
        for head, name, channels in (("class", "scores", 4), ("bbox", "boxes", 8)):
            tensor = f"/{head}_head/{head}_head.{level}/Conv_output_0"
            wanted[tensor] = (f"{name}_{stride}", channels)
    _keep(model.graph, wanted)
    _prepare(model.graph, RETINAFACE_MEAN, 1.0)
    return _bytes(model)


def textlines(data: bytes) -> bytes:
    """The network that says where text is; how likely, for each pixel."""
    model = onnx.load_model_from_string(data)
    _keep(model.graph, {TEXT_OUTPUT: ("likely", 1)})
    _prepare(model.graph, (TEXT_MIDDLE,) * 3, TEXT_MIDDLE)
    return _bytes(model)


def _keep(graph: onnx.GraphProto, wanted: Mapping[str, tuple[str, int]]) -> None:
    """Make these tensors, under new names and with so many channels, the only outputs."""
    made = {name for node in graph.node for name in node.output}
    if not made.issuperset(wanted):
        raise ValueError(f"The network lacks {set(wanted) - made}.")
    del graph.output[:]
    for tensor, (name, channels) in wanted.items():
        graph.node.append(helper.make_node("Identity", [tensor], [name]))
        graph.output.append(_value(name, channels))
    drop_unused(graph)


def _prepare(graph: onnx.GraphProto, mean: Sequence[float], deviation: float) -> None:
    """Let the network take RGB from 0 to 255; `mean` is that of blue, green and red."""
    (old,) = graph.input
    steps = [
        helper.make_node("Gather", ["picture", "blue_first"], ["turned"], axis=1),
        helper.make_node("Sub", ["turned", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], [old.name]),
    ]
    nodes = [type(node).FromString(node.SerializeToString()) for node in graph.node]
    del graph.node[:]
    graph.node.extend(steps + nodes)
    values = {
        "blue_first": np.array([2, 1, 0], np.int64),
        "mean": np.array(mean, np.float32).reshape(1, 3, 1, 1),
        "deviation": np.array(deviation, np.float32),
    }
    graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in values.items())
    del graph.input[:]
    graph.input.append(_value("picture", 3))


def _value(name: str, channels: int) -> onnx.ValueInfoProto:
    shape = [1, channels, f"{name}_height", f"{name}_width"]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _bytes(model: onnx.ModelProto) -> bytes:
    model.ir_version = max(model.ir_version, LEAST_IR)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def drop_unused(graph: onnx.GraphProto) -> None:
    """Remove every node and tensor that no output needs."""
    needed = {output.name for output in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            nodes.append(node)
    tensors = [tensor for tensor in graph.initializer if tensor.name in needed]
    # Old files declare their weights as inputs too: then a runtime may not take them as constant.
    weights = {tensor.name for tensor in tensors}
    inputs = [value for value in graph.input if value.name in needed - weights]
    for field, left in (
        (graph.node, nodes[::-1]),
        (graph.initializer, tensors),
        (graph.input, inputs),
    ):
        copies = [type(item).FromString(item.SerializeToString()) for item in left]
        del field[:]
        field.extend(copies)
