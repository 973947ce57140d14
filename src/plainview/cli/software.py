"""`plainview software`: the hash of this installation or of a wheel, beside a server's word."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from plainview.base.ids import sha256_hex
from plainview.base.software import NAME, File, files_of_wheel, installed, listed
from plainview.cli.options import Json, counted, printable, say, say_json
from plainview.errors import BadFormat, Invalid, Unavailable

PUBLISHED = "/api/public/software"
TIMEOUT_S = 20.0
SHOWN = 20


def command(
    wheel: Annotated[
        Path | None, typer.Option("--wheel", help="A wheel, instead of this installation.")
    ] = None,
    server: Annotated[
        str | None, typer.Option("--server", help="Compare with what this server publishes.")
    ] = None,
    names: Annotated[
        bool, typer.Option("--list", help="Every file with its hash, as sha256sum writes it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the software hash: one number over all files. With --server, fail if it differs."""
    files = files_of_wheel(wheel) if wheel else installed().files
    text = listed(files)
    hash = sha256_hex(text.encode())
    if names:
        typer.echo(text, nl=False)
    elif as_json:
        say_json({"files": len(files), "sha256": hash, "of": str(wheel or "installation")})
    else:
        say(f"{wheel or 'this installation'}: {counted(len(files), 'file')}")
        say(f"software hash {hash}")
    if server:
        _compare(files, hash, server.rstrip("/"))


def _compare(files: list[File] | tuple[File, ...], hash: str, server: str) -> None:
    """Raises `Invalid` naming the files that differ."""
    published = _published(server)
    theirs = {file["name"]: file["sha256"] for file in published["files"]}
    ours = {file.name: file.sha256 for file in files}
    wrong = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    for name in wrong[:SHOWN]:
        how = "differs" if name in ours and name in theirs else "is there only"
        where = "" if how == "differs" else " on the server" if name in theirs else " here"
        say(printable(f"  {name} {how}{where}"))
    if wrong or published["sha256"] != hash:
        raise Invalid(f"{server} publishes another software: {published['sha256']}.")
    say(f"{server} publishes the same.")
    logged = published["logged"]
    if logged is not None:
        told = f"{logged['sha256'] or 'no hash'} at {logged['time']}, entry {logged['entry']}"
        say(printable(f"Its key keeper logged {told}."))


def _published(server: str) -> dict[str, Any]:
    """What a server says that it runs. Raises `Unavailable` or `BadFormat`."""
    try:
        answer = httpx.get(f"{server}{PUBLISHED}", timeout=TIMEOUT_S)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        text = listed(File(str(one["name"]), str(one["sha256"])) for one in found["files"])
    except httpx.HTTPError as error:
        raise Unavailable(f"{server} does not say what it runs: {error}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadFormat(f"{server} does not publish its software as {NAME} does.") from error
    if sha256_hex(text.encode()) != found["sha256"]:
        raise Invalid(f"{server} publishes a hash that is not that of its own list of files.")
    return found
