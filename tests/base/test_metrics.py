"""The catalogue of metrics: documented, named by the rules, and about nobody."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from plainview.base import metrics
from plainview.base.catalogue import METRICS
from plainview.base.metrics import Samples, written
from plainview.base.problems import KINDS, Problem, dated
from plainview.base.since import Since
from plainview.errors import BadFormat

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/ref/metrics.md").read_text()
MESSAGES = ROOT / "src/plainview/web/messages/en.toml"
ABOUT_PEOPLE = re.compile(r"face|mask|_box|people|person|heads|plate|detections|object")


def test_every_metric_is_documented_as_it_is() -> None:
    for one in METRICS:
        labels = ", ".join(f"`{label}`" for label in one.labels) or "-"
        assert f"| `{one.name}` | {one.kind} | {labels} | {one.help} |" in PAGE


def test_no_metric_is_documented_that_does_not_exist() -> None:
    named = set(re.findall(r"^\| `(plainview_\w+)` \|", PAGE, re.MULTILINE))
    assert named == {one.name for one in METRICS}


def test_no_metric_counts_what_was_seen_or_hidden() -> None:
    for one in METRICS:
        words = " ".join((one.name, *one.labels))
        assert not ABOUT_PEOPLE.search(words), words


def test_names_keep_to_the_rules() -> None:
    assert len({one.name for one in METRICS}) == len(METRICS)
    for one in METRICS:
        assert re.fullmatch(r"plainview_[a-z][a-z_]*[a-z]", one.name)
        assert one.name.endswith("_total") == (one.kind == "counter")
        assert one.help.endswith(".")


def test_every_kind_of_problem_has_a_name_and_says_what_to_do() -> None:
    texts = tomllib.loads(MESSAGES.read_text())["health"]
    assert set(texts["kind"]) == set(texts["do"]) == set(KINDS)
    guide = (ROOT / "docs/guide/operations.md").read_text()
    for kind in KINDS:
        assert f"| `{kind}` |" in PAGE
        assert f"| `{kind}` |" in guide, kind


def test_what_one_process_writes_another_takes_in() -> None:
    first, second = Samples(), Samples()
    first.add("plainview_camera_up", True, camera='cam "1"\n')
    first.state("plainview_camera_state", ("recording", "waiting"), "waiting", camera="cam-2")
    first.add("plainview_camera_gaps_total", 3, camera="cam-2")
    first.add("plainview_disk_headroom_hours", None, disk="data")
    text = written(lambda: first)
    assert b"headroom" not in text
    second.take(text.decode())
    assert written(lambda: second) == text
    assert b'plainview_camera_state{camera="cam-2",state="waiting"} 1.0' in text
    assert b"# TYPE plainview_camera_gaps_total counter" in text


def test_what_the_catalogue_does_not_know_is_not_said() -> None:
    with pytest.raises(KeyError):
        Samples().add("plainview_faces", 1)
    found = Samples()
    found.take("# TYPE plainview_faces gauge\nplainview_faces 7\n")
    assert written(lambda: found) == b""


def test_nothing_is_in_the_global_registry() -> None:
    assert "plainview" not in str(list(REGISTRY.collect()))


def test_a_process_is_measured_and_one_that_has_ended_is_left_out() -> None:
    found = Samples()
    metrics.process(found, "web")
    metrics.process(found, "keeper", 2**22 + 1)
    text = written(lambda: found).decode()
    for name in ("cpu_seconds_total", "resident_memory_bytes", "open_files", "uptime_seconds"):
        assert re.search(rf'plainview_process_{name}{{process="web"}} [1-9.]', text), name
    assert "keeper" not in text


def test_a_problem_is_dated_from_when_it_was_first_seen() -> None:
    since, away = Since(), Problem("camera_away", "cam-1", "no route")
    assert dated([away], since, 1_000)[0].since == 1_000
    later = [Problem("camera_away", "cam-1", "refused"), Problem("store", "store", "full")]
    assert [one.since for one in dated(later, since, 2_000)] == [1_000, 2_000]
    assert dated([], since, 3_000) == []
    assert dated([away], since, 4_000)[0].since == 4_000


def test_a_problem_of_another_process_is_checked() -> None:
    good = Problem("log", "keeper", "full", True, 5)
    assert Problem.from_dict(good.to_dict()) == good
    wrong: list[Any] = [{}, {**good.to_dict(), "kind": "faces"}, []]
    for bad in wrong:
        with pytest.raises(BadFormat):
            Problem.from_dict(bad)
