"""Taking objections: first kept, then logged, and what the log says of them afterwards."""

from __future__ import annotations

from dataclasses import replace

from plainview.errors import Invalid, PlainviewError, Refused, Unavailable
from plainview.register.answers import Camera
from plainview.web.context import Web
from plainview.web.letters import Letter

SAID_NO = (Refused, Invalid)
"""After any other error of the keeper the objection may yet be logged: the letter stays."""


def on_notice(web: Web, camera: str) -> Camera:
    """The version to which one may object: its notice runs. Raises `Refused`, `NotFound`."""
    now = web.now()
    for version in reversed(web.register.versions(camera)):
        if version.status == "active" and version.effective_ms > now:
            return version
    raise Refused(
        "Objections are taken while the notice of a camera runs; this one's has ended.",
        hint="Its page says whom to write to, and where to complain.",
    )


def take(web: Web, version: Camera, text: str) -> Letter:
    """Keep an objection to this version and log it; without a number while it is not known whether
    the log has it. Then `settle` asks again, under the same id: it is logged once.

    Raises `Refused` where the notice has just ended: then nothing is kept.
    """
    letter = web.letters.object(version.id, version.version, text)
    try:
        number = _log(web, letter)
    except SAID_NO:
        web.letters.drop(letter)
        raise
    except Unavailable:
        return letter
    web.register.sync()  # its page is asked for at once
    return replace(letter, number=number)


def settle(web: Web) -> None:
    """Log what waits for its number; note answers, after which texts have 90 days.

    Asked now and then, by nobody's page. What the log cannot take now waits for the next time.
    """
    for letter in web.letters.unlogged():
        try:
            _log(web, letter)
        except SAID_NO:
            web.letters.drop(letter)
        except PlainviewError:
            return
    for letter in web.letters.unanswered():
        answer = web.portal.objections.get(letter.number or 0).answer
        if answer is not None:
            web.letters.answer(letter.kind, [letter.number or 0], answer.outcome, "")
    web.letters.destroy_old()


def _log(web: Web, letter: Letter) -> int:
    number = web.keeper.objection(letter.id, letter.camera, letter.version, letter.commitment)
    web.letters.numbered(letter, number)
    return number
