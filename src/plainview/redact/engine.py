"""What can run the networks, and in which numbers. Nothing here loads any of it."""

from __future__ import annotations

from enum import StrEnum


class Engine(StrEnum):
    """What runs the networks."""

    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"
    """As fast in f32, without bf16; a second opinion on the first one's numbers."""


class Precision(StrEnum):
    """In which numbers the networks compute."""

    BEST = "best"
    """bf16 where the processor has it, else f32."""
    F32 = "f32"
    BF16 = "bf16"
