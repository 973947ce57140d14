"""A stand-in for the web process while the control room is being worked on. Never shipped.

    python ui/dev/mock.py --clips FOLDER [--port 8600]

Plays the clips of a folder as four cameras, with a gap and a withheld span in the recording.
"""

import argparse
import asyncio
import json
import struct
import time
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

STATIC = Path(__file__).parents[2] / "src/plainview/web/static"
FPS, GOP = 25, 50
CSP = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; "
    "media-src blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)
NAMES = [
    ("cam-01", "Station square, north", "Station square 4"),
    ("cam-02", "Market street crossing", "Market street / Mill lane"),
    ("cam-03", "Bus 24", "Line 24, centre"),
    ("cam-04", "River bridge", "Old bridge, west end"),
]
app = FastAPI()
clips: dict[str, list[bytes]] = {}
started = time.time()
state: dict[str, object] = {"purpose": None, "requests": [], "roles": ["operator", "investigator"]}


def iso(ms: float) -> str:
    return (
        datetime.fromtimestamp(ms / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def encode(path: Path, seconds: int = 8) -> list[bytes]:
    with av.open(str(path)) as source:
        frames = [f for f, _ in zip(source.decode(video=0), range(FPS * seconds), strict=False)]
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = 1280, 720, "yuv420p"
    codec.framerate, codec.time_base = Fraction(FPS), Fraction(1, FPS)
    codec.options = {
        "preset": "superfast",
        "tune": "zerolatency",
        "crf": "26",
        "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:repeat-headers=1:annexb=1",
    }
    out = []
    frames = (frames * (FPS * seconds // max(len(frames), 1) + 1))[: FPS * seconds]
    for n, frame in enumerate(frames):
        scaled = frame.reformat(1280, 720, "yuv420p")
        scaled.pts, scaled.pict_type = n, 0  # else the source decides on key frames
        out += [bytes(p) for p in codec.encode(scaled)]
    out += [bytes(p) for p in codec.encode(None)]
    return out[: len(out) // GOP * GOP]


def message(camera: str, n: int, wall: int, flags: int = 0) -> bytes:
    units = clips[camera]
    data = units[n % len(units)]
    key = 1 if n % GOP == 0 else 0
    return struct.pack(">BBHQII", 1, key | flags, 0, wall, 1000 // FPS, n % 2**32) + data


@app.middleware("http")
async def headers(request: Request, go):
    answer = await go(request)
    answer.headers["Content-Security-Policy"] = CSP
    return answer


@app.get("/api/me")
def me():
    return {
        "person": "p-1",
        "name": "Mira Olsen",
        "roles": state["roles"],
        "may": [
            *("live", "playback", "request.read", "request.submit", "self", "accesses"),
            *("mark.set", "mark.read", "mark.hold", "clip.make"),
        ],
        "actor": "a1",
        "purpose": state["purpose"],
        "purpose_until": state.get("until"),
        "purposes": ["Public safety patrol", "A reported incident", "Traffic and road safety"],
        "server_time": iso(time.time() * 1000),
        "tools_url": "http://localhost:8601",
        "demo": True,
    }


@app.post("/api/purpose")
async def purpose(request: Request):
    state["purpose"] = (await request.json())["purpose"]
    state["until"] = iso(time.time() * 1000 + float(state.get("lasts", 7_200_000)))
    return {}


@app.get("/api/cameras")
def cameras():
    out = [
        {
            "id": i,
            "name": n,
            "kind": "pole",
            "place": p,
            "state": "recording",
            "reason": None,
            "hidden": "Faces, heads and number plates are hidden",
        }
        for i, n, p in NAMES
    ]
    if state.get("closed"):
        out[3].update(state="stopped", reason="Its legal basis was revoked on 23 November 2026.")
    return out


@app.get("/mock/{key}/{value}")
def poke(key: str, value: str):
    state[key] = json.loads(value)
    return state


@app.websocket("/api/live/{camera}")
async def live(socket: WebSocket, camera: str):
    await socket.accept()
    await socket.send_text(json.dumps({"type": "hello", "window_seconds": 60}))
    n = int((time.time() - started) * FPS)
    n -= n % GOP
    try:
        while True:
            due = started + n / FPS
            if due > time.time():
                await asyncio.sleep(due - time.time())
            if state.get("away") == camera:
                await socket.send_text(
                    json.dumps(
                        {
                            "type": "end",
                            "reason": "camera-away",
                            "message": "The camera does not answer.",
                        }
                    )
                )
                break
            await socket.send_bytes(
                message(camera, n, int(due * 1000), 2 if state.get("pixelated") == camera else 0)
            )
            n += 1
    except (WebSocketDisconnect, RuntimeError):
        return
    await socket.close()


playbacks: dict[str, tuple[str, int, int]] = {}


@app.post("/api/playback")
async def playback(request: Request):
    wish = await request.json()
    start, end = (int(datetime.fromisoformat(wish[k]).timestamp() * 1000) for k in ("from", "to"))
    pid = f"pb{len(playbacks)}"
    playbacks[pid] = (wish["camera"], start, end)
    return {"playback": pid, "from": iso(start), "to": iso(end)}


@app.get("/api/playback/{pid}/timeline")
def timeline(pid: str):
    _, start, end = playbacks[pid]
    spans, segments = [], []
    at = start - start % 2000
    while at + 2000 <= end:
        part = (at // 1000) % 600
        kind = "gap" if 200 <= part < 230 else "pixelated" if 400 <= part < 424 else "recorded"
        if kind != "gap":
            segments.append(
                {
                    "seq": at // 2000 % 30,
                    "window": f"cam.{at // 60000}",
                    "start": iso(at),
                    "end": iso(at + 2000),
                }
            )
        if spans and spans[-1]["state"] == kind:
            spans[-1]["end"] = iso(at + 2000)
        else:
            spans.append({"start": iso(at), "end": iso(at + 2000), "state": kind})
        at += 2000
    return {"spans": spans, "segments": segments}


@app.get("/api/playback/{pid}/segment")
def segment(pid: str, window: str, seq: int):
    camera = playbacks[pid][0]
    at = int(window.split(".")[1]) * 60000 + seq * 2000
    part = (at // 1000) % 600
    flags = 2 if 400 <= part < 424 else 0
    first = at // 2000 * GOP
    items = [message(camera, first + i, at + i * 40, flags) for i in range(GOP)]
    return Response(b"".join(struct.pack(">I", len(m)) + m for m in items))


@app.post("/api/playback/{pid}/snapshot")
async def snapshot(pid: str):
    return Response(b"\xff\xd8\xff\xd9", media_type="image/jpeg")


marked: list[dict[str, object]] = []


def mark_row(number: int, at: float, mark_state: str, *, short: bool = False) -> dict[str, object]:
    deadline = at + (3_600_000 if short else 259_200_000)
    return {
        "mark": f"{number:032x}",
        "entry": 4000 + number,
        "camera": "cam-01",
        "at": iso(at),
        "from": iso(at - 600_000),
        "to": iso(at + 300_000),
        "note": "Two cars, nobody hurt",
        "made": iso(at),
        "actor": "5a7e41c09b2d",
        "role": "operator",
        "mine": number % 2 == 1,
        "state": mark_state,
        "lapses": iso(at + 259_200_000),
        "destroyed": iso(deadline) if short else None,
        "deadline": iso(deadline),
        "short": short,
        "held_until": iso(at + 2_592_000_000) if mark_state == "held" else None,
        "hold": 5120 if mark_state == "held" else None,
        "command": f"plainview case hold {number:032x} --key KEYFILE --server http://localhost",
    }


@app.post("/api/marks")
async def mark(request: Request):
    wish = await request.json()
    at = datetime.fromisoformat(wish["at"]).timestamp() * 1000
    marked.append(mark_row(len(marked) + 10, at, "open", short=wish["note"] == "short"))
    return marked[-1]


@app.get("/api/marks")
def marks():
    now = time.time() * 1000
    old = [("open", 200_000, True), ("held", 350_000, False), ("lapsed", 3e8, False)]
    rows = [mark_row(n, now - ago, what, short=short) for n, (what, ago, short) in enumerate(old)]
    return [*marked, *rows]


@app.post("/api/playback/{pid}/clip")
async def clip(pid: str):
    head = {
        "x-plainview-entry": "4711",
        "content-disposition": 'attachment; filename="plainview-clip-4711.mp4"',
    }
    return Response(bytes(2_000_000), media_type="video/mp4", headers=head)


@app.get("/api/accesses")
def accesses():
    now = time.time() * 1000
    acts = ["live", "playback", "snapshot", "mark", "clip", "signin"]
    rows = []
    for n in range(24):
        detail = None
        if n > 5:
            detail = {"camera": "cam-02", "purpose": "Traffic and road safety"}
            detail |= {"recipient": "City police, traffic unit"} if acts[n % 6] == "clip" else {}
        rows.append(
            {
                "entry": 4800 - 7 * n,
                "time": iso(now - n * 400_000),
                "actor": ["5a7e41c09b2d", "c00f1e77aa01"][n % 2],
                "role": ["operator", "investigator"][n % 2],
                "act": acts[n % 6],
                "revealed": None if detail is None else 4800 - 7 * n + 3,
                "detail": detail,
                "mine": n % 2 == 0,
            }
        )
    return {"accesses": rows, "next": 4000}


@app.post("/api/bookmarks")
async def bookmarks():
    return {"bookmark": "b1"}


@app.post("/api/drafts")
async def drafts(request: Request):
    wish = await request.json()
    return {
        "draft": "d1",
        "v": 1,
        "body": {"request": "r1", "windows": ["a", "b"]},
        "detail": wish,
        "salt": "",
    }


@app.get("/api/requests")
def requests():
    now = time.time() * 1000
    base = {
        "camera": "cam-01",
        "from": iso(now - 500000),
        "to": iso(now - 440000),
        "purpose": "accident",
        "requester": "p-jonas",
        "expires": iso(now + 9e8),
        "k": 2,
        "n": 3,
        "mine": True,
    }
    return [
        base
        | {"request": "ab" * 32, "state": "releasing", "windows": [{"id": "x", "releases": 1}]},
        base
        | {
            "request": "cd" * 32,
            "state": "open",
            "windows": [{"id": "x", "releases": 2}],
            "purpose": "offence",
            "camera": "cam-03",
        },
        base
        | {
            "request": "ef" * 32,
            "state": "refused",
            "windows": [{"id": "x", "releases": 0}],
            "purpose": "test",
            "camera": "cam-02",
        },
    ]


@app.get("/api/my/acts")
def acts():
    now = time.time() * 1000
    return [
        {
            "entry": 40,
            "time": iso(now),
            "act": "playback",
            "detail": {
                "camera": "cam-01",
                "purpose": "Something was reported",
                "from": iso(now - 600000),
                "to": iso(now),
            },
        },
        {
            "entry": 38,
            "time": iso(now - 60000),
            "act": "live",
            "detail": {
                "camera": "cam-02",
                "purpose": "Public safety patrol",
                "from": iso(now - 60000),
            },
        },
        {"entry": 37, "time": iso(now - 61000), "act": "signin", "detail": {}},
    ]


@app.get("/app{path:path}")
def page(path: str):
    return FileResponse(STATIC / "index.html")


app.mount("/static/app", StaticFiles(directory=STATIC))


@app.exception_handler(404)
def missing(request: Request, error: Exception):
    return JSONResponse({"code": "not-found", "message": "There is nothing here.", "hint": ""}, 404)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8600)
    given = parser.parse_args()
    files = sorted(given.clips.glob("*.mp4"))
    for (camera, _, _), file in zip(NAMES, files * 4, strict=False):
        clips[camera] = encode(file)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning")
