"""`plainview case`: draft a request for originals, sign it, follow it; hold what is marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from plainview.base.clock import now_ms, to_iso
from plainview.base.durable import write_file
from plainview.cli.options import (
    DEFAULT_SERVER,
    Json,
    KeyPath,
    ServerAddress,
    counted,
    moment,
    say,
    say_json,
    say_table,
)
from plainview.errors import BadFormat
from plainview.release import asking, custodian, keyfile
from plainview.release.client import Server

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Draft and sign a request for originals, follow it; hold what was marked.",
)


@app.command()
def draft(
    camera: Annotated[str, typer.Argument(help="The camera's id.")],
    begin: Annotated[str, typer.Option("--from", help="Begin, for example 2026-11-23T08:50Z.")],
    end: Annotated[str, typer.Option("--to", help="End.")],
    purpose: Annotated[str, typer.Option("--purpose", help="A public code such as offence.")],
    case: Annotated[str, typer.Option("--case", help="Case number; private.")],
    key: KeyPath,
    note: Annotated[str, typer.Option("--note", help="Why; private.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write the draft to a file.")] = None,
    server: ServerAddress = DEFAULT_SERVER,
) -> None:
    """Draft a request over the windows that exist; nothing is asked yet."""
    wish = {
        "camera": camera,
        "from": to_iso(moment(begin)),
        "to": to_iso(moment(end)),
        "purpose": purpose,
        "case": case,
        "note": note,
    }
    with Server(server, keyfile.read(key)) as session:
        made = asking.read_draft(session.post("/api/drafts", wish))
    text = json.dumps(made, indent=1, sort_keys=True)
    if out is None:
        say(text)
        return
    write_file(out, text.encode(), mode=0o600)
    windows = counted(len(made["body"]["windows"]), "window")
    say(f"{windows}; draft in {out}. Sign it: plainview case ask {out} --key {key}")


@app.command()
def ask(
    draft: Annotated[Path, typer.Argument(help="A draft that `plainview case draft` wrote.")],
    key: KeyPath,
    server: ServerAddress = DEFAULT_SERVER,
) -> None:
    """Sign a draft and ask: the request goes onto the public log."""
    try:
        made = asking.read_draft(json.loads(draft.read_text()))
    except (OSError, ValueError) as error:
        raise BadFormat(f"{draft} cannot be read: {error}.") from error
    mine = keyfile.read(key)
    with Server(server, mine) as session:
        hash = asking.ask(session, mine, made, now=now_ms())
    say(f"Request {hash} is on the log. Custodians now decide.")


@app.command("list")
def list_requests(
    key: KeyPath, server: ServerAddress = DEFAULT_SERVER, as_json: Json = False
) -> None:
    """List my requests and where they stand."""
    with Server(server, keyfile.read(key)) as session:
        mine = [item for item in custodian.inbox(session) if item.get("mine")]
    if as_json:
        say_json(mine)
        return
    rows = [
        (item["request"], item["state"], item["camera"], item["from"], _count(item))
        for item in mine
    ]
    columns = ("request", "state", "camera", "from", "released")
    say_table(columns, rows, empty="No request yet. Draft one with: plainview case draft.")


@app.command()
def marks(key: KeyPath, server: ServerAddress = DEFAULT_SERVER, as_json: Json = False) -> None:
    """List marks: what somebody asks to keep, and by when a hold must be made of it."""
    with Server(server, keyfile.read(key)) as session:
        found = session.get("/api/marks")
    if as_json:
        say_json(found)
        return
    columns = ("mark", "state", "camera", "from", "to", "deadline")
    rows = [tuple(str(one[name]) for name in columns) for one in found]
    say_table(columns, rows, empty="No marks.")


@app.command()
def hold(
    mark: Annotated[str, typer.Argument(help="The mark's id, as the list of marks shows it.")],
    key: KeyPath,
    days: Annotated[int, typer.Option("--days", min=1, help="How long it holds.")] = 30,
    server: ServerAddress = DEFAULT_SERVER,
) -> None:
    """Sign a hold: what a mark means is not destroyed before the hold ends."""
    mine = keyfile.read(key)
    with Server(server, mine) as session:
        index, until = asking.hold(session, mine, mark, days, now=now_ms())
    say(f"Held until {until}: entry {index} of the log.")


def _count(item: dict[str, Any]) -> str:
    done = sum(window["releases"] >= item["k"] for window in item["windows"])
    return f"{done} of {len(item['windows'])} windows"
