"""`tools/setup.py` with roots and programs of its own: what it skips, installs and asks for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SETUP = Path(__file__).resolve().parents[2] / "tools" / "setup.py"
Install = Callable[[str, str], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one script that makes one file, and counts how often it was run."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "make.py").write_text(
        "from pathlib import Path\n"
        "Path('made').mkdir(exist_ok=True)\n"
        "Path('made/one').write_text(Path('input').read_text())\n"
        "with open('runs', 'a') as runs: runs.write('x')\n"
    )
    (tmp_path / "input").write_text("first")
    return tmp_path


@pytest.fixture
def setup(
    script: Callable[[str], ModuleType], root: Path, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """The script as a module whose project is `root`."""
    module = script("setup")
    for name, value in {
        "ROOT": root,
        "CACHE": root / ".cache",
        "VENV": root / ".venv",
        "PYTHON": Path(sys.executable),
        "NODE_PACKAGE": root / "requirements" / "node.txt",
    }.items():
        monkeypatch.setattr(module, name, value)
    return module


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """The only programs that can be found, each a shell script."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(name: str, text: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)

    return install


def make(setup: ModuleType) -> int:
    status: int = setup.script("make", "make.py", needs=["input"], makes=["made/*"])
    return status


def runs(root: Path) -> int:
    return len((root / "runs").read_text())


def test_a_step_is_skipped_while_nothing_changed(setup: ModuleType, root: Path) -> None:
    assert make(setup) == make(setup) == 0
    assert runs(root) == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: (root / "input").write_text("second"), id="input changed"),
        pytest.param(
            lambda root: (root / "tools/make.py").write_text(
                (root / "tools/make.py").read_text() + "\n"
            ),
            id="script changed",
        ),
        pytest.param(lambda root: (root / "made/one").unlink(), id="output deleted"),
        pytest.param(lambda root: (root / "made/one").write_text("fir"), id="output cut short"),
    ],
)
def test_a_step_is_done_again(
    setup: ModuleType, root: Path, change: Callable[[Path], object]
) -> None:
    make(setup)
    change(root)
    assert make(setup) == 0
    assert runs(root) == 2
    assert (root / "made/one").read_text() == (root / "input").read_text()


def test_a_step_that_failed_leaves_no_stamp(setup: ModuleType, root: Path) -> None:
    (root / "input").unlink()
    assert make(setup) == 1
    (root / "input").write_text("there")
    assert make(setup) == 0
    assert (root / "made/one").read_text() == "there"


def test_a_step_that_made_less_than_it_should_is_tried_again(setup: ModuleType, root: Path) -> None:
    for _ in range(2):
        makes = ["made/*", "absent/*"]
        assert setup.script("make", "make.py", needs=["input"], makes=makes) == 0
    assert runs(root) == 2


