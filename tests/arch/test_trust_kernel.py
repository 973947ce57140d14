"""The trust kernel stays small: the keeper and all of ours that it imports, by its import graph.

Counted are lines of code: not blank lines, comments or docstrings, which only help the reader. The
figure for all lines is printed beside it.
"""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Callable
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MUST = 2_000
OUTSIDE = {
    f"tlog/{name}.py"
    for name in ("courier", "publisher", "reader", "sending", "shown", "witness_client")
}
"""Of these the kernel knows at most the name."""
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def file_of(module: str) -> Path | None:
    path = SOURCE.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.exists():
            return candidate
    return None


def imports(path: Path) -> set[str]:
    """Every module of ours that the file names, and the packages around them."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: relative import"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in names if name.split(".")[0] == "plainview"}
    around = {".".join(name.split(".")[:n]) for name in ours for n in range(1, name.count(".") + 1)}
    return ours | around


def kernel() -> set[Path]:
    """Files of the keeper and, transitively, of what they import."""
    waiting = list((SOURCE / "plainview" / "keeper").glob("*.py"))
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            files = map(file_of, imports(path))
            waiting += [file for file in files if file is not None]
    return found


def lines_of_code(text: str) -> int:
    documentation: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                documentation |= set(range(node.lineno, (node.end_lineno or 0) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - documentation)


@pytest.mark.bar("trust kernel")
def test_the_trust_kernel_is_small(record_property: Callable[[str, object], None]) -> None:
    files = sorted(kernel())
    code = {path: lines_of_code(path.read_text()) for path in files}
    everything = sum(len(path.read_text().splitlines()) for path in files)
    for path, lines in code.items():
        print(f"{lines:6} {path.relative_to(SOURCE)}")  # noqa: T201 - the list is the point
    measured = f"{sum(code.values())} lines of code in {len(files)} files ({everything} with prose)"
    must = f"at most {MUST} lines"
    row = {"row": "size of the trust kernel", "measured": measured, "must": must}
    record_property("bar", json.dumps(row))
    assert sum(code.values()) <= MUST, f"{measured}: take something out of the kernel first"


def test_the_kernel_speaks_with_no_network() -> None:
    """The courier does, a child's child that is no part of it; sockets here are this machine's."""
    names = {path.relative_to(SOURCE / "plainview").as_posix() for path in kernel()}
    assert not names & OUTSIDE
    network = {"http", "urllib", "ssl", "httpx", "asyncio", "requests"}
    for path in kernel():
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                module = getattr(node, "module", None)
                named = [module] if module else [alias.name for alias in node.names]
                assert not {str(name).split(".")[0] for name in named} & network, path
        assert "AF_INET" not in text, path
        assert ".create_connection" not in text, path


def test_the_kernel_is_what_it_says() -> None:
    names = {path.relative_to(SOURCE / "plainview").parts[0] for path in kernel()}
    assert names <= {"__init__.py", "errors.py", "base", "keys", "keeper", "seal", "tlog"}
    assert lines_of_code('"""Doc."""\n\n# why\nx = 1  # y\nz = """a\nb"""\n') == 3
