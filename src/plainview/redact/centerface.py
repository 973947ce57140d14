"""CenterFace on OpenVINO: boxes around faces.

One thread a search, a static shape a camera (compiled once a shape). The network's outputs are a
heat map, log sizes and offsets at a quarter of the picture's size; its landmark branch was cut out
of the file (`tools/fetch_models.py`). Decoding follows Star-Clouds/CenterFace (MIT).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import DetectorFault
from plainview.redact.airgap import openvino
from plainview.redact.boxes import Boxes
from plainview.redact.detector import MOST_BOXES, Found, Sought

LEAST_SCORE = 0.15
"""What a live track is kept alive by; new tracks need more (`tracker`)."""
MOST_OVERLAP = 0.3
CELL = 4

Maps = Sequence[NDArray[np.float32]]
Network = Callable[[NDArray[np.uint8]], Maps]
"""RGB picture (height x width x 3) in; heat map, log size and offset maps out."""


def compile_network(weights: bytes, rows: int, columns: int, streams: int = 1) -> Network:
    """The network for pictures of `rows` x `columns` (multiples of 32). About 0.2 s."""
    core = openvino.Core()
    model = core.read_model(weights)
    model.reshape([1, 3, rows, columns])
    steps = openvino.preprocess.PrePostProcessor(model)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    compiled = core.compile_model(
        steps.build(), "CPU", {"INFERENCE_NUM_THREADS": streams, "NUM_STREAMS": streams}
    )

    def run(picture: NDArray[np.uint8]) -> Maps:
        results: Any = compiled.create_infer_request().infer([picture[None]], share_inputs=True)
        return [np.asarray(results[index]) for index in range(3)]

    return run


class CenterFace:
    """A detector in this process; `compile_for` makes the network for a shape."""

    def __init__(self, compile_for: Callable[[int, int], Network]) -> None:
        self._compile = compile_for
        self._networks: dict[tuple[int, int], Network] = {}

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        """See `Detector.search`."""
        rows, columns = picture.shape[0] * 2 // 3, picture.shape[1]
        network = self._networks.get((rows, columns))
        if network is None:
            network = self._networks[rows, columns] = self._compile(rows, columns)
        rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420), np.uint8)
        return decode(network(rgb), rows, columns)


def decode(maps: Maps, rows: int, columns: int) -> Found:
    """Boxes of the three maps. Raises `DetectorFault` for wrong shapes and for NaN."""
    shape = (rows // CELL, columns // CELL)
    if [m.shape for m in maps] != [(1, 1, *shape), (1, 2, *shape), (1, 2, *shape)]:
        raise DetectorFault("The network's output has the wrong shape.")
    heat = maps[0][0, 0]
    if not all(np.isfinite(m).all() for m in maps):
        raise DetectorFault("The network's output is not a number.")
    at_y, at_x = np.nonzero(heat >= LEAST_SCORE)
    if not len(at_y):
        return Found.nothing()
    sizes = np.exp(maps[1][0][:, at_y, at_x]) * CELL
    offsets = maps[2][0][:, at_y, at_x]
    centre_x = (at_x + offsets[1] + 0.5) * CELL
    centre_y = (at_y + offsets[0] + 0.5) * CELL
    boxes = np.stack(
        [centre_x - sizes[1] / 2, centre_y - sizes[0] / 2, sizes[1], sizes[0]], axis=1
    ).astype(np.float32)
    return _distinct(boxes, heat[at_y, at_x])


def _distinct(boxes: Boxes, scores: NDArray[np.float32]) -> Found:
    kept = cv2.dnn.NMSBoxes(
        boxes.tolist(), scores.tolist(), LEAST_SCORE, MOST_OVERLAP, top_k=MOST_BOXES
    )
    order = np.asarray(kept, np.intp).reshape(-1)
    return Found.of(boxes[order], scores[order].astype(np.float32))
