"""What a program did to its files, call by call, as strace(1) saw it.

`record` runs a command under strace; `read` makes calls out of what it wrote. Two numbers stand
with each call: the line on which it began and the line on which it had returned. What a call wrote
may have reached the disk from the first on; the program can rely on it only from the second on.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plainview.errors import BadFormat, Unavailable

CALLS = (
    "open", "openat", "creat", "close", "dup", "dup2", "dup3", "lseek", "mmap",
    "write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range",
    "fsync", "fdatasync", "sync_file_range", "msync", "ftruncate", "truncate", "fallocate",
    "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
    "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
)  # fmt: skip
"""Every call that changes a file or a name, makes it durable, or opens what others then change."""

_LINE = re.compile(r"(\d+) +(.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)(.*)", re.DOTALL)
_FD = re.compile(r"(-?\d+|AT_FDCWD)<(.*?)>(\(deleted\))?")
_UNFINISHED = " <unfinished ...>"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A file descriptor and the path that it had at that moment; `path` is None when deleted."""

    number: int
    path: str | None


Argument = bytes | Descriptor | str
"""A string or buffer, a descriptor, or anything else as strace writes it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that returned `result`; `opened` is the descriptor it returned, if any."""

    name: str
    arguments: tuple[Argument, ...]
    result: int
    begun: int
    done: int
    opened: Descriptor | None = None


def record(
    command: Sequence[str],
    trace: Path,
    output: Path,
    *,
    environment: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> int:
    """Run `command` with its standard output in the file `output`; its exit status.

    Raises `Unavailable` where there is no strace, or when it does not end in time.
    """
    program = shutil.which("strace")
    if program is None:
        raise Unavailable("strace is missing.", hint="Install it: apt-get install strace.")
    tracer = [program, "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", str(1 << 26)]
    tracer += ["-e", "signal=none", "-e", f"trace={','.join(CALLS)}", "-o", str(trace)]
    with output.open("wb") as sink:
        child = subprocess.Popen(  # noqa: S603 - our own commands
            [*tracer, *command], stdout=sink, env=environment, start_new_session=True
        )
        try:
            return child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            child.send_signal(signal.SIGKILL)
            child.wait()
            raise Unavailable(f"{command} did not end within {seconds} s.") from error


def read(trace: Path) -> Iterator[Call]:
    """The calls that succeeded, by the line on which they returned. Raises `BadFormat`."""
    waiting: dict[str, tuple[int, str]] = {}
    with trace.open() as lines:
        for number, line in enumerate(lines):
            found = _LINE.match(line.rstrip("\n"))
            if found is None:
                raise BadFormat(f"line {number + 1} of the trace is not a call: {line[:80]!r}")
            thread, text = found.groups()
            if text.startswith(("+++", "---")):
                continue
            begun = number
            if text.endswith(_UNFINISHED):
                waiting[thread] = number, text.removesuffix(_UNFINISHED)
                continue
            resumed = _RESUMED.match(text)
            if resumed is not None:
                if thread not in waiting:
                    continue  # a call that began before the tracer looked
                begun, start = waiting.pop(thread)
                text = start + resumed[1]
            call = _call(text, begun, number)
            if call is not None:
                yield call
    for begun, text in waiting.values():  # the program ended in the middle of them
        unfinished = _call(f"{text}) = 0", begun, begun)
        if unfinished is not None and unfinished.name.endswith("write64"):
            yield unfinished


def _call(text: str, begun: int, done: int) -> Call | None:
    found = _CALL.match(text)
    if found is None:
        raise BadFormat(f"the trace holds {text[:120]!r}, which is not a call.")
    name, arguments, result, rest = found.groups()
    if result == "?" or int(result) < 0:
        return None
    opened = _FD.match(result + rest.strip())
    return Call(
        name,
        tuple(_argument(one) for one in arguments.split(", ")),
        int(result),
        begun,
        done,
        _descriptor(opened) if opened else None,
    )


def _argument(text: str) -> Argument:
    if text.startswith('"'):
        if not text.endswith('"'):
            raise BadFormat("the trace cut a buffer short.")
        return _unescape(text[1:-1])
    found = _FD.fullmatch(text)
    return _descriptor(found) if found else text


def _descriptor(found: re.Match[str]) -> Descriptor:
    number = -1 if found[1] == "AT_FDCWD" else int(found[1])
    path = _unescape(found[2]).decode(errors="surrogateescape")
    return Descriptor(number, None if found[3] else path)


def _unescape(text: str) -> bytes:
    r"""`\x2f\x74` as bytes; what is not escaped (pipes and sockets) as it stands."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
