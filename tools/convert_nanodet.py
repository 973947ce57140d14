"""NanoDet out of a TensorFlow.js graph into ONNX, cut down to what Plainview hides.

The package holds a graph for pictures of 416 x 416, with 80 classes. What comes out takes pictures
of any height and width in multiples of 32 (1 x 3 x height x width, RGB from 0 to 255) and returns,
for strides of 8, 16 and 32, two maps: scores of `person` and of `vehicle` (the highest of car,
motorcycle, bus and truck; the other 75 classes are cut out of the last convolution, so that nothing
computes them), and 4 x 11 values of how far the sides of the box are. Which class of vehicle it is
does not come out.

The original turns tensors between channels-last and channels-first 83 times. Here every tensor is
channels-first; a transpose only changes how the axes of what follows are read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

CLASSES = 80
PERSON = 0
VEHICLES = (2, 3, 5, 7)
"""Car, motorcycle, bus, truck, as COCO numbers its classes from 0."""
DISTANCES = 44
SIDE = 416
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)
"""The two orders that the original's transposes make: to channels-first, to channels-last."""
OPSET, IR = 13, 8

Pads = tuple[int, int, int, int]
"""Top, left, bottom, right."""
NONE: Pads = (0, 0, 0, 0)


@dataclass(frozen=True)
class Tensor:
    """A value of the new graph, and how the original would have seen it."""

    name: str
    stride: int
    last: bool = False
    """Whether the original has its channels last at this point."""
    pads: Pads = NONE
    """Padding that the next convolution or pooling has to do."""


def convert(topology: bytes, weights: bytes) -> bytes:
    """The ONNX file, always the same bytes. Raises `ValueError` for a graph of another kind."""
    described = json.loads(topology)
    (manifest,) = described["weightsManifest"]
    nodes = {node["name"]: node for node in described["modelTopology"]["node"]}
    return Converter(nodes, _constants(manifest["weights"], weights)).model()


def _constants(manifest: list[dict[str, Any]], data: bytes) -> dict[str, NDArray[Any]]:
    found, at = {}, 0
    for entry in manifest:
        kind = np.dtype(entry.get("quantization", entry)["dtype"])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        found[entry["name"]] = np.frombuffer(data, kind, count, at).reshape(entry["shape"])
        at += count * kind.itemsize
    if at != len(data):
        raise ValueError("The file of weights has another length than its list.")
    return found


