"""A detector in this process: its network, and how boxes are read from the network's maps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.redact import centerface, models, nanodet, textlines
from plainview.redact.backend import Maps, Network, compile_network
from plainview.redact.detector import Found, Sought
from plainview.redact.engine import Engine

Decode = Callable[[Maps, int, int], Found]
"""Maps, rows and columns of the picture in; raises `DetectorFault` for maps that are unsound."""

Parts = tuple[str, Decode]
"""A network's file, and how its maps are read."""

PARTS: Mapping[Sought, Parts] = {
    Sought.FACES: (models.FACES, centerface.decode),
    Sought.PEOPLE: (models.PEOPLE, nanodet.decode),
    Sought.PLATES: (models.PLATES, textlines.decode),
}


def load_all() -> dict[Sought, bytes]:
    """The weights of every network, checked by hash. Raises `WeightsMissing`."""
    return {sought: models.load(name) for sought, (name, _) in PARTS.items()}


class LocalDetector:
    """Searches in this process (see `Detector`). Threads may share it.

    The first search of a shape compiles the network for it, one network at a time.
    """

    def __init__(
        self,
        weights: Mapping[Sought, bytes] | None = None,
        streams: int = 1,
        engine: Engine = Engine.OPENVINO,
    ) -> None:
        self._weights = load_all() if weights is None else weights
        self._compile = partial(compile_network, streams=streams, engine=engine)
        self._networks: dict[tuple[Sought, int, int], Network] = {}
        self._compiling = threading.Lock()

    def ready(self, sought: Sought, rows: int, columns: int) -> bool:
        """Whether the network for such pictures is compiled."""
        return (sought, rows, columns) in self._networks

    def _made(self, sought: Sought, rows: int, columns: int) -> Network:
        shape = (sought, rows, columns)
        with self._compiling:
            if shape not in self._networks:
                self._networks[shape] = self._compile(self._weights[sought], rows, columns)
            return self._networks[shape]

    def search(self, picture: NDArray[np.uint8], sought: Sought = Sought.FACES) -> Found:
        """See `Detector.search`."""
        rows, columns = picture.shape[0] * 2 // 3, picture.shape[1]
        network = self._networks.get((sought, rows, columns)) or self._made(sought, rows, columns)
        rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420), np.uint8)
        return PARTS[sought][1](network(rgb), rows, columns)
