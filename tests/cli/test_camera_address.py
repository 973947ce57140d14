"""What `plainview camera add` keeps of a camera's address."""

from __future__ import annotations

from pathlib import Path

import pytest

from plainview.cli.camera_add import store_address
from plainview.errors import Invalid
from plainview.media.access import Access
from plainview.register.private import Sources

PIN = "ab" * 32


def test_what_is_not_given_again_stays(tmp_path: Path) -> None:
    sources = Sources(tmp_path)
    store_address(sources, "cam-01", "rtsps://host/1", Access(), {})
    store_address(sources, "cam-01", None, Access(fingerprint=PIN), {"fingerprint": PIN})
    store_address(sources, "cam-01", "rtsps://host/2", Access(), {"transport": None})
    assert (sources.url("cam-01"), sources.how("cam-01")) == (
        "rtsps://host/2",
        {"fingerprint": PIN},
    )
    udp = Access("udp")
    store_address(sources, "cam-01", "rtsp://host/2", udp, {"transport": "udp"})
    assert sources.how("cam-01") == {"fingerprint": PIN, "transport": "udp"}
    store_address(sources, "cam-01", None, Access(), {"transport": "tcp"})
    assert sources.how("cam-01") == {"fingerprint": PIN}
    assert sources.url("cam-01") == "rtsp://host/2"
    store_address(sources, "cam-01", None, Access(), {"fingerprint": "", "transport": None})
    assert sources.how("cam-01") == {}


def test_without_an_address_there_is_nothing_to_reach(tmp_path: Path) -> None:
    sources = Sources(tmp_path)
    store_address(sources, "cam-01", None, Access(), {"transport": None})
    assert sources.url("cam-01") is None
    with pytest.raises(Invalid, match="No address is known"):
        store_address(sources, "cam-01", None, Access("udp"), {"transport": "udp"})
