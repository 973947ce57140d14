"""`plainview disks`: where recordings lie, and what to do when a disk comes or goes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from plainview.cli.options import (
    DataFolder,
    Json,
    SettingsFile,
    load_settings,
    say,
    say_json,
    say_table,
)
from plainview.errors import Refused, SettingsError
from plainview.store.check_disks import states
from plainview.store.lock import exclusive
from plainview.store.store import Store

Adopt = Annotated[
    Path | None,
    typer.Option("--adopt", metavar="FOLDER", help="Take a new disk where another one was known."),
]
Forget = Annotated[
    str | None,
    typer.Option("--forget", metavar="ID", help="Take a disk off the list that holds no packs."),
]
Lost = Annotated[bool, typer.Option("--lost", help="With --forget: its packs are lost for good.")]


def command(
    settings: SettingsFile = None,
    data: DataFolder = None,
    adopt: Adopt = None,
    forget: Forget = None,
    lost: Lost = False,
    json_: Json = False,
) -> None:
    """Show the disks of this store and their room; adopt or forget one (recorder stopped)."""
    chosen = load_settings(settings, data)
    if not chosen.data.is_dir():
        raise SettingsError(f"{chosen.data} is not a folder.", hint="Give --data or --settings.")
    with Store(chosen) as store:
        if adopt is not None or forget is not None:
            with exclusive(store.data):
                _change(store, adopt, forget, lost=lost)
        found = states(store)
    if json_:
        say_json([asdict(one) for one in found])
        return
    rows = [(one.id[:8] or "-", one.folder, one.words()) for one in found]
    say_table(("disk", "folder", "state"), rows, empty="No disk is known.")


def _change(store: Store, adopt: Path | None, forget: str | None, *, lost: bool) -> None:
    store.disks.ready()
    if adopt is not None:
        disk = store.disks.adopt(adopt)
        say(f"{disk.folder} is disk {disk.id[:8]} of this store now.")
    if forget is not None:
        (id, packs) = _one(store, forget)
        if packs and not lost:
            raise Refused(
                f"The index knows {packs} packs on disk {id[:8]}.",
                hint="Copy them to another disk and run plainview check --repair, or wait until "
                "they are due. If the disk is lost for good, add --lost.",
            )
        store.disks.forget(id)
        say(f"Disk {id[:8]} is forgotten.")


def _one(store: Store, start: str) -> tuple[str, int]:
    """The disk whose id begins so, and how many packs the index knows on it."""
    found = [(one.id, one.packs) for one in states(store) if one.id and one.id.startswith(start)]
    if len(found) != 1:
        raise Refused(f"{start} names {len(found)} disks.", hint="See plainview disks --json.")
    return found[0]
