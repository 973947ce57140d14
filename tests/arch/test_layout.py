"""The import table of docs/design/layout.md is what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "plainview"
EVERYWHERE = {"base", "errors"}
LARGEST_MODULE = 600
LONGEST_FUNCTION = 60


def table() -> dict[str, set[str] | None]:
    """Package -> what it may import; None where the table says that it may import all below it."""
    rows = {}
    for line in (ROOT / "docs/design/layout.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        name = re.fullmatch(r"`(\w+)`", cells[0]) if len(cells) == 3 else None
        if name:
            allowed = cells[2]
            rows[name[1]] = (
                None if allowed.startswith("all") else set(re.findall(r"[a-z]+", allowed))
            )
    return rows


def imports(path: Path) -> set[tuple[str, int]]:
    """(package of ours, column of the import) for every import in a file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("plainview"):
            parts = node.module.split(".")
            names = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
            found |= {(name, node.col_offset) for name in names}
        elif isinstance(node, ast.Import):
            found |= {
                (alias.name.split(".")[1], node.col_offset)
                for alias in node.names
                if alias.name.startswith("plainview.")
            }
    return found


MODULES = sorted(SOURCE.rglob("*.py"))


def test_the_table_names_every_package() -> None:
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")} | {"errors"}
    assert set(table()) == packages


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_keep_to_the_table(path: Path) -> None:
    parts = path.relative_to(SOURCE).parts
    package = parts[0].removesuffix(".py")
    allowed = table().get(package, set())
    if allowed is None or package == "__init__":
        return
    wrong = {name for name, _ in imports(path)} - allowed - EVERYWHERE - {package, "__version__"}
    assert not wrong, f"{package} may not import {sorted(wrong)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LARGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))