def test_without_root_one_apt_line_is_printed(
    setup: ModuleType,
    programs: Install,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    programs("apt-get", "echo must not run; exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    needs = {"demo": {"program:dpkg-deb": "dpkg"}, "test": {"program:age": "age"}}
    monkeypatch.setattr(setup, "SYSTEM", needs)
    assert setup.system_packages("demo", "test") == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "sudo apt install age dpkg\n" in err


def test_root_installs_what_is_missing_and_only_that(
    setup: ModuleType, programs: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs("go", "")
    age = tmp_path / "programs" / "age"
    programs("apt-get", f'echo "$@" >>{tmp_path}/asked; : >{age}; /bin/chmod 755 {age}')
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    needs = {"test": {"program:age": "age", "program:go": "golang-go"}}
    monkeypatch.setattr(setup, "SYSTEM", needs)
    assert setup.system_packages("test") == 0
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.startswith("update")
    assert install.startswith("install")
    assert install.endswith(" age")


@pytest.mark.parametrize(
    ("version", "accepted"),
    [("v18.20.4", False), ("v20.9.0", False), ("v20.19.0", True), ("v21.7.0", False),
     ("v22.11.0", False), ("v22.12.0", True), ("v24.1.0", True), ("nonsense", False)],
)  # fmt: skip
def test_node_must_be_one_that_builds_the_pages(
    setup: ModuleType, programs: Install, tmp_path: Path, version: str, accepted: bool
) -> None:
    programs("node", f"echo {version}")
    assert setup.new_enough(str(tmp_path / "programs" / "node")) is accepted


def test_node_of_the_machine_is_used_when_npm_is_there(
    setup: ModuleType, programs: Install
) -> None:
    programs("node", "echo v22.12.0")
    programs("npm", "")
    assert setup.node_path() == os.environ["PATH"]


def test_pages_that_were_deleted_are_built_again(
    setup: ModuleType, root: Path, programs: Install
) -> None:
    (root / "ui").mkdir()
    (root / "ui" / "package.json").write_text("{}")
    statics = [root / name for name in setup.STATICS]
    for folder in statics:
        folder.mkdir(parents=True)
    made = " ".join(f"{folder}/index.html" for folder in statics)
    programs("node", "echo v22.12.0")
    programs(
        "npm", f'echo "$1" >>{root}/asked; /bin/mkdir -p node_modules; echo x | /usr/bin/tee {made}'
    )
    assert setup.build_pages() == setup.build_pages() == 0
    assert (root / "asked").read_text().split() == ["ci", "run"]
    (statics[1] / "index.html").unlink()
    assert setup.build_pages() == 0
    assert (root / "asked").read_text().split() == ["ci", "run"] * 2


def test_the_tests_camera_stays_beside_the_environment(
    setup: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "requirements").mkdir()
    (root / "requirements" / "ipycam.txt").write_text("ipycam==1 --hash=sha256:00\n")
    install = "import sys, pathlib as p; t = p.Path(sys.argv[sys.argv.index('--target') + 1])"
    install += "; (t / 'ipycam').mkdir(parents=True); (t / 'ipycam' / 'one.py').write_text('x')"
    asked: list[tuple[str, ...]] = []

    def pip(*arguments: str) -> list[str]:
        asked.append(arguments)
        return [sys.executable, "-c", install, *arguments]

    monkeypatch.setattr(setup, "pip", pip)
    assert setup.onvif_camera() == setup.onvif_camera() == 0
    assert len(asked) == 1
    assert {"--require-hashes", "--no-deps"} <= set(asked[0])
    (root / ".cache" / "ipycam" / "ipycam" / "one.py").unlink()
    assert setup.onvif_camera() == 0
    assert len(asked) == 2


def test_the_environment_is_made_for_one_place(setup: ModuleType, root: Path) -> None:
    (root / "requirements").mkdir()
    (root / "requirements" / "run.txt").write_text("")
    (root / "pyproject.toml").write_text("")
    here = setup.environment_mark("run")
    setup.record("environment-run", here)
    assert setup.done("environment-run", here)
    (root / "requirements" / "run.txt").write_text("one==1\n")
    assert not setup.done("environment-run", setup.environment_mark("run"))


def test_an_environment_that_was_deleted_takes_the_stamps_of_both_locks_with_it(
    setup: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "requirements").mkdir()
    for name in ("requirements/run.txt", "requirements/dev.txt", "pyproject.toml"):
        (root / name).write_text("")
    setup.record("environment-dev", setup.environment_mark("dev"))
    monkeypatch.setattr(setup, "pip", lambda *_: [sys.executable, "-c", ""])
    assert setup.environment("run") == 0
    assert setup.done("environment-run", setup.environment_mark("run"))
    assert not setup.done("environment-dev", setup.environment_mark("dev"))


def test_a_wrong_word_explains_itself() -> None:
    answer = subprocess.run(
        [sys.executable, str(SETUP), "everything"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert "setup.py demo" in answer.stdout


def test_every_need_names_a_kind_that_is_checked(setup: ModuleType) -> None:
    kinds = {need.split(":", 1)[0] for group in setup.SYSTEM.values() for need in group}
    assert kinds <= {"module", "program", "glob", "path"}
