"""Power cuts, simulated: a traced program's folder as a disk may hold it at any moment.

    record   run the program below strace, its folder copied before (`strace.record`)
    replay   the calls change a model of a careful disk (`disk`)
    cut      at chosen moments write out a state in which the disk may be found

What the program had acknowledged by then is what it had written to its standard output, line by
line; the line counts from the moment at which that call began. Whoever tests compares.

Shared memory files of SQLite (`*-shm`) are left out or filled with noise: SQLite makes them anew.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plainview.errors import BadFormat
from plainview.testing import disk
from plainview.testing.disk import Change, File, Folder
from plainview.testing.strace import Call, Descriptor, read

_HARMLESS = frozenset({"lseek", "close", "dup", "dup2", "dup3", "sync_file_range", "msync"})
_SHARED = "-shm"


@dataclass(frozen=True, slots=True)
class Cut:
    """A state after a power cut: where it lies and what had been acknowledged before it."""

    folder: Path
    said: list[str]
    seen: dict[str, list[bytes]]
    """Every content that a watched file has shown to readers until then."""
    line: int
    luck: str


@dataclass(slots=True)
class _Open:
    """What a descriptor was opened for."""

    file: File
    position: int = 0
    append: bool = False


@dataclass(slots=True)
class _Sync:
    """A sync under way: what it will have made durable when it returns."""

    target: File | Folder
    covered: list[Change] = field(default_factory=list)
    steps: int = 0


class Replay:
    """The disk below `root`, call by call. `watched` names files whose contents are remembered."""

    def __init__(self, before: Path, root: Path, output: Path, watched: Sequence[str] = ()) -> None:
        """`before` is a copy of `root` as it was before the program ran."""
        self.disk = disk.load(before)
        self.said = bytearray()
        self.seen: dict[str, list[bytes]] = {name: [] for name in watched}
        self._root, self._output = str(root.resolve()), str(output.resolve())
        self._open: dict[tuple[int, int], _Open] = {}
        """By descriptor and file: two processes may have one number for two files."""
        self._syncs: dict[int, _Sync] = {}
        self._changes: dict[int, Change] = {}

    # -- the two halves of a call

    def begin(self, call: Call) -> None:
        """The call was made: what it writes may reach the disk from now on."""
        first = call.arguments[0]
        if call.name in ("fsync", "fdatasync"):
            self._begin_sync(call, first)
        elif call.name in ("write", "pwrite64", "ftruncate", "fallocate"):
            if isinstance(first, Descriptor) and first.path == self._output:
                data = call.arguments[1]
                self.said += data[: call.result] if isinstance(data, bytes) else b""
                return
            file = self._file(first)
            if file is not None and isinstance(first, Descriptor):
                change = self._change(call, file, first)
                file.pending.append(change)
                self._changes[call.begun] = change
        elif call.name not in ("open", "openat", "creat"):
            self._name(call)

    def end(self, call: Call) -> None:
        """The call has returned: the program may rely on it."""
        if call.begun in self._changes:
            self._changes.pop(call.begun).done = True
        elif call.begun in self._syncs:
            sync = self._syncs.pop(call.begun)
            if isinstance(sync.target, File):
                sync.target.settle(sync.covered)
            else:
                sync.target.settle(sync.steps)
        elif call.name in ("open", "openat", "creat"):
            self._opened(call)
        elif call.name == "lseek" and isinstance(call.arguments[0], Descriptor):
            known = self._opening(call.arguments[0])
            if known is not None:
                known.position = call.result

    def lines(self) -> list[str]:
        """Whole lines of what was acknowledged."""
        return self.said.decode().split("\n")[:-1]

    # -- files

    def _begin_sync(self, call: Call, first: object) -> None:
        found = self._node(first.path) if isinstance(first, Descriptor) and first.path else None
        if isinstance(found, File):
            self._syncs[call.begun] = _Sync(found, found.covered())
        elif isinstance(found, Folder):
            self._syncs[call.begun] = _Sync(found, steps=len(found.pending))

    def _change(self, call: Call, file: File, first: Descriptor) -> Change:
        if call.name == "ftruncate":
            return Change(0, size=_number(call, 1))
        if call.name == "fallocate":
            if call.arguments[1] != "0":
                raise BadFormat(f"fallocate with mode {call.arguments[1]!r} is not modelled.")
            return Change(0, size=_number(call, 2) + _number(call, 3), grow=True)
        data = call.arguments[1]
        if not isinstance(data, bytes):
            raise BadFormat("a write without bytes.")
        data = data[: call.result]
        if call.name == "pwrite64":
            return Change(_number(call, 3), data)
        known = self._opening(first)
        if known is None:
            raise BadFormat(f"{first.path} is written through a descriptor that was not opened.")
        if known.append:
            known.position = file.live_size()
        known.position += len(data)
        return Change(known.position - len(data), data)

    def _opened(self, call: Call) -> None:
        opened = call.opened
        if opened is None or opened.path is None:
            return
        flags = str(call.arguments[1 if call.name == "open" else 2])
        if call.name == "creat":
            raise BadFormat("creat is not modelled.")
        parent, name = self._place(opened.path)
        if parent is None or "O_DIRECTORY" in flags or name.endswith(_SHARED):
            return
        found = parent.live.get(name)
        if found is None and "O_CREAT" in flags:
            found = File()
            parent.change({name: found})
        if not isinstance(found, File):
            return
        if "O_TRUNC" in flags and found.live_size():
            found.pending.append(Change(0, size=0, done=True))
        self._open[opened.number, id(found)] = _Open(found, append="O_APPEND" in flags)

    def _opening(self, first: Descriptor) -> _Open | None:
        return self._open.get((first.number, id(self._file(first))))

    def _file(self, first: object) -> File | None:
        if not isinstance(first, Descriptor) or first.path is None:
            return None
        found = self._node(first.path)
        return found if isinstance(found, File) else None

    # -- names

    def _name(self, call: Call) -> None:
        if call.name in _HARMLESS:
            return
        if call.name == "mmap":
            self._must_not_map(call)
            return
        paths = list(_paths(call))
        if not any(self._place(path)[0] for path in paths):
            return
        if call.name.startswith("mkdir"):
            parent, name = self._place(paths[0])
            if parent is not None:
                parent.change({name: Folder()})
        elif call.name.startswith("rename"):
            self._rename(*paths)
        elif call.name.startswith("unlink") or call.name == "rmdir":
            parent, name = self._place(paths[0])
            if parent is not None and not name.endswith(_SHARED):
                parent.change({name: None})
        else:
            raise BadFormat(f"{call.name} is not modelled.")

    def _rename(self, old: str, new: str) -> None:
        source, name = self._place(old)
        target, other = self._place(new)
        if source is None or source is not target:
            raise BadFormat(f"a move from {old} to {new}, between folders, is not modelled.")
        found = source.live[name]
        source.change({name: None, other: found})
        inside = new.removeprefix(f"{self._root}/")
        if inside in self.seen and isinstance(found, File):
            data, size = found.after_crash(disk.Luck.ALL, random.Random(0))  # noqa: S311
            self.seen[inside].append(bytes(data).ljust(size, b"\0"))

    def _must_not_map(self, call: Call) -> None:
        """Writes through memory are not seen by a tracer; only SQLite's shared memory may do so."""
        mapped = call.arguments[4] if len(call.arguments) > 4 else ""
        writes = "PROT_WRITE" in str(call.arguments[2]) and "MAP_SHARED" in str(call.arguments[3])
        if writes and isinstance(mapped, Descriptor) and self._file(mapped) is not None:
            raise BadFormat(f"{mapped.path} is written through memory, which is not modelled.")

    def _place(self, path: str) -> tuple[Folder | None, str]:
        """The folder that holds `path` and its name there; None outside the root."""
        if not path.startswith(f"{self._root}/"):
            return None, ""
        *above, name = path.removeprefix(f"{self._root}/").split("/")
        folder: File | Folder | None = self.disk
        for part in above:
            folder = folder.live.get(part) if isinstance(folder, Folder) else None
        return (folder if isinstance(folder, Folder) else None), name

    def _node(self, path: str) -> File | Folder | None:
        if path == self._root:
            return self.disk
        parent, name = self._place(path)
        return parent.live.get(name) if parent is not None else None


