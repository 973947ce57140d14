"""`plainview verify TARGET`: an evidence package, a log folder or address, a node's data folder."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from plainview.base import journal
from plainview.base.clock import now_ms
from plainview.errors import BadFormat, NotFound, PlainviewError
from plainview.register.remade import Remade, registers
from plainview.register.unlike import Unlike
from plainview.tlog.policy import Policy
from plainview.tlog.reader import HttpFetch, LogReader
from plainview.verify.log import verify_log
from plainview.verify.package import verify_package
from plainview.verify.report import Report
from plainview.verify.tree import Progress as Advance

LIVE_MAX_AGE_MS = 86_400_000
"""A log that is asked over the network must have been witnessed within a day."""
OWN_POLICY = (
    "The trust policy came from the same place as the log. To know that this is the city's log, "
    "give the policy that you have from the city or a witness: --policy FILE."
)


def command(
    target: Annotated[
        str, typer.Argument(help="Package (zip), folder of a log, address, data folder.")
    ],
    policy: Annotated[
        Path | None,
        typer.Option(help="Trust policy (tlog-policy) from a source that you trust."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Verify everything; exit status 0 only if all holds.

    In a data folder, every row of register.db is compared with what follows from the log.
    """
    given = None if policy is None else read_policy(policy)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("Verifying", total=None)
        report = _verify(
            target, given, lambda done, total: bar.update(task, completed=done, total=total)
        )
    typer.echo(json.dumps(report.to_dict(), indent=1) if as_json else "\n".join(report.lines()))
    raise typer.Exit(0 if report.ok else 1)


def read_policy(path: Path) -> Policy:
    """Raises `NotFound`, `BadFormat`."""
    try:
        return parse_policy(path.read_bytes())
    except OSError as error:
        raise NotFound(
            f"{path} cannot be read: {error.strerror}.", hint="Give a policy with --policy."
        ) from error


def parse_policy(data: bytes) -> Policy:
    """Raises `BadFormat`."""
    try:
        return Policy.parse(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadFormat("the policy is not UTF-8.") from error


def _verify(target: str, policy: Policy | None, progress: Advance) -> Report:
    if target.startswith(("http://", "https://")):
        with LogReader.http(target) as reader:
            own = None if policy else _fetched_policy(target)
            report = verify_log(
                reader,
                policy or parse_policy(own or b""),
                now=now_ms(),
                max_age_ms=LIVE_MAX_AGE_MS,
                progress=progress,
            )
    elif Path(target).is_dir():
        folder = _log_folder(Path(target))
        trusted = policy or read_policy(folder.parent / "policy.txt")
        report = verify_log(LogReader.folder(folder), trusted, now=now_ms(), progress=progress)
        if folder != Path(target):
            _compare_registers(Path(target), report, progress)
    elif Path(target).is_file():
        return verify_package(Path(target), policy, progress=progress)
    else:
        raise NotFound(f"There is no file or folder {target}.", hint="Give an address with http.")
    if policy is None:
        report.notes.append(OWN_POLICY)
    return report


def _log_folder(folder: Path) -> Path:
    """The folder itself, or the `log` in a data folder."""
    inner = folder / "log"
    return inner if (inner / "checkpoint").exists() else folder


def _compare_registers(data: Path, report: Report, progress: Advance) -> None:
    """Add what the node's registers say otherwise than its log."""
    journal.configure("verify", level=logging.CRITICAL)  # what is wrong stands in the report
    compared = {}
    for database in registers(data):
        name = str(database.relative_to(data))

        def tell(one: Unlike, name: str = name) -> None:
            report.fail("register", " ".join([f"{name},", one.table, one.row]).strip(), one.message)

        try:
            with Remade(data) as remade:
                found = remade.compare(database, tell, progress)
        except (PlainviewError, OSError) as error:
            report.fail("register", name, f"it could not be compared with the log: {error}")
            continue
        compared[name] = asdict(found)
        report.besides.append(
            f"{name}: {found.rows} rows compared with what the log says after {found.applied} of "
            f"{found.size} entries."
        )
        if found.applied > report.facts.get("size", 0):
            report.notes.append(f"{name} has applied entries that are not witnessed yet.")
    if compared:
        report.facts["registers"] = compared


def _fetched_policy(target: str) -> bytes:
    fetch = HttpFetch(str(httpx.URL(target).join("/")))
    try:
        return fetch("policy.txt")
    finally:
        fetch.close()
