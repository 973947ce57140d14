"""The software hash: the same by our code, out of a wheel, and by programs that are not ours."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.base.ids import sha256_hex
from plainview.base.software import (
    PACKAGE,
    File,
    files_of,
    files_of_wheel,
    installed,
    listed,
    stated,
)
from plainview.errors import BadFormat

BY_HAND = (
    "find plainview -type f -not -path '*/__pycache__/*' -print0"
    " | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
)


def packed(folder: Path, names: dict[str, bytes], file: str = "one.whl") -> Path:
    wheel = folder / file
    with zipfile.ZipFile(wheel, "w") as made:
        for name, data in names.items():
            made.writestr(name, data)
    return wheel


def test_it_is_what_programs_that_are_not_ours_compute() -> None:
    done = subprocess.run(
        ["bash", "-c", BY_HAND], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == installed().hash


def test_the_list_is_read_by_sha256sum() -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "--strict"],
        cwd=PACKAGE.parent,
        input=installed().listing(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_installed_is_told() -> None:
    found = installed()
    names = [file.name for file in found.files]
    assert names == sorted(names, key=str.encode)
    assert "plainview/base/software.py" in names
    assert not any("__pycache__" in name for name in names)
    assert dict(found.packages)["cryptography"]
    assert "plainview" not in dict(found.packages)
    licences = {model.name: model.licence for model in found.models}
    assert licences["centerface-boxes.onnx"] == "MIT License"
    assert licences["nanodet-boxes.onnx"].startswith("Apache License 2.0")
    for model in found.models:
        assert File(f"plainview/redact/weights/{model.name}", model.sha256) in found.files


def test_a_wheel_has_the_hash_of_the_folder_it_was_made_from(tmp_path: Path) -> None:
    names = {"a.py": b"x", "B.py": b"", "web/\u00e9.css": b"y", "b/c.py": b"z" * 3_000_000}
    for name, data in names.items():
        path = tmp_path / "plainview" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    cache = tmp_path / "plainview" / "b" / "__pycache__"
    cache.mkdir()
    (cache / "c.pyc").write_bytes(b"compiled")
    wheel = packed(
        tmp_path,
        {f"plainview/{name}": data for name, data in reversed(names.items())}
        | {"plainview-1.dist-info/RECORD": b"beside"},
    )
    assert files_of(tmp_path / "plainview") == files_of_wheel(wheel)
    assert len(files_of_wheel(wheel)) == 4


@pytest.mark.parametrize(
    "name", ["plainview.pth", "sitecustomize.py", "other/__init__.py", "plainview-1.data/scripts/x"]
)
def test_a_wheel_that_installs_more_is_refused(tmp_path: Path, name: str) -> None:
    wheel = packed(tmp_path, {"plainview/__init__.py": b"", name: b"import os"})
    with pytest.raises(BadFormat, match="is not a wheel of plainview"):
        files_of_wheel(wheel)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_wheel_with_a_file_twice_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "twice.whl"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr("plainview/a.py", "good")
        made.writestr("plainview/a.py", "bad")
    with pytest.raises(BadFormat, match="holds a file twice"):
        files_of_wheel(wheel)


@given(st.binary(max_size=400))
def test_garbage_is_no_wheel(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "garbage.whl"
    file.write_bytes(data)
    with pytest.raises(BadFormat):
        files_of_wheel(file)


def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    wheel = packed(tmp_path, {"plainview/a.py": b"x" * 100})
    data = bytearray(wheel.read_bytes())
    data[60] ^= 1
    wheel.write_bytes(data)
    with pytest.raises(BadFormat, match="cannot be read as a wheel"):
        files_of_wheel(wheel)


def test_a_statement_is_read_back() -> None:
    software = installed()
    assert stated(software.statement()) == (software.version, software.hash)
    assert stated(software.statement() + " weights:1") == (software.version, software.hash)
    for text in ("", "plainview 0.1.0", "plainview 0.1.0 sha256:12", "other 1 sha256:" + "a" * 64):
        assert stated(text) is None


def test_one_changed_byte_changes_the_hash() -> None:
    files = [File("plainview/a.py", sha256_hex(b"a"))]
    assert listed(files) != listed([File("plainview/a.py", sha256_hex(b"b"))])
    assert listed(files) != listed([File("plainview/b.py", sha256_hex(b"a"))])