def cuts(
    trace: Path, replay: Replay, target: Path, *, count: int, seed: int, after: str = ""
) -> Iterator[Cut]:
    """`count` power cuts at seeded moments after the line `after` was said.

    Half of them fall just before or behind a call that makes something durable or gives it a name.
    Each state lies in a folder of its own below `target`; the caller may remove it.
    """
    halves = _halves(list(read(trace)))
    chosen = _moments(halves, replay, count, random.Random(seed), after)  # noqa: S311 - moments
    done = 0
    for at, (call, is_end) in enumerate(halves):
        for number in chosen.get(at, ()):
            chance = random.Random(f"{seed} {number}")  # noqa: S311 - which sectors, no secret
            folder = target / f"cut-{number:03}"
            luck = disk.crash(replay.disk, folder, chance)
            _noise(folder, chance)
            seen = {name: list(contents) for name, contents in replay.seen.items()}
            yield Cut(folder, replay.lines(), seen, call.begun, luck)
            done += 1
        if done == count:
            return
        if is_end:
            replay.end(call)
        else:
            replay.begin(call)


def _halves(calls: Sequence[Call]) -> list[tuple[Call, bool]]:
    """Begins and ends in the order in which they happened."""
    halves = [(call.begun, 0, call) for call in calls] + [(call.done, 1, call) for call in calls]
    return [(call, bool(end)) for _, end, call in sorted(halves, key=lambda one: one[:2])]


