"""What deploy/ ships is consistent with the program: metrics, commands, settings, hardening."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from plainview.base.catalogue import METRICS
from plainview.base.settings import load
from plainview.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
KNOWN = {one.name for one in METRICS}
RULES = (DEPLOY / "prometheus/plainview.rules.yml").read_text()
GUIDE = (ROOT / "docs/guide/operations.md").read_text()
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana/plainview.json").read_text())


def used(text: str) -> set[str]:
    return set(re.findall(r"\bplainview_[a-z_]+", text))


def test_every_metric_of_the_alert_rules_exists() -> None:
    named = used("\n".join(re.findall(r"expr: (.*)", RULES)))
    assert len(named) > 15
    assert named <= KNOWN


def test_every_alert_is_explained_with_what_to_do() -> None:
    alerts = re.findall(r"- alert: (\w+)", RULES)
    assert len(alerts) == len(set(alerts)) == RULES.count("expr:") == RULES.count("summary:")
    assert re.findall(r"^#### (Plainview\w+)$", GUIDE, re.MULTILINE) == alerts
    for alert in alerts:
        assert f"runbook: docs/guide/operations.md#{alert.lower()}\n" in RULES
    assert set(re.findall(r"severity: (\w+)\}", RULES)) == {"page", "ticket"}


def test_every_metric_of_the_dashboard_exists() -> None:
    asked = [t["expr"] for panel in DASHBOARD["panels"] for t in panel.get("targets", [])]
    asked += [one.get("definition", "") for one in DASHBOARD["templating"]["list"]]
    named = used("\n".join(asked))
    assert len(named) > 25
    assert named <= KNOWN


def test_panels_of_the_dashboard_lie_side_by_side() -> None:
    ids: set[int] = set()
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        ids.add(panel["id"])
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        own = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not own & cells, panel["title"]
        cells |= own
        assert panel["title"]
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == "${datasource}"
    assert len(ids) == len(DASHBOARD["panels"])


def test_the_settings_example_is_taken() -> None:
    settings = load(DEPLOY / "plainview.toml")
    assert settings.web_url == "https://video.city.example"
    assert settings.metrics_port


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: str(path.stem))
def test_every_unit_runs_a_command_of_ours_and_is_fenced_in(unit: Path) -> None:
    text = unit.read_text()
    command = re.search(r"^ExecStart=/opt/plainview/bin/plainview ([\w-]+)", text, re.MULTILINE)
    assert command
    assert command[1] in COMMANDS
    for line in (
        "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes",
        "PrivateTmp=yes", "PrivateDevices=yes", "LimitCORE=0", "SystemCallFilter=@system-service",
        "RestrictNamespaces=yes",
    ):  # fmt: skip
        assert f"\n{line}\n" in text, line
    assert "\nUMask=" in text
    assert "\nUser=" in text or "\nDynamicUser=yes" in text


def test_each_process_is_kept_from_what_is_not_its_own() -> None:
    text = {unit.stem: unit.read_text() for unit in UNITS}
    for name in ("plainview-recorder", "plainview-web"):
        assert "InaccessiblePaths=-/var/lib/plainview/keys" in text[name]
        assert "\nIPAddressDeny=any\n" in text[name]
    assert "InaccessiblePaths=-/var/lib/plainview/sources.json" in text["plainview-web"]
    assert "InaccessiblePaths=-/var/lib/plainview\n" in text["plainview-tools"]
    users = re.findall(r"^User=(.*)$", "\n".join(text.values()), re.MULTILINE)
    assert len(users) == len(set(users)) == 4
    listed = (DEPLOY / "sysusers.d/plainview.conf").read_text()
    assert all(f"u {user} " in listed for user in users)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_units_and_finds_them_safe(tmp_path: Path) -> None:
    folder = tmp_path / "systemd"
    shutil.copytree(DEPLOY / "systemd", folder)
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace("/opt/plainview/bin/plainview", "/bin/true"))
    files = [str(file) for file in folder.iterdir() if file.is_file()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    for unit in folder.glob("*.service"):
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)]
        rated = subprocess.run(command, capture_output=True, text=True)
        assert rated.returncode == 0, rated.stdout[-300:]


@pytest.mark.skipif(shutil.which("nft") is None or os.geteuid() != 0, reason="needs nft and root")
def test_the_firewall_is_taken() -> None:
    command = ["nft", "--check", "--file", str(DEPLOY / "network/nftables.conf")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus is not installed")
def test_prometheus_takes_the_rules() -> None:
    command = ["promtool", "check", "rules", str(DEPLOY / "prometheus/plainview.rules.yml")]
    assert subprocess.run(command, check=False).returncode == 0


@pytest.mark.parametrize("script", ["plainview-backup", "plainview-admin", "make-layout"])
def test_scripts_are_shell_that_can_be_run(script: str) -> None:
    assert (DEPLOY / script).stat().st_mode & 0o111
    assert subprocess.run(["sh", "-n", str(DEPLOY / script)], check=False).returncode == 0


def test_containers_run_as_the_users_that_the_image_makes() -> None:
    image, compose = (DEPLOY / "Containerfile").read_text(), (DEPLOY / "compose.yaml").read_text()
    made = dict(re.findall(r"--uid (\d+) .*? (plainview-\w+)(?: \\)?$", image, re.MULTILINE))
    for name, number in {name: number for number, name in made.items()}.items():
        assert f'user: "{number}:' in compose, name
    assert re.search(r"^USER plainview-web$", image, re.MULTILINE)
    assert "read_only: true" in compose
    assert "cap_drop: [ALL]" in compose
