"""Forms of the public pages, which work without scripts.

They carry no session, so that another page that sends one for a visitor gains nothing but one of
the visitor's few attempts.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

from plainview.errors import BadFormat, Refused

LARGEST = 64_000
MOST_FIELDS = 10
TRAP = "website"
"""A field that no person sees; programs that fill in everything fill it in, too."""


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form, each once. Raises `BadFormat`, or `Refused` for what no person sent."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if kind != "application/x-www-form-urlencoded" or len(body) > LARGEST:
        raise BadFormat("That is not the form of this page.", hint="Fill it in again.")
    try:
        found = parse_qs(
            body.decode(), keep_blank_values=True, strict_parsing=bool(body), errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        raise BadFormat("The form cannot be read.", hint="Fill it in again.") from error
    if any(len(values) > 1 for values in found.values()):
        raise BadFormat("A field of the form came twice.", hint="Fill it in again.")
    if found.get(TRAP, [""])[0]:
        raise Refused("A program filled in this form.", hint="Write to us by mail instead.")
    return {name: values[0] for name, values in found.items()}