def _moments(
    halves: Sequence[tuple[Call, bool]], replay: Replay, count: int, chance: random.Random,
    after: str,
) -> dict[int, list[int]]:  # fmt: skip
    """Which cuts fall before which half of a call."""
    first = 0
    if after:
        wanted = after.encode()
        first = next(
            at for at, (call, _) in enumerate(halves)
            if call.name == "write" and isinstance(call.arguments[1], bytes)
            and wanted in call.arguments[1]
        )  # fmt: skip
    own = [at for at in range(first, len(halves)) if _touches(halves[at][0], replay)]
    sharp = [at for at in own if halves[at][0].name in ("fsync", "fdatasync", "rename")]
    if not own:
        raise BadFormat("the program changed nothing in its folder.")
    found: dict[int, list[int]] = {}
    for number in range(count):
        at = chance.choice(sharp if sharp and number % 2 else own)
        found.setdefault(min(at + chance.randint(0, 1), len(halves) - 1), []).append(number)
    return found


def _touches(call: Call, replay: Replay) -> bool:
    return any(path.startswith(replay._root) for path in _paths(call))


def _paths(call: Call) -> Iterator[str]:
    """Paths that a call names, those relative to a descriptor made whole."""
    base = ""
    for argument in call.arguments:
        if isinstance(argument, Descriptor):
            base = argument.path or ""
            if not call.name.endswith("at"):
                yield base
        elif isinstance(argument, bytes) and call.name not in ("write", "pwrite64"):
            path = argument.decode(errors="surrogateescape")
            if not path.startswith("/") and not base:
                raise BadFormat(f"{call.name} of {path}: a relative path is not modelled.")
            yield path if path.startswith("/") else f"{base}/{path}"


def _number(call: Call, place: int) -> int:
    value = call.arguments[place]
    if not isinstance(value, str):
        raise BadFormat(f"{call.name} without a number.")
    return int(value)


def _noise(folder: Path, chance: random.Random) -> None:
    """What mapped memory may have left beside a database with a write-ahead log."""
    for path in sorted(folder.rglob("*.db-wal")):
        if chance.random() < 0.5:
            shared = path.with_name(path.name.removesuffix("-wal") + _SHARED)
            shared.write_bytes(chance.randbytes(32_768))
            shared.chmod(0o600)
