"""Makes this folder's files with the code of the first release. See README.md.

git worktree add /tmp/first 413bf27
cd /tmp/first && PYTHONPATH=src:. python <this file> <the folder that holds it>
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from tests.recorder.conftest import Town  # the first release, as the code it imports

from plainview.base.clock import now_ms
from plainview.cases.rows import Rows
from plainview.register.projection import Register
from plainview.store.packs import Kind
from plainview.store.store import Store
from plainview.testing.rtsp import RtspServer
from plainview.web.sessions import Sessions

YEARS = 50 * 365 * 86_400


class Lasting(Town):
    """Its recordings are kept for fifty years, so that the fixture does not fall due."""

    def statement(self, kind: str, body: dict[str, Any], *by: Any) -> Any:
        if kind == "camera":
            body["record"]["retention"] = {"class": "long", "seconds": YEARS}
        return super().statement(kind, body, *by)


def small_clip(path: Path) -> Path:
    """A moving square, 160x96, few bytes."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=5)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.options = {"g": "5", "crf": "40", "bf": "0"}
        stream.codec_context.time_base = Fraction(1, 5)
        for number in range(30):
            picture = np.full((96, 160, 3), 90, np.uint8)
            picture[30:60, number * 4 : number * 4 + 20] = 200
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def record(folder: Path) -> Town:
    """A town that has recorded for some seconds, has released a window, and has stopped."""
    town = Lasting(folder, horizon_seconds=60)
    try:
        town.start_keeper()
        town.add_set()
        town.publish()
        with RtspServer() as camera:
            camera.add_file("street", small_clip(folder / "clip.mp4"))
            town.point(camera.url("street"))
            recorder = town.start_recorder()
            time.sleep(28)
            town.end(recorder)
        with Store(town.settings) as store:
            window = store.windows("cam-01", 0, now_ms())[0]
            identity = town.open_window(store.header(window))
            (folder / "identity.json").write_text(json.dumps({window: identity}))
        with Register(town.settings) as register:
            register.sync()
    finally:
        town.close()
    return town


def people(town: Town) -> None:
    """What staff left in cases.db and sessions.db."""
    rows, now = Rows(town.settings), now_ms()
    rows.add_bookmark("b-1", "p-officer", "cam-01", now, "Čuvaj ovo", now)
    rows.add_draft("p-officer", {"body": {"request": "r-2"}, "detail": {}, "salt": "c2FsdA=="}, now)
    rows.put_release("ab" * 32, b"a share, sealed again")
    rows.put_opening("ab" * 32, "cam-01.20260101T000000Z.1.0", b"the keeper's half")
    rows.close()
    sessions = Sessions(town.settings.data / "sessions.db")
    sessions.create("p-officer", ["investigator"], "An officer")
    sessions.use_signature(b"signature", keep_ms=600_000)
    sessions.note_act("p-officer", 7, "playback", {"camera": "cam-01"}, "c2FsdA==")
    sessions.close()


def dump(file: Path, out: Path) -> None:
    """The database as SQL text, and its version number, which a dump leaves out."""
    with closing(sqlite3.connect(file)) as database:
        lines = list(database.iterdump())
        number = database.execute("PRAGMA user_version").fetchone()[0]
    out.write_text("\n".join([*lines, f"PRAGMA user_version = {number};", ""]))


def main(out: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="first-release-") as temporary:
        folder = Path(temporary)
        town = record(folder)
        people(town)
        data = town.settings.data
        databases = sorted(data.rglob("*.db"))
        for old in out.glob("*.sql"):
            old.unlink()
        for file in databases:
            name = file.relative_to(data).as_posix().replace("/", "--")
            dump(file, out / f"{name}.sql")
        kept = [p for p in sorted(data.rglob("*")) if p.is_file() and p.name != "reserve"]
        with tarfile.open(out / "folder.tar.xz", "w:xz") as archive:
            for path in kept:
                if ".db" not in path.name and "run" not in path.parts and path.suffix != ".log":
                    archive.add(path, path.relative_to(data).as_posix())
        shutil.copy(folder / "identity.json", out / "identity.json")
        assert Kind.VIEWS in {p.relative_to(data).parts[0] for p in data.rglob("*.pack")}


main(Path(sys.argv[1]).resolve())
