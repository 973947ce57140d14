"""`plainview demo --city` shows the public pages of a generated city, and says that it is one."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from plainview.node.one_machine import command
from plainview.testing.metropolis.place import city
from plainview.testing.running import free_ports

UP_S = 150.0


@pytest.mark.timeout(290)
def test_the_city_is_shown_and_says_that_it_is_made_up(tmp_path: Path) -> None:
    data = city(tmp_path, 0.005, say=lambda _: None)
    port = free_ports(1)
    words = command("demo", "--city", "--data", str(data), "--port", str(port))
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as running:
        try:
            page = _page(f"http://localhost:{port}/cameras")
            assert "Generated city" in page
            assert "Registered" in page
            story = httpx.get(f"http://localhost:{port}/demo")
            assert story.status_code == httpx.codes.NOT_FOUND, "nobody signs in by a link here"
        finally:
            running.send_signal(signal.SIGTERM)
        assert running.wait(20) is not None


def _page(address: str) -> str:
    end = time.monotonic() + UP_S
    while True:
        try:
            return httpx.get(address, timeout=UP_S).raise_for_status().text
        except httpx.TransportError:
            assert time.monotonic() < end, "the pages did not come up"
            time.sleep(0.2)
