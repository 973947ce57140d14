"""Attacks by readers of journals, disks and pages: no key, password or network address there."""

from __future__ import annotations

import ast
import secrets
from pathlib import Path

import pytest
import structlog

from plainview.base import journal
from plainview.base.settings import Settings
from plainview.cases.rows import MOST_DRAFTS, Rows
from plainview.cli.tools_page import command as tools_page
from plainview.errors import UnsafeStart
from plainview.media.rtsp import redact_url
from plainview.web.app import create_app

CLI = Path("src/plainview/cli")


def fail(view_key: str) -> None:
    """What a fault of ours looks like: the key is among the variables of the frame."""
    held = {"view": view_key}
    raise ZeroDivisionError(len(held))


def test_a_traceback_in_the_journal_shows_no_variables(capfd: pytest.CaptureFixture[str]) -> None:
    secret = secrets.token_hex(32)
    journal.configure()
    try:
        fail(secret)
    except ZeroDivisionError:
        structlog.get_logger().exception("question failed", password=secret)
    finally:
        structlog.reset_defaults()
    written = capfd.readouterr().err
    assert "ZeroDivisionError" in written
    assert secret not in written


@pytest.mark.parametrize(
    "name", ["keeper", "recorder", "web", "demo_web", "serve", "demo", "tools_page"]
)
def test_every_process_configures_its_journal_first(name: str) -> None:
    tree = ast.parse((CLI / f"{name}.py").read_text())
    command = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "command")
    assert ast.unparse(command.body[1]).startswith("journal.start(")


def test_a_password_in_the_path_of_a_camera_is_not_shown() -> None:
    shown = redact_url("rtsp://10.1.2.3:554/user=admin_password=hunter2_channel=1.sdp?key=x")
    assert shown == "rtsp://10.1.2.3:554"


def test_peoples_keys_are_not_served_outside_a_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAINVIEW_DATA", str(tmp_path))
    monkeypatch.setenv("PLAINVIEW_DEMO", "false")
    with pytest.raises(UnsafeStart):
        tools_page(demo_keys=tmp_path)


def test_drafts_of_one_person_are_bounded(tmp_path: Path) -> None:
    rows = Rows(Settings(data=tmp_path))
    try:
        for number in range(MOST_DRAFTS + 5):
            rows.add_draft("p-1", {"body": {"request": f"r{number}"}}, number)
        rows.add_draft("p-2", {"body": {"request": "other"}}, 0)
        kept = [draft.id for draft in rows.drafts("p-1")]
        assert (len(kept), kept[0], kept[-1]) == (MOST_DRAFTS, f"r{MOST_DRAFTS + 4}", "r5")
        assert len(rows.drafts("p-2")) == 1
    finally:
        rows.close()


def test_private_files_are_their_owners_alone(tmp_path: Path) -> None:
    create_app(Settings(data=tmp_path / "data"))
    for name in ("sessions.db", "cases.db", "register.db", "web.secret"):
        assert (tmp_path / "data" / name).stat().st_mode & 0o077 == 0
