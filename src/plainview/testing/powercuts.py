"""Power cuts of the programs that write, and whether their promises held.

    python -m plainview.testing.powercuts [--count N] [--seed S] [--role store|keeper|ring]

A program of `writing` runs once below strace; from its trace any number of power cuts is made
(`powercut`). On each, the part starts again as it does on a machine whose power came back, and what
had been acknowledged is compared with what is there. A cut is repeated by its seed and number: the
trace is kept where a promise broke.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from plainview.base import durable, journal
from plainview.base.clock import now_ms
from plainview.base.ids import b64, sha256_hex
from plainview.base.settings import Settings
from plainview.errors import BadProof, NotFound, PlainviewError, StoreDamaged
from plainview.keeper.process import Keeper
from plainview.keeper.ring import KeyRing, unwrap
from plainview.keys.client import KeeperClient
from plainview.recorder.windows import next_epoch
from plainview.register.projection import Register
from plainview.store.check import check, repair
from plainview.store.packs import Kind
from plainview.store.rooted import RootBook
from plainview.store.store import Store
from plainview.testing.hamlet import Hamlet
from plainview.testing.powercut import Cut, Replay, cuts
from plainview.testing.strace import record
from plainview.tlog import merkle, notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import parse
from plainview.tlog.policy import Policy
from plainview.tlog.reader import LogReader
from plainview.verify.log import verify_log


class Broken(AssertionError):
    """A promise that did not hold."""


@dataclass(frozen=True, slots=True)
class Held:
    """A power cut after which every promise held."""

    role: str
    number: int
    luck: str
    promises: int
    holes: int = 0
    """Stretches of damaged bytes that nobody was promised anything about."""


@dataclass(frozen=True)
class Role:
    """A program to cut off: what must be there before it runs, its words, the test of promises."""

    prepare: Callable[[Path], None]
    words: tuple[str, ...]
    held: Callable[[Cut, int], Held]
    watched: tuple[str, ...] = ()
    after: str = ""


def run(role: str, folder: Path, *, count: int, seed: int) -> Iterator[Held]:
    """`count` power cuts of a role below `folder`. Raises `Broken` naming seed and cut."""
    chosen = ROLES[role]
    data, before = folder / "data", folder / "before"
    data.mkdir(parents=True)
    chosen.prepare(folder)
    shutil.copytree(data, before, ignore=lambda _, names: [n for n in names if n.endswith("sock")])
    command = [sys.executable, "-m", "plainview.testing.writing", role, str(data), *chosen.words]
    status = record(command, folder / "trace", folder / "output")
    if status:
        raise Broken(f"the program of {role} ended with {status}")
    replay = Replay(before, data, folder / "output", chosen.watched)
    made = cuts(folder / "trace", replay, folder, count=count, seed=seed, after=chosen.after)
    for number, cut in enumerate(made):
        try:
            yield chosen.held(cut, number)
        except (PlainviewError, Broken) as error:
            where = f"{role}, seed {seed}, {cut.folder.name}, line {cut.line}, luck {cut.luck}"
            raise Broken(f"{where}: {error}") from error
        shutil.rmtree(cut.folder)


# -- the store


def store_held(cut: Cut, number: int) -> Held:
    """Recovery as at a start, then check; every acknowledged segment and leaf is there."""
    settings = Settings(data=cut.folder, disk_reserve_mb=1)
    last = max((int(line.split()[1]) for line in cut.said if line.startswith("epoch")), default=0)
    if next_epoch(cut.folder) <= last:
        raise Broken(f"epoch {last} came twice")
    with Store(settings) as store:
        store.writer().close()
        result = check(store)
        if number % 2:
            repair(store, result)
            result = check(store)
        holes = [one for one in result.findings if "damaged bytes" in one]
        if len(holes) != len(result.findings):
            raise Broken(f"check says after recovery: {result.findings}")
        promises = _segments(store, cut.said)
        book = RootBook(store.data)
        leaves = {batch.entry for batch in book.batches()}
        book.close()
    gone = {line.split()[1] for line in cut.said if line.startswith("dropped")}
    said = {line.split()[1] for line in cut.said if line.startswith("leaf")}
    if len(said - leaves) > len(gone):
        raise Broken(f"leaves {said - leaves} are gone")
    return Held("store", number, cut.luck, promises + len(said), len(holes))


def _segments(store: Store, said: list[str]) -> int:
    """Every segment that was acknowledged is read back whole, unless its window was dropped."""
    gone = {line.split()[1] for line in said if line.startswith("dropped")}
    for window in gone:
        if store.packs(window) or store.of_window(Kind.ORIGINALS, window):
            raise Broken(f"{window} was dropped and came back")
    wanted = [line.split() for line in said if line.split()[0] in list(Kind)]
    left = 0
    for kind, window, sequence, digest in wanted:
        rows = {row.seq: row for row in store.of_window(Kind(kind), window)}
        row = rows.get(int(sequence))
        if row is None and (window in gone or _going(said, window)):
            continue
        if row is None or sha256_hex(store.read(row)) != digest:
            raise Broken(f"acknowledged, and lost: {kind} {window} {sequence}")
        left += 1
    return left


def _going(said: list[str], window: str) -> bool:
    """Whether the window may be on its way out: it is dropped next, and all before it is said."""
    windows = list(dict.fromkeys(line.split()[1] for line in said if line.startswith("originals")))
    return len(windows) % 3 == 0 and windows[-2:-1] == [window]


# -- the keeper


def _found_keeper(folder: Path) -> None:
    hamlet = Hamlet(folder, window_s=60, witnesses=0, cameras=1)
    keeper = Keeper(hamlet.settings.data)
    hamlet.state()
    keeper.close()


def keeper_held(cut: Cut, number: int) -> Held:
    """The keeper starts, every entry is where it was said to be, and nothing forks."""
    settings = Settings(data=cut.folder)
    policy = Policy.parse(settings.policy_file.read_text())
    running = Keeper(settings.data)
    try:
        with KeeperClient(settings.keeper_socket) as client:
            promises = _asked_again(client, cut.said)
            size = int(client.status()["size"])
            with Register(settings) as register:
                register.sync()
    finally:
        running.close()
    reader = LogReader.folder(settings.log_dir)
    raws = [raw for _, raw in reader.entries(0, size)]
    _no_fork(raws, cut)
    idents = [parse(raw).id for raw in raws]
    if len(set(idents)) != len(idents):
        raise Broken("a retry became a second entry")
    report = verify_log(reader, policy, now=now_ms())
    if not report.ok:
        raise Broken("verify says: " + "; ".join(report.lines()))
    return Held("keeper", number, cut.luck, promises)


def _asked_again(client: KeeperClient, said: list[str]) -> int:
    """Who asks again gets the index of then; who was not answered may ask again too."""
    gate = {"camera": "cam-01", "allowed": False, "reason": "none", "register": None}
    known = {}
    for line in said:
        word, *rest = line.split()
        if word == "entry":
            known[rest[0]] = int(rest[1])
    for ident, index in known.items():
        if client._ask("gate", id=ident, **gate) != index:
            raise Broken(f"entry {ident} is no longer at {index}")
    for line in said:
        if line.startswith("tried") and line.split()[1] not in known:
            client._ask("gate", id=line.split()[1], **gate)
    windows = [line.split()[1:] for line in said if line.startswith("window")]
    span = now_ms() - 600_000, now_ms() + 600_000
    session = client.watch("a-1", "operator", "playback", "cam-01", *span, "test")
    for window, digest in windows:
        key = client.view_key(session.id, window)
        if sha256_hex(b64(key).encode()) != digest:
            raise Broken(f"the view key of {window} is another one")
    return len(known) + len(windows)


def _no_fork(raws: list[bytes], cut: Cut) -> None:
    """Every checkpoint that anybody may have read is one of this log's."""
    leaves = [merkle.leaf_hash(raw) for raw in raws]
    for name, contents in cut.seen.items():
        for note in contents:
            shown = Checkpoint.parse(notes.parse(note)[0])
            if shown.size > len(raws) or merkle.root(leaves[: shown.size]) != shown.root:
                raise BadProof(f"{name} of size {shown.size} was seen and is not of this log.")


