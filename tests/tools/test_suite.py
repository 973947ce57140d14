"""What `make test` judges twice, and what it never does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

COUNTS = """
from pathlib import Path
def test_it(record_property):
    record_property("figure", "1")
    file = Path({file!r})
    runs = int(file.read_text()) if file.exists() else 0
    file.write_text(str(runs + 1))
    assert runs not in {bad}
"""


@pytest.fixture
def suite(
    script: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    module = script("suite")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take longer than the tests
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return module


def write(root: Path, name: str, bad: tuple[int, ...]) -> Path:
    """A test that fails at these of its runs, counted from 0; the file that counts them."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(COUNTS.format(file=f"{file}.runs", bad=bad))
    return Path(f"{file}.runs")


@pytest.mark.parametrize(("bad", "code", "runs"), [
    ((), 0, 1), ((0,), 0, 4), ((0, 1), 1, 2), ((0, 3), 1, 4),
])  # fmt: skip
def test_what_meets_the_clock_must_pass_thrice_alone(
    suite: ModuleType, tmp_path: Path, bad: tuple[int, ...], code: int, runs: int
) -> None:
    counted = write(tmp_path, "tests/faults/test_one.py", bad)
    steady = write(tmp_path, "tests/faults/test_other.py", ())
    assert suite.main(["-q", "tests"]) == code
    assert counted.read_text() == str(runs)
    assert steady.read_text() == "1"


def test_a_test_that_is_skipped_the_second_time_has_not_passed(
    suite: ModuleType, tmp_path: Path
) -> None:
    counted = write(tmp_path, "tests/faults/test_one.py", (0,))
    file = tmp_path / "tests/faults/test_one.py"
    file.write_text(file.read_text() + "    __import__('pytest').skip('later')\n")
    assert suite.main(["-q", "tests"]) == 1
    assert counted.read_text() == "2"


def test_what_meets_no_clock_counts_at_once(suite: ModuleType, tmp_path: Path) -> None:
    late = write(tmp_path, "tests/faults/test_one.py", (0,))
    write(tmp_path, "tests/tlog/test_two.py", (0,))
    assert suite.main(["-q", "tests"]) == 1
    assert late.read_text() == "1"


def test_many_failures_are_no_bad_luck(suite: ModuleType, tmp_path: Path) -> None:
    for number in range(suite.MOST + 1):
        write(tmp_path, f"tests/faults/test_{number}.py", (0,))
    assert suite.main(["-q", "tests"]) == 1


def test_what_cannot_be_run_is_no_success(suite: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, "tests/faults/test_one.py", (0,))
    (tmp_path / "tests/faults/test_broken.py").write_text("import nothing_of_that_name")
    assert suite.main(["-q", "tests"]) != 0
    assert suite.main(["-q", "elsewhere"]) != 0
