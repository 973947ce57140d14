"""Pictures as YUV 4:2:0 planes that may be written into.

A decoded picture is shared with its decoder: writing into it corrupts the pictures that refer to
it. Every `Frame` is therefore private (made writable, or made by scaling) before it is handed out.
All scaling stays in YUV planes; a round trip through RGB costs 40 % of a pipeline.
"""

from __future__ import annotations

from typing import cast

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from plainview.base.clock import Ms
from plainview.errors import BadFormat
from plainview.media.packets import WallSource

Plane = NDArray[np.uint8]


class Frame:
    """One picture: `planes` are writable views (Y height x width; U, V half of it, rounded up)."""

    def __init__(
        self,
        video: av.VideoFrame,
        *,
        wall_ms: Ms,
        wall_source: WallSource = "arrival",
        pts: int = 0,
    ) -> None:
        if video.format.name != "yuv420p":
            raise BadFormat(f"A frame of format {video.format.name} is not YUV 4:2:0.")
        self.video = video
        self.wall_ms = wall_ms
        self.wall_source = wall_source
        self.pts = pts
        self.planes: tuple[Plane, Plane, Plane] = (
            _view(video, 0),
            _view(video, 1),
            _view(video, 2),
        )

    @property
    def width(self) -> int:
        return self.video.width

    @property
    def height(self) -> int:
        return self.video.height

    @classmethod
    def blank(cls, width: int, height: int, *, wall_ms: Ms = 0) -> Frame:
        """A grey picture of an even width and height."""
        frame = cls(av.VideoFrame(width, height, "yuv420p"), wall_ms=wall_ms)
        for plane in frame.planes:
            plane[:] = 128
        return frame

    @classmethod
    def from_bgr(cls, picture: Plane, *, wall_ms: Ms = 0) -> Frame:
        """From a height x width x 3 array in OpenCV's order; both sides even."""
        source = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
        return cls(source.reformat(format="yuv420p"), wall_ms=wall_ms)

    def to_bgr(self, width: int | None = None, height: int | None = None) -> Plane:
        """A height x width x 3 array in OpenCV's order, scaled if a size is given."""
        scaled = self.video.reformat(
            width=width, height=height, format="bgr24", interpolation="FAST_BILINEAR", threads=1
        )
        return np.asarray(scaled.to_ndarray(), dtype=np.uint8)

    def scaled(self, width: int, height: int) -> Frame:
        """A private copy of another size."""
        return Frame(
            scale(self.video, width, height),
            wall_ms=self.wall_ms,
            wall_source=self.wall_source,
            pts=self.pts,
        )

    def cropped(self, x: int, y: int, width: int, height: int) -> Frame:
        """A private copy of a part; all four even. Raises `BadFormat` if it is not inside."""
        if x < 0 or y < 0 or x + width > self.width or y + height > self.height:
            raise BadFormat("The part is not inside the picture.")
        if (x | y | width | height) & 1:
            raise BadFormat("A part begins and ends at even pixels.")
        part = Frame.blank(width, height, wall_ms=self.wall_ms)
        part.wall_source, part.pts = self.wall_source, self.pts
        for index, (to, of) in enumerate(zip(part.planes, self.planes, strict=True)):
            half = 2 if index else 1
            left, top = x // half, y // half
            to[:] = of[top : top + height // half, left : left + width // half]
        return part

    def copy(self) -> Frame:
        """A private copy of the same size."""
        twin = Frame(
            av.VideoFrame(self.width, self.height, "yuv420p"),
            wall_ms=self.wall_ms,
            wall_source=self.wall_source,
            pts=self.pts,
        )
        for to, of in zip(twin.planes, self.planes, strict=True):
            to[:] = of
        return twin


def _view(video: av.VideoFrame, index: int) -> Plane:
    plane = video.planes[index]
    buffer = cast("memoryview[int]", plane)  # a plane has the buffer protocol; its stub is silent
    rows = np.frombuffer(buffer, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def fit(width: int, height: int, max_height: int | None) -> tuple[int, int]:
    """The size at most `max_height` high with the same shape, both sides even."""
    if max_height is not None and height > max_height:
        width, height = round(width * max_height / height), max_height
    return max(2, width - width % 2), max(2, height - height % 2)


def scale(video: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
    """A new YUV 4:2:0 picture in the limited range that encoders expect."""
    return video.reformat(
        width=width,
        height=height,
        format="yuv420p",
        dst_color_range="MPEG",
        interpolation="BILINEAR",
        threads=1,
    )


def private(video: av.VideoFrame, max_height: int | None) -> av.VideoFrame:
    """The decoded picture, no longer shared with its decoder, at most `max_height` high."""
    width, height = fit(video.width, video.height, max_height)
    same = (width, height) == (video.width, video.height) and video.format.name == "yuv420p"
    if not same or video.color_range == ColorRange.JPEG:
        return scale(video, width, height)
    video.make_writable()
    return video
