"""The tools' page against an honest server (`plainview.testing.desk`). For development only.

python ui/dev/desk.py [--clip FILE] [--port 8701] [--tools-port 8702]
"""

import argparse
import json
import sys
import tempfile
import threading
from fractions import Fraction
from pathlib import Path

import av
import uvicorn
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, JSONResponse

from plainview.media.fmp4 import write_segment
from plainview.media.packets import Packet, Parameters
from plainview.release import page
from plainview.testing import town as towns
from plainview.testing.desk import Desk
from plainview.testing.errand import Errand
from plainview.testing.town import Town

STEP = Fraction(1, 25)
FRAME = """<iframe id=f width=1000 height=700></iframe><script>
window.got = []; addEventListener("message", (e) => got.push([e.origin, e.data]));</script>"""
"""A page around the tools, as the story is one: `got` holds what they tell it."""


def sets_of(access_unit: bytes) -> bytes:
    """The parameter sets in front of a key frame, Annex B."""
    units = [u for u in access_unit.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if u]
    return b"".join(b"\0\0\0\1" + unit for unit in units if unit[0] & 31 in (7, 8))


def real_picture(path: Path):
    """Segments of a clip with B-frames, as a camera would send them."""

    def picture(start: int, frames: int = 100) -> bytes:
        with av.open(str(path)) as source:
            pictures = [f for f, _ in zip(source.decode(video=0), range(frames), strict=False)]
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = 1280, 720, "yuv420p"
        codec.framerate, codec.time_base = 1 / STEP, STEP
        codec.options = {
            "preset": "superfast",
            "x264-params": "keyint=50:repeat-headers=1:annexb=1:bframes=2",
        }
        out = []
        for number, one in enumerate([*pictures, None]):
            if one is not None:
                one = one.reformat(1280, 720, "yuv420p")
                one.pts, one.time_base, one.pict_type = number, STEP, 0
            for made in codec.encode(one):
                out.append(
                    Packet(
                        bytes(made),
                        made.pts,
                        STEP,
                        made.is_keyframe,
                        start,
                        "arrival",
                        start,
                        "h264",
                    )
                )
        return write_segment(out, Parameters("h264", 1280, 720, sets_of(out[0].data)))

    return picture


LIES = {
    "request": lambda e, s: s.update(entry=s["people"][0]["entry"]),
    "detail": lambda e, s: s["detail"].update(case="K 99/26"),
    "proof": lambda e, s: s.update(proof=s["proof"].replace("\nindex ", "\nindex 1", 1)),
    "window": lambda e, s: s["windows"][0].update(id="cam-99.20260101T000000Z.1.0"),
    "share": lambda e, s: [
        x.update(sealed=x["sealed"][:-8] + "AAAAAAA=") for x in s["windows"][0]["header"]["shares"]
    ],
    "people": lambda e, s: s.update(people=s["people"][1:]),
}


def main() -> None:
    """Serve until interrupted; prints where to go."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--port", type=int, default=8701)
    parser.add_argument("--tools-port", type=int, default=8702)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    if given.clip:
        towns.picture = real_picture(given.clip)
    town = Town(folder)
    sealed = town.make_window()
    town.record(sealed)
    town.catch_up()
    keys = folder / "demo-keys"
    keys.mkdir()
    for role, path in town.write_keys(folder / "keys").items():
        (keys / f"{role}.json").write_bytes(path.read_bytes())
    desk = Desk(town.settings, town)
    desk.origin = f"http://localhost:{given.port}"
    tools = f"http://localhost:{given.tools_port}"
    app = desk.app()

    async def lie(request):
        errand = Errand(town, desk, desk.origin, sealed)
        name = request.path_params["name"]
        change = LIES.get(name, lambda e, s: None)

        def told(path: str, said):
            if path.startswith("/api/requests/") and isinstance(said, dict) and "windows" in said:
                change(errand, said)
            return said

        desk.lie = told
        return towns_json({"lie": name})

    async def draft(request):
        Errand(town, desk, f"http://127.0.0.1:{given.port}", sealed)
        return towns_json(
            desk.cases.draft_request(
                "p-investigator",
                "cam-01",
                sealed.header.record.start_ms + 1000,
                sealed.header.record.start_ms + 9000,
                "offence",
                "K 17/26",
                "A collision",
            ).draft
        )

    app.add_route("/dev/lie/{name}", lie)
    app.add_route("/dev/draft", draft)
    app.add_route("/dev/frame", lambda request: HTMLResponse(FRAME))
    served = CORSMiddleware(app, allow_origins=[tools], allow_methods=["*"], allow_headers=["*"])
    pages = page.create(desk.origin, framed=True, key_files=keys)
    second = uvicorn.Server(
        uvicorn.Config(pages, host="127.0.0.1", port=given.tools_port, log_level="warning")
    )
    threading.Thread(target=second.run, daemon=True).start()
    sys.stdout.write(json.dumps({"server": desk.origin, "tools": tools}) + "\n")
    sys.stdout.flush()
    uvicorn.run(served, host="127.0.0.1", port=given.port, log_level="warning")


def towns_json(value):
    """Any JSON."""
    return JSONResponse(value)


if __name__ == "__main__":
    main()
