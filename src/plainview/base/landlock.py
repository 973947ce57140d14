"""A process gives up, for good, all files but those that it names (Linux, landlock(7)).

For one that speaks with strangers, or runs under a user that owns more than it needs. It can then
execute nothing at all, change nothing but what it names, nor reach into other processes.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_WRITE = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8
"""Write, remove and make files and folders."""
_TRUNCATE_SINCE_3 = 1 << 14
_ALL_FILES = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF}
"""Everything about files that a version of Landlock knows; 5 and later know one more."""
_ALL_FILES_SINCE_5 = 0xFFFF
_SCOPED_SINCE_6 = 3
"""Abstract Unix sockets and signals stay among the confined."""
_PR_SET_NO_NEW_PRIVS = 38
_LIBC = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """Which Landlock this system has; 0 for none, or where a filter forbids it."""
    return max(0, int(_LIBC.syscall(_CREATE_RULESET, None, 0, _VERSION)))


def confine(readable: Iterable[Path], writable: Iterable[Path] = ()) -> bool:
    """Keep nothing but reading what is `readable`, files or folders; whether the system did it.

    In the folders that are `writable` it can also write, make and remove files and folders.

    What does not exist is left out. Files that are open stay so. Call it in the only thread. Raises
    `OSError` if the system has Landlock and yet refuses.
    """
    if not (known := version()):
        return False
    truncate = _TRUNCATE_SINCE_3 if known >= 3 else 0
    scoped = _SCOPED_SINCE_6 if known >= 6 else 0
    about = struct.pack("=QQQ", _ALL_FILES.get(known, _ALL_FILES_SINCE_5), 0, scoped)
    rules = _checked(_LIBC.syscall(_CREATE_RULESET, about, len(about), 0))
    try:
        for path in filter(Path.exists, readable):
            _allow(rules, path, _READ_FILE | (_READ_DIR if path.is_dir() else 0))
        for path in writable:
            _allow(rules, path, _READ_FILE | _READ_DIR | _WRITE | truncate)
        _checked(_LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_LIBC.syscall(_RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)
    return True


def _allow(rules: int, path: Path, allowed: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", allowed, handle)
        _checked(_LIBC.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0))
    finally:
        os.close(handle)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(result)
