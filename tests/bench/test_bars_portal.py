"""The bar of public pages: at full counts with PLAINVIEW_BARS=1, else over a small city."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.bench import portal
from plainview.bench.catalogue import Options
from plainview.bench.result import Result

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
MEDIAN_MS, P99_MS = 100, 300


@pytest.mark.bar("public pages")
@pytest.mark.timeout(1800)
def test_public_pages_are_quick(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    said: list[str] = []
    scale, data = (1.0, None) if FULL else (0.01, tmp_path)
    options = Options(runs=3 if FULL else 1, scale=scale, data=data)
    found: dict[str, Result] = {one.metric: one for one in portal.run(options, said.append)}
    median, p99 = found["portal.page_ms_median"], found["portal.page_ms_p99"]
    texts = [f"{one.metric} {one.value:g} {one.unit}" for one in found.values()]
    record_property("bar", json.dumps({"measured": "; ".join(texts)}))
    assert 0 < median.value <= p99.value
    assert all(any(line.startswith(f"{kind}:") for line in said) for kind in portal.PAGES)
    if FULL:
        assert median.value <= MEDIAN_MS
        assert p99.value <= P99_MS
