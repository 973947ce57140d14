"""OpenVINO without its telemetry.

Importing OpenVINO imports `openvino_telemetry` where that is installed, which starts a thread and
may reach for the network. It falls back to an inert stub when the import fails, so it is made to
fail. Everything here takes OpenVINO from this module. The detector's process goes further and
refuses every connection (`forbid_network`).
"""

from __future__ import annotations

import sys
from typing import Any

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402 - only after the line above

__all__ = ["forbid_network", "openvino"]

_NETWORK = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.bind",
    "socket.sendto",
)


def forbid_network() -> None:
    """From now on this process cannot open a connection; it cannot be undone."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _NETWORK:
        raise PermissionError("The detector has no business on the network.")
