"""The scripts of tools/, which are no package, as modules."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"

Script = Callable[[str], ModuleType]


@pytest.fixture(scope="session")
def script() -> Script:
    """`script("setup")`: tools/setup.py, imported afresh at each call."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"plainview_{name}", TOOLS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
