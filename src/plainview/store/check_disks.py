"""fsck of the disks: what is away, what stands twice or elsewhere, and how much room there is."""

from __future__ import annotations

import filecmp
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plainview.base.days import day_of
from plainview.errors import PlainviewError
from plainview.store.disks import DATA, Disk
from plainview.store.index import Pack
from plainview.store.store import Store


@dataclass(frozen=True, slots=True)
class DiskState:
    """One disk for a person: bytes; `trouble` empty when it is in its place."""

    id: str
    folder: str
    writes: bool
    packs: int
    free: int
    total: int
    trouble: str

    def words(self) -> str:
        """Room or trouble, in a line."""
        if self.trouble:
            return self.trouble
        share = 100 * self.free // max(1, self.total)
        use = "" if self.writes else ", only read from"
        return f"{self.free / 1e9:.1f} GB free ({share} %), {self.packs} packs{use}."


def states(store: Store) -> list[DiskState]:
    """Every disk that is known or that settings name, the data folder first."""
    packs: Counter[str] = Counter()
    for day in store.days.all():
        index = store.days.get(day)
        packs.update(pack.disk for pack in (index.packs() if index is not None else []))
    known = store.disks.known()
    named = {folder.resolve() for folder in store.disks.folders}
    found = [_state(store, disk, packs[disk.id], disk.folder.resolve() in named) for disk in known]
    for folder in sorted(named - {disk.folder.resolve() for disk in known}):
        new = "It is new: a recorder takes it into use when it starts."
        trouble = new if folder.is_dir() else f"{folder} is not there."
        found.append(DiskState("", str(folder), True, 0, 0, 0, trouble))
    return found


def check_places(store: Store, found: Mapping[str, Sequence[Disk]], findings: list[str]) -> None:
    """Each pack of the index is somewhere, once, where the index says. Adds findings."""
    away = store.disks.away()
    out: Counter[str] = Counter()
    for day in store.days.all():
        for pack in store.days.make(day).packs():
            places = found.get(pack.pack, [])
            if not places and pack.disk in away:
                out[pack.disk] += 1
            elif not places and _gone(store, pack):
                findings.append(f"{pack.pack}: the index knows this pack and it is gone.")
            elif places and pack.disk not in [disk.id for disk in places]:
                findings.append(f"{pack.pack}: it lies on {places[0].name}, not where it was.")
    for id, why in away.items():
        findings.append(f"{out[id]} packs are out of reach: {why}")
    for path, places in found.items():
        if len(places) > 1:
            findings.append(f"{path}: {_twice(path, places)}")
    for folder in store.disks.folders:
        try:
            store.disks.check_ours(folder)
        except PlainviewError as error:
            findings.append(error.message)


def _gone(store: Store, pack: Pack) -> bool:
    """A recorder that runs may have begun or dropped it, with its rows, between two looks."""
    if any((disk.folder / pack.pack).exists() for disk in store.disks.known()):
        return False
    return any(one.pack == pack.pack for one in store.days.make(day_of(pack.start_ms)).packs())


def _twice(path: str, places: Sequence[Disk]) -> str:
    same = all(filecmp.cmp(places[0].folder / path, d.folder / path, False) for d in places[1:])
    names = " and ".join(disk.name for disk in places)
    return f"it stands on {names}; the copies {'are equal' if same else 'differ'}. Remove one."


def _state(store: Store, disk: Disk, packs: int, writes: bool) -> DiskState:
    trouble, free, total = store.disks.trouble(disk), 0, 0
    if not trouble:
        usage = shutil.disk_usage(disk.folder)
        free, total = usage.free, usage.total
    return DiskState(disk.id or DATA, str(disk.folder), writes, packs, free, total, trouble)
