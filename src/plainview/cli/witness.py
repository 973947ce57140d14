"""`plainview witness`: run a witness for a log."""

from __future__ import annotations

import asyncio
import signal
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from plainview.base import durable
from plainview.errors import SettingsError
from plainview.tlog.notes import ED25519, Verifier
from plainview.tlog.signing import SigningKey
from plainview.tlog.witness import Witness, serve


def command(
    state: Annotated[Path, typer.Option(help="File that remembers the last size and root.")],
    key: Annotated[Path, typer.Option(help="The witness's key (PEM); made when it is absent.")],
    name: Annotated[str, typer.Option(help="Name of the witness, such as witness.example.org/w1.")],
    log_key: Annotated[
        list[str], typer.Option(help="Verifier key of a log to witness (origin+hash+key).")
    ],
    origin: Annotated[
        list[str] | None, typer.Option(help="The log's origin; its key must carry this name.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8620,
) -> None:
    """Cosign a log's checkpoints while it only grows. Run by somebody outside the operator."""
    logs = {log.name: log for log in map(Verifier.parse, log_key)}
    if any(log.kind != ED25519 for log in logs.values()):
        raise SettingsError("--log-key is a witness's key.", hint="Give the key of the log.")
    if origin and set(origin) != set(logs):
        raise SettingsError("--origin and --log-key name different logs.")
    durable.make_folder(state.absolute().parent)
    with closing(Witness(name, _key(key), state, logs)) as witness:
        typer.echo(f"witness {witness.name}")
        typer.echo(f"verifier key {witness.vkey}")
        asyncio.run(_serve(witness, host, port))


async def _serve(witness: Witness, host: str, port: int) -> None:
    """Until SIGINT or SIGTERM."""
    task = asyncio.create_task(
        serve(
            witness,
            host,
            port,
            ready=lambda at: typer.echo(f"listening on http://{host}:{at}"),
        )
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


def _key(path: Path) -> SigningKey:
    """Read the key, or make one that only its owner can read."""
    if path.exists():
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"{path} can be read by others.", hint=f"chmod 600 {path}")
        return SigningKey.from_pem(path.read_bytes())
    key = SigningKey.generate()
    durable.make_folder(path.absolute().parent)
    durable.write_file(path, key.to_pem(), mode=0o600)
    return key
