"""`plainview custodian`: what waits for my share; look, release or deny. Only HTTP, only my key."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from plainview.base.clock import from_iso, to_iso
from plainview.cli.options import (
    DEFAULT_SERVER,
    Json,
    KeyPath,
    ServerAddress,
    counted,
    printable,
    say,
    say_json,
    say_table,
    shown,
)
from plainview.errors import Refused
from plainview.release import custodian, keyfile
from plainview.release.checks import Asked
from plainview.release.client import Server
from plainview.release.trust import Trust

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Check requests; release or deny your share."
)

RequestHash = Annotated[str, typer.Argument(help="The request's hash, as the inbox shows it.")]


@app.command()
def inbox(key: KeyPath, server: ServerAddress = DEFAULT_SERVER, as_json: Json = False) -> None:
    """List the requests that wait for my share."""
    with Server(server, keyfile.read(key)) as session:
        waiting = [item for item in custodian.inbox(session) if not item.get("mine")]
    if as_json:
        say_json(waiting)
        return
    rows = [
        (item.get("request"), item.get("state"), item.get("camera"), item.get("from"), _mine(item))
        for item in waiting
    ]
    say_table(("request", "state", "camera", "from", "me"), rows, empty="Nothing waits for you.")


@app.command()
def show(
    request: RequestHash,
    key: KeyPath,
    server: ServerAddress = DEFAULT_SERVER,
    as_json: Json = False,
) -> None:
    """Check a request against the log and show what it is for."""
    mine = keyfile.read(key)
    trust = Trust(mine)
    with Server(server, mine) as session:
        asked = custodian.examine(session, trust, request)
        for window in asked.windows:
            custodian.own_share(asked, window, trust)
    if as_json:
        say_json(_as_json(asked))
    else:
        _say(asked)


@app.command()
def release(
    request: RequestHash,
    key: KeyPath,
    server: ServerAddress = DEFAULT_SERVER,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    as_json: Json = False,
) -> None:
    """Release my share of every window asked for, after all checks."""
    mine = keyfile.read(key)
    trust = Trust(mine)
    with Server(server, mine) as session:
        asked = custodian.examine(session, trust, request)
        if not as_json:
            _say(asked)
        if asked.released >= {window.record.window for window in asked.windows}:
            raise Refused("You released your share of every window before.")
        if not yes and not typer.confirm("Release your share of these windows?"):
            raise Refused("Nothing was released.")
        done = list(custodian.release(session, trust, asked))
    if as_json:
        say_json([vars(one) for one in done])
        return
    for one in done:
        say(f"Released share {one.i} of {one.window}.")


@app.command()
def deny(
    request: RequestHash,
    reason: Annotated[str, typer.Option("--reason", help="Public; name nobody.")],
    key: KeyPath,
    server: ServerAddress = DEFAULT_SERVER,
) -> None:
    """Refuse a request; the reason goes onto the public log."""
    mine = keyfile.read(key)
    with Server(server, mine) as session:
        custodian.deny(session, Trust(mine), request, reason)
    say("Refused; the reason is on the public log.")


def _mine(item: dict[str, Any]) -> str:
    return "answered" if item.get("answered") else "waits for you"


def _say(asked: Asked) -> None:
    detail = asked.detail
    say(f"Request {asked.hash}")
    say(f"  on the log as entry {asked.proven.index}, proven and witnessed within the hour")
    say(f"  by       {asked.requester.id}, {printable(asked.requester_org)}")
    say(f"  camera   {printable(detail.get('camera'))}")
    say(f"  time     {_time(detail.get('from'))} to {_time(detail.get('to'))}")
    say(f"  purpose  {printable(asked.purpose)} {_also(asked)}".rstrip())
    say(f"  case     {printable(detail.get('case') or '-')}")
    say(f"  note     {printable(detail.get('note') or '-')}")
    say(f"  expires  {shown(asked.expires)}")
    say(f"  opens    {counted(len(asked.windows), 'window')} and no other:")
    for window in asked.windows:
        record = window.record
        done = ", released by you" if record.window in asked.released else ""
        say(f"           {record.window}  (any {record.k} of {record.n}{done})")


def _also(asked: Asked) -> str:
    said = str(asked.detail.get("purpose", ""))
    return f"({printable(said)})" if said and said != asked.purpose else ""


def _time(text: object) -> str:
    return shown(from_iso(str(text)))


def _as_json(asked: Asked) -> dict[str, Any]:
    return {
        "request": asked.hash,
        "index": asked.proven.index,
        "requester": asked.requester.id,
        "org": asked.requester_org,
        "recipient": asked.recipient,
        "purpose": asked.purpose,
        "expires": to_iso(asked.expires),
        "detail": asked.detail,
        "windows": [window.record.window for window in asked.windows],
        "checked": True,
    }
