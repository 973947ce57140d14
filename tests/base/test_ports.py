"""A taken port is named with its holder."""

from __future__ import annotations

import os
import socket

import pytest

from plainview.base.ports import require_free
from plainview.errors import UnsafeStart


def test_a_free_port_is_accepted() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    require_free(port, setting="PORT")


def test_the_holder_and_the_remedy_are_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UnsafeStart, match=rf"{port} is taken by .*process {os.getpid()}") as no:
            require_free(port, setting="PORT=1")
    assert no.value.hint == "End it, or choose another: PORT=1."
