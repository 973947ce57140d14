"""The engine with the shipped policies, made once."""

from __future__ import annotations

import pytest

from plainview.policies.engine import Engine
from plainview.policies.files import load


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Decides by the policies that are shipped."""
    return Engine(load())
