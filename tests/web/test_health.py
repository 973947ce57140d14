"""Health and metrics: a yes or no for strangers, reasons for staff, numbers for a token."""

from __future__ import annotations

import json
import re
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from plainview.base.catalogue import METRICS
from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.errors import UnsafeStart
from plainview.web.token import MonitorToken

TOKEN = "t" * 40  # long enough
AWAY = {
    "kind": "camera_away", "where": "cam-01", "what": "rtsp://10.0.0.7 cannot be opened.",
    "red": True, "since": 1_795_424_400_000,
}  # fmt: skip


def values(text: str) -> dict[str, float]:
    """`name{labels}` -> value; fails on text that is not in the format."""
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The header that opens the metrics of sites made after this."""
    file = tmp_path / "metrics.token"
    file.touch(mode=0o600)
    file.write_text(TOKEN + "\n")
    monkeypatch.setenv("PLAINVIEW_METRICS_TOKEN_FILE", str(file))
    return {"Authorization": f"Bearer {TOKEN}"}


def test_strangers_learn_yes_or_no_and_nothing_else(site: Any, tails: Any) -> None:
    with site.client() as client:
        good = until_ok(client)
        tails.problems.append(AWAY)
        bad = until_red(client)
    assert (good.status_code, good.json()["ok"]) == (200, True)
    assert (bad.status_code, bad.json()["ok"]) == (503, False)
    assert set(bad.json()) == {"ok", "time"}


def until_ok(client: httpx.Client) -> httpx.Response:
    """Everything may still be starting."""
    for _ in range(100):
        answer = client.get("/health")
        if answer.status_code == 200:
            break
        time.sleep(0.1)
    return answer


def until_red(client: httpx.Client) -> httpx.Response:
    """Answers are a second old at most."""
    for _ in range(60):
        time.sleep(0.05)
        answer = client.get("/health")
        if answer.status_code == 503:
            return answer
    raise AssertionError("health stayed green")


def test_staff_read_what_where_since_when_and_what_to_do(site: Any, tails: Any) -> None:
    tails.problems.append(AWAY)
    with site.browser(site.town.operator) as browser:
        kinds(browser, "camera_away")
        said = browser.get("/api/health").json()
        page = browser.get("/status")
    (problem,) = said["problems"]
    assert problem["since"] == "2026-11-23T09:00:00.000Z"
    assert (problem["kind"], problem["where"]) == ("camera_away", "cam-01")
    assert "plainview camera show" in problem["do"]
    assert said["ok"] is False
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
    assert "No. One thing is wrong." in text
    assert "A camera sends no pictures: cam-01" in text
    assert "23 November 2026, 09:00:00 UTC" in text


@pytest.mark.parametrize(
    ("who", "health", "metrics"),
    [("operator", 200, 403), ("dpo", 200, 403), ("officer", 403, 403), ("court", 403, 403)],
)
def test_roles(calm: Any, who: str, health: int, metrics: int) -> None:
    with calm.browser(getattr(calm.town, who)) as browser:
        assert browser.get("/api/health").status_code == health
        assert browser.get("/status").status_code == health
        assert browser.get("/metrics").status_code == metrics


def test_without_a_token_nobody_else_reads_metrics(calm: Any) -> None:
    with calm.client() as client:
        for header in ({}, {"Authorization": f"Bearer {TOKEN}"}):
            for path in ("/metrics", "/api/health"):
                assert client.get(path, headers=header).status_code == 401


def test_the_keeper_away_is_a_reason(site: Any, tails: Any) -> None:
    with site.browser(site.town.operator) as browser:
        site.town.stop_keeper()
        found = kinds(browser, "keeper_away")
    assert [kind for kind, _ in found] == ["keeper_away"]


def test_a_process_that_does_not_stay_up_is_a_reason(site: Any, tails: Any) -> None:
    now = now_ms()
    state = {"web": {"pid": 1, "restarts": 9, "hung": 1, "recent": [now - 9_000, now - 5_000, now]}}
    site.town.settings.processes_file.write_text(json.dumps(state))
    with site.browser(site.town.dpo) as browser:
        assert kinds(browser, "restarts") == [("restarts", "web")]
    site.town.settings.processes_file.write_text("{torn")
    with site.browser(site.town.dpo) as browser:
        assert until_green(browser)


def kinds(client: httpx.Client, wanted: str) -> list[tuple[str, str]]:
    """Kinds and places of all problems, once one of the `wanted` kind is the only one."""
    for _ in range(60):
        said = client.get("/api/health").json()["problems"]
        found = [(one["kind"], one["where"]) for one in said]
        if [kind for kind, _ in found] == [wanted]:
            break
        time.sleep(0.05)
    return found


def until_green(client: httpx.Client) -> bool:
    end = time.monotonic() + 5
    while client.get("/health").status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.05)
    return True


def test_the_token_opens_all_metrics_of_the_machine(
    tmp_path: Path, tokens: dict[str, str], make_town: Any, make_tails: Any
) -> None:
    with make_town(tmp_path, witnesses=2) as (town, site):
        tails = make_tails(town)
        tails.health["cam-01"] = {"state": "recording"}
        tails.metrics = "# TYPE plainview_recorder_up gauge\nplainview_recorder_up 1\n"
        state = {"recorder": {"pid": 1, "restarts": 2, "hung": 1, "recent": []}}
        town.settings.processes_file.write_text(json.dumps(state))
        with site.client() as client:
            client.get("/cameras")
            found = when_all_is_known(client, tokens)
            assert client.get("/api/health", headers=tokens).status_code == 200
            for path in ("/api/cameras", "/api/me", "/status"):
                assert client.get(path, headers=tokens).status_code == 401, path
        assert found["plainview_recorder_up{}"] == found["plainview_keeper_up{}"] == 1
        assert found["plainview_log_writable{}"] == found["plainview_log_quorum{}"] == 1
        assert found["plainview_log_entries{}"] >= 3
        for name in ("w0.test", "w1.test"):
            assert found[f'plainview_witness_up{{"witness": "{name}"}}'] == 1
            assert 0 <= found[f'plainview_witness_age_seconds{{"witness": "{name}"}}'] < 60
        assert found['plainview_process_restarts_total{"process": "recorder"}'] == 2
        assert found['plainview_process_hangs_total{"process": "recorder"}'] == 1
        assert found['plainview_process_resident_memory_bytes{"process": "keeper"}'] > 1e6
        assert found['plainview_http_requests_total{"class": "pages", "status": "2xx"}'] == 1
        town.stop_keeper()
        tails.close()
        with site.client() as client:
            away = until_away(client, tokens)
        assert away["plainview_recorder_up{}"] == 0
        assert "plainview_log_entries{}" not in away
        assert away["plainview_log_quorum{}"] == 1, "readers still see a witnessed checkpoint"
        assert away['plainview_problems{"kind": "keeper_away"}'] == 1


def when_all_is_known(client: httpx.Client, tokens: dict[str, str]) -> dict[str, float]:
    """The first checkpoint may still be on its way to the witnesses, and answers are up to a second
    old: from before the recorder was there."""
    for _ in range(100):
        found = values(client.get("/metrics", headers=tokens).text)
        known = 'plainview_process_restarts_total{"process": "recorder"}' in found
        if known and found.get("plainview_log_quorum{}") and found["plainview_recorder_up{}"]:
            return found
        time.sleep(0.1)
    raise AssertionError("no witnessed checkpoint was published, or the recorder stayed unknown")


def until_away(client: httpx.Client, tokens: dict[str, str]) -> dict[str, float]:
    for _ in range(60):
        time.sleep(0.05)
        found = values(client.get("/metrics", headers=tokens).text)
        if found["plainview_keeper_up{}"] == 0 and found["plainview_recorder_up{}"] == 0:
            return found
    raise AssertionError("the keeper's end went unnoticed")


def test_what_a_recorder_says_beyond_the_catalogue_is_left_out(
    tmp_path: Path, tokens: dict[str, str], make_town: Any, make_tails: Any
) -> None:
    with make_town(tmp_path) as (town, site):
        tails = make_tails(town)
        tails.metrics = '# TYPE plainview_faces gauge\nplainview_faces{camera="c"} 7\n'
        with site.client() as client:
            text = client.get("/metrics", headers=tokens).text
        tails.close()
    assert "plainview_faces" not in text
    assert {family.name for family in text_string_to_metric_families(text)} <= {
        one.name.removesuffix("_total") for one in METRICS
    }


def test_a_port_of_its_own_answers_on_loopback_to_its_own_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_town: Any
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("PLAINVIEW_METRICS_PORT", str(port))
    with make_town(tmp_path) as (_town, _site):
        address = f"http://127.0.0.1:{port}/metrics"
        assert values(httpx.get(address).text)["plainview_keeper_up{}"] == 1
        assert httpx.get(address, headers={"host": "evil.example"}).status_code == 421
        assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 404


def test_a_token_that_others_read_or_guess_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "token"
    with pytest.raises(UnsafeStart, match="cannot be read"):
        MonitorToken(file)
    file.write_text("x" * 40)
    file.chmod(0o644)
    with pytest.raises(UnsafeStart, match="Everybody may read"):
        MonitorToken(file)
    file.chmod(0o640)
    MonitorToken(file)
    file.write_text("short")
    with pytest.raises(UnsafeStart, match="shorter than"):
        MonitorToken(file)
    assert Settings().metrics_port == 0
