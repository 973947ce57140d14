"""Taking objections: first kept, then logged, and what the log says of them afterwards."""

from __future__ import annotations

from plainview.errors import PlainviewError, Refused, Unavailable
from plainview.register.answers import Camera
from plainview.web.context import Web
from plainview.web.letters import Letter


def take(web: Web, camera: str, text: str) -> int:
    """Keep and log an objection to the version whose notice runs; its number.

    Raises `NotFound`, `Refused` where no notice runs, `Unavailable` while the log is away: then it
    was not taken.
    """
    version = _on_notice(web, camera)
    letter = web.letters.object(camera, version.version, text)
    try:
        number = _log(web, letter)
    except Refused:
        web.letters.drop(letter)  # the notice ended in this moment
        raise
    except Unavailable as error:
        web.letters.drop(letter)
        raise Unavailable(
            "The log cannot be written, so your objection was not taken.",
            hint="Go back and send it again in a minute; your browser still has what you wrote.",
        ) from error
    web.register.sync()  # its page is asked for at once
    return number


def settle(web: Web) -> None:
    """Log what was on its way when a process died; note answers, after which texts have 90 days.

    Asked now and then, by nobody's page. What the log cannot take now waits for the next time.
    """
    for letter in web.letters.unlogged():
        try:
            _log(web, letter)
        except Refused:
            web.letters.drop(letter)
        except PlainviewError:
            return
    for letter in web.letters.unanswered():
        answer = web.portal.objections.get(letter.number or 0).answer
        if answer is not None:
            web.letters.answer(letter.kind, [letter.number or 0], answer.outcome, "")
    web.letters.destroy_old()


def _on_notice(web: Web, camera: str) -> Camera:
    """The version whose notice runs. Raises `Refused`, `NotFound`."""
    now = web.now()
    for version in reversed(web.register.versions(camera)):
        if version.status == "active" and version.effective_ms > now:
            return version
    raise Refused(
        "Objections are taken while the notice of a camera runs; this one's has ended.",
        hint="Its page says whom to write to, and where to complain.",
    )


def _log(web: Web, letter: Letter) -> int:
    number = web.keeper.objection(letter.id, letter.camera, letter.version, letter.commitment)
    web.letters.numbered(letter, number)
    return number