# -- the key ring


def ring_held(cut: Cut, number: int) -> Held:
    """Every key is there that was made and not destroyed, and none that was destroyed."""
    keys = KeyRing(cut.folder)
    made = {}
    for line in cut.said:
        word, name, *rest = line.split(" ", 2)
        if word == "key":
            made[name] = json.loads(rest[0])
        else:
            made.pop(name)
            if name in keys.due:
                raise Broken(f"{name} was destroyed and came back")
    for name, wrapped in made.items():
        try:
            unwrap(keys.key(name), ["w", "e"], wrapped)
        except NotFound as error:
            if name != _next_to_go(cut.said):
                raise Broken(f"the key {name} is gone") from error
    left = [path.name for path in cut.folder.glob("*root-*.key*")]
    if len(left) != 1:
        raise StoreDamaged(f"roots are left over: {left}")
    durable.sync_folder(cut.folder)
    return Held("ring", number, cut.luck, len(made))


def _next_to_go(said: list[str]) -> str:
    """The key that may be on its way out when the last promise was another key."""
    made = [line.split()[1] for line in said if line.startswith("key")]
    return f"p{len(made) - 3}" if made and len(made) % 3 == 0 else ""


ROLES = {
    "store": Role(lambda _: None, ("1",), store_held),
    "keeper": Role(_found_keeper, ("12",), keeper_held, ("log/checkpoint",), after="ready"),
    "ring": Role(lambda _: None, ("40",), ring_held),
}


def main() -> int:
    """Cut until told to stop; the exit status is 1 when a promise broke."""
    parser = argparse.ArgumentParser(description=__doc__, prog="plainview.testing.powercuts")
    parser.add_argument("--count", type=int, default=100, help="power cuts of each role")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--role", choices=sorted(ROLES), action="append")
    chosen = parser.parse_args()
    journal.configure("bench", level=logging.ERROR)
    sys.stdout.write(f"seed {chosen.seed}\n")
    for role in chosen.role or sorted(ROLES):
        folder = Path(tempfile.mkdtemp(prefix=f"powercut-{role}-"))
        held = list(run(role, folder, count=chosen.count, seed=chosen.seed))
        promises, holes = sum(one.promises for one in held), sum(one.holes for one in held)
        sys.stdout.write(f"{role}: {len(held)} cuts, {promises} promises held, {holes} holes\n")
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
