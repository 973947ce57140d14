"""Runs a network: OpenVINO, or ONNX Runtime where that is installed.

A network is compiled for one shape of picture and shared by all threads and cameras of a process.
Each thread keeps a request of its own, with its buffers, for all its searches. Every file in
`weights/` takes one picture as RGB from 0 to 255, 1 x 3 x height x width.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact.airgap import openvino
from plainview.redact.engine import Engine, Precision

Maps = Sequence[NDArray[np.float32]]
Network = Callable[[NDArray[np.uint8]], Maps]
"""RGB picture (height x width x 3) in; the outputs in the file's order, each 1 x channels x height
x width. They are good until the same thread's next call."""


ERRORS_ONLY = 3
"""ONNX Runtime's number for it."""


def compile_network(
    weights: bytes,
    rows: int,
    columns: int,
    streams: int = 1,
    *,
    engine: Engine = Engine.OPENVINO,
    precision: Precision = Precision.BEST,
) -> Network:
    """The network for pictures of `rows` x `columns` (multiples of 32), used by `streams` threads.

    Raises `DetectorFault` for a back end that is not installed or lacks the precision.
    """
    if engine is Engine.OPENVINO:
        return _openvino(weights, (rows, columns), streams, precision)
    return _onnxruntime(weights, (rows, columns), precision)


def has_bf16() -> bool:
    """Whether the processor computes in bf16 itself."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _openvino(
    weights: bytes, shape: tuple[int, int], streams: int, precision: Precision
) -> Network:
    core = openvino.Core()
    model = core.read_model(weights)
    model.reshape([1, 3, *shape])
    steps = openvino.preprocess.PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    numbers = _numbers(precision)
    settings = {
        "INFERENCE_NUM_THREADS": streams,
        "NUM_STREAMS": streams,
        "INFERENCE_PRECISION_HINT": numbers.value,
    }
    compiled = core.compile_model(steps.build(), "CPU", settings)
    outputs = range(len(compiled.outputs))
    own = threading.local()

    def run(picture: NDArray[np.uint8]) -> Maps:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        results: Any = own.request.infer([picture[None]], share_inputs=True, share_outputs=True)
        return [results[index] for index in outputs]

    return run


def _numbers(precision: Precision) -> Precision:
    if precision is Precision.BEST:
        return Precision.BF16 if has_bf16() else Precision.F32
    if precision is Precision.BF16 and not has_bf16():
        raise DetectorFault("This processor does not compute in bf16.")
    return precision


def _onnxruntime(weights: bytes, shape: tuple[int, int], precision: Precision) -> Network:
    if precision is Precision.BF16:
        raise DetectorFault("ONNX Runtime does not compute in bf16 on a processor.")
    try:
        # Only on demand: an extra, and another 80 MB of code in the process.
        runtime = import_module("onnxruntime")
    except ImportError as error:
        raise DetectorFault("ONNX Runtime is not installed.") from error
    options = runtime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    own = threading.local()

    def run(picture: NDArray[np.uint8]) -> Maps:
        if not hasattr(own, "buffer"):
            own.buffer = np.empty((1, 3, *shape), np.float32)
        own.buffer[0] = picture.transpose(2, 0, 1)
        maps: Maps = session.run(None, {name: own.buffer})
        return maps

    return run
