"""The page in a package for a reader who is not a computer scientist: a judge, a lawyer."""

from __future__ import annotations

from collections.abc import Sequence

from plainview.base.clock import Ms, to_iso
from plainview.verify.manifest import PackedWindow

_BREAK_MS: Ms = 100
_TEXT = """\
EVIDENCE PACKAGE

What this is
  An original video recording from a public camera, exactly as the camera sent it, with everything
  that is needed to check where it comes from, that nothing was changed or left out, and who allowed
  it to be opened. Nothing here needs the internet, and nothing needs to be believed.

What to look at
  video-*.mp4        the recording, for any video player; checked to be made of the pieces below
  detail.json        the case for which it was asked
  log/               entries of the public log, each with its proof
  segments/          the same recording in its original pieces; these are what is proved

What is in it
{windows}
  Request {request}
  Public log {origin}

How to check it
  1. Ask the city, a witness or the court's expert for the log's trust policy (a short text file).
     Do not use the one in this package: it proves only that the package agrees with itself.
  2. Run:  plainview verify THIS-PACKAGE.zip --policy POLICY.txt
     It must say "everything holds". Any other program that follows the published formats will do
     as well; the format is described in docs/ref/evidence-package.md of the program.

What a good check shows
  - The recording is bit for bit what was sealed within a minute of being filmed.
  - The camera stood in the public register, with a legal basis, when it filmed.
  - A named role asked for exactly this span, for the reason in detail.json, and the request was
    on the public log before anybody could open anything.
  - Enough independent custodians agreed, each with a signature of their own.
  - Each gap between pieces is listed; a piece that is missing cannot be hidden.

What it does not show
  - That the camera's clock was right, or that the camera itself was honest.
  - That nobody else has a copy. Whoever opened the recording lawfully can copy it.
  - Who is in the picture. The system recognises nobody.
"""


def readme(request: str, origin: str, windows: Sequence[PackedWindow]) -> str:
    """The text of README.txt."""
    lines = "\n".join(line for window in windows for line in _window(window))
    return _TEXT.format(windows=lines, request=request, origin=origin)


def _window(window: PackedWindow) -> list[str]:
    if not window.segments:
        return [f"  {window.window}: nothing"]
    first, last = window.segments[0], window.segments[-1]
    lines = [
        f"  {window.window}: {to_iso(first.start)} to {to_iso(last.end)}, "
        f"{len(window.segments)} pieces"
    ]
    for one, two in zip(window.segments, window.segments[1:], strict=False):
        if two.start > one.end + _BREAK_MS:
            lines.append(f"    gap: {to_iso(one.end)} to {to_iso(two.start)}")
    return lines