class Converter:
    """Walks the original from its three heads to its input and writes the new graph."""

    def __init__(self, nodes: dict[str, Any], constants: dict[str, NDArray[Any]]) -> None:
        self._nodes = nodes
        self._constants = constants
        self._made: dict[str, Tensor] = {}
        self._new: list[onnx.NodeProto] = []
        self._values: list[onnx.TensorProto] = []
        self._kinds: dict[str, Callable[[dict[str, Any]], Tensor]] = {
            "Placeholder": self._input, "Transpose": self._transpose, "Pad": self._pad,
            "PadV2": self._pad, "Conv2D": self._convolution, "Add": self._sum,
            "LeakyRelu": self._leaky, "MaxPool": self._pool, "ConcatV2": self._join,
            "ResizeBilinear": self._resize,
        }  # fmt: skip

    def model(self) -> bytes:
        """The whole network."""
        heads = [self._head(n) for n in self._nodes.values() if n["op"] == "SplitV"]
        outputs = [
            _value(f"{what}_{stride}", channels, stride)
            for stride in sorted(heads)
            for what, channels in (("scores", 2), ("distances", DISTANCES))
        ]
        graph = helper.make_graph(
            self._new, "nanodet", [_value("picture", 3, 1)], outputs, self._values
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR, producer_name="")
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def _tensor(self, name: str) -> Tensor:
        if name not in self._made:
            node = self._nodes[name]
            if node["op"] not in self._kinds:
                raise ValueError(f"The graph has a node of an unknown kind: {node['op']}.")
            self._made[name] = self._kinds[node["op"]](node)
        return self._made[name]

    def _write(self, kind: str, inputs: list[str], name: str = "", **attributes: Any) -> str:
        name = name or f"t{len(self._new)}"
        self._new.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, values: NDArray[Any], name: str) -> str:
        self._values.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _half(self, values: NDArray[Any], name: str) -> str:
        """Kept as float16, as in the original; runtimes widen it once, when they load it."""
        stored = self._constant(values.astype(np.float16), name)
        return self._write("Cast", [stored], f"{name}_wide", to=TensorProto.FLOAT)

    def _input(self, node: dict[str, Any]) -> Tensor:
        shape = (1, 3, 1, 1)
        mean = np.array(MEAN, np.float32).reshape(shape) * 255
        scale = 1 / (np.array(DEVIATION, np.float32).reshape(shape) * 255)
        centred = self._write("Sub", ["picture", self._constant(mean, "mean")])
        return Tensor(self._write("Mul", [centred, self._constant(scale, "scale")]), 1)

    def _transpose(self, node: dict[str, Any]) -> Tensor:
        source = self._tensor(node["input"][0])
        order = tuple(self._constants[node["input"][1]])
        if order != (FIRST if source.last else LAST):
            raise ValueError(f"The graph has an unknown transpose: {order}.")
        return replace(source, last=not source.last)

    def _pad(self, node: dict[str, Any]) -> Tensor:
        source = self._tensor(node["input"][0])
        around = self._constants[node["input"][1]]
        high, wide = around[1:3] if source.last else around[2:4]
        return replace(source, pads=(int(high[0]), int(wide[0]), int(high[1]), int(wide[1])))

    def _convolution(self, node: dict[str, Any]) -> Tensor:
        raise ValueError("A convolution without a bias is not in NanoDet.")

    def _sum(self, node: dict[str, Any]) -> Tensor:
        first, second = node["input"]
        if second in self._constants:
            return self._biased(first, self._kernel(first), self._constants[second].reshape(-1))
        left, right = self._plain(first), self._plain(second)
        if (left.stride, left.last) != (right.stride, right.last):
            raise ValueError("The graph adds tensors of different shapes.")
        return replace(left, name=self._write("Add", [left.name, right.name]))

    def _kernel(self, convolution: str) -> NDArray[Any]:
        """Height x width x in x out of a convolution's weights."""
        return self._constants[self._nodes[convolution]["input"][1]]

    def _biased(self, name: str, kernel: NDArray[Any], bias: NDArray[Any]) -> Tensor:
        """A convolution and its bias as one node."""
        node = self._nodes[name]
        source = self._tensor(node["input"][0])
        step = _numbers(node, "strides")[1]
        if not source.last or _text(node, "padding") != "VALID":
            raise ValueError("The graph has a convolution of another layout.")
        if source.stride == 1:
            kernel = kernel[:, :, ::-1]  # it was trained on BGR
        label = f"conv{len(self._values)}"
        inputs = [
            source.name,
            self._half(kernel.transpose(3, 2, 0, 1), f"{label}_kernel"),
            self._half(bias, f"{label}_bias"),
        ]
        made = self._write("Conv", inputs, pads=source.pads, strides=[step, step])
        return Tensor(made, source.stride * step, last=True)

    def _leaky(self, node: dict[str, Any]) -> Tensor:
        source = self._plain(node["input"][0])
        alpha = float(node["attr"]["alpha"]["f"])
        return replace(source, name=self._write("LeakyRelu", [source.name], alpha=alpha))

    def _pool(self, node: dict[str, Any]) -> Tensor:
        source = self._tensor(node["input"][0])
        step, size = _numbers(node, "strides")[1], _numbers(node, "ksize")[1]
        made = self._write("MaxPool", [source.name], kernel_shape=[size, size],
                           strides=[step, step], pads=source.pads)  # fmt: skip
        return Tensor(made, source.stride * step, source.last)

    def _join(self, node: dict[str, Any]) -> Tensor:
        parts = [self._plain(name) for name in node["input"][:-1]]
        axis = int(self._constants[node["input"][-1]])
        if any(axis % 4 != (3 if part.last else 1) for part in parts):
            raise ValueError("The graph joins tensors along another axis than the channels.")
        made = self._write("Concat", [part.name for part in parts], axis=1)
        return replace(parts[0], name=made)

    def _resize(self, node: dict[str, Any]) -> Tensor:
        """Twice or half the size. Bilinear with half-pixel centres, half is the mean of four."""
        source = self._plain(node["input"][0])
        stride = SIDE // int(self._constants[node["input"][1]][0])
        if stride == source.stride * 2:
            made = self._write("AveragePool", [source.name], kernel_shape=[2, 2], strides=[2, 2])
        elif stride * 2 == source.stride:
            if "double" not in {value.name for value in self._values}:
                self._constant(np.array([1, 1, 2, 2], np.float32), "double")
            made = self._write("Resize", [source.name, "", "double"], mode="linear",
                               coordinate_transformation_mode="half_pixel")  # fmt: skip
        else:
            raise ValueError("The graph resizes by another factor than two.")
        return replace(source, name=made, stride=stride)

    def _plain(self, name: str) -> Tensor:
        tensor = self._tensor(name)
        if tensor.pads != NONE:
            raise ValueError("The graph pads what is no convolution or pooling.")
        return tensor

    def _head(self, split: dict[str, Any]) -> int:
        """One head, and its stride. The classes that are not hidden are left out."""
        total = self._nodes[self._nodes[split["input"][0]]["input"][0]]
        convolution, bias = total["input"]
        kernel = self._kernel(convolution)
        if kernel.shape[-1] != CLASSES + DISTANCES:
            raise ValueError("The graph has a head of another shape.")
        kept = [PERSON, *VEHICLES, *range(CLASSES, CLASSES + DISTANCES)]
        head = self._biased(convolution, kernel[..., kept], self._constants[bias].reshape(-1)[kept])
        sizes = [1, len(VEHICLES), DISTANCES]
        label = f"split_{head.stride}"
        self._constant(np.array(sizes, np.int64), label)
        parts = [f"{label}_{index}" for index in range(2)] + [f"distances_{head.stride}"]
        self._new.append(helper.make_node("Split", [head.name, label], parts, axis=1))
        vehicle = self._write("ReduceMax", [parts[1]], axes=[1], keepdims=1)
        both = self._write("Concat", [parts[0], vehicle], axis=1)
        self._write("Sigmoid", [both], f"scores_{head.stride}")
        return head.stride


def _value(name: str, channels: int, stride: int) -> onnx.ValueInfoProto:
    shape = [1, channels, f"height_{stride}", f"width_{stride}"]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _numbers(node: dict[str, Any], name: str) -> list[int]:
    return [int(number) for number in node["attr"][name]["list"]["i"]]


def _text(node: dict[str, Any], name: str) -> str:
    return base64.b64decode(node["attr"][name]["s"]).decode()
