#!/usr/bin/env python3
"""Writes docs/ref/commands.md out of `plainview --help` and of every command's own `--help`.

    .venv/bin/python tools/make_command_reference.py

`tests/tools/test_command_reference.py` demands that the page is up to date.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

PLAIN = {"TYPER_USE_RICH": "0", "NO_COLOR": "1", "COLUMNS": "96", "TERMINAL_WIDTH": "96"}
"""Help as plain text, however wide the terminal is; Typer reads it when it is imported."""
os.environ.update(PLAIN)

from typer.core import TyperGroup  # noqa: E402

from plainview import cli  # noqa: E402

PAGE = Path(__file__).resolve().parent.parent / "docs" / "ref" / "commands.md"
OPENING = """\
# Commands

Made by `tools/make_command_reference.py` from `--help` of every command. In a checkout the program
is `.venv/bin/plainview`.
"""


def main() -> int:
    text = page()
    if "--print" in sys.argv:
        sys.stdout.write(text)
    else:
        PAGE.write_text(text)
    return 0


def page() -> str:
    """The whole page, ending with a newline."""
    parts = [OPENING]
    for words in [[], *(words for name in listed() for words in with_parts(name))]:
        title = " ".join(["plainview", *words])
        parts.append(f"{'#' * max(2, len(words) + 1)} {title}\n\n```\n{help_of(words)}\n```\n")
    return "\n".join(parts)


def listed() -> list[str]:
    return [name for name, entry in cli.COMMANDS.items() if not entry.hidden]


def with_parts(name: str) -> Iterator[list[str]]:
    """The words of a command, then those of each of its sub-commands."""
    yield [name]
    command = cli.load(name)
    if isinstance(command, TyperGroup):
        yield from ([name, part] for part in command.commands)


def help_of(words: list[str]) -> str:
    """What `plainview WORDS --help` prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        cli.program()(args=[*words, "--help"], prog_name="plainview", standalone_mode=False)
    return "\n".join(line.rstrip() for line in output.getvalue().strip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
