"""A camera's record to fill in, as TOML with a comment at each field."""

from __future__ import annotations

from plainview.register.records import check_camera_id

_PLACES = {
    "pole": "position = [44816000, 20460000]  # latitude, longitude in millionths of a degree",
    "mobile": 'area = "Old town, district 1"  # where it works; no position is published',
}
_TEXT = """\
# A camera's public record. Everything below goes onto the public log, except `stream`.
camera = "{camera}"           # id: a-z, 0-9 and -; it never changes and is never used again
stream = "rtsp://user:password@10.0.0.7/main"   # stays in data/sources.json; never published
name = "Mill bridge"
kind = "{kind}"
place = "Mill bridge, east end"
{place}
direction = "west"
sees = "The bridge and both pavements."      # what is in the picture, for residents
controller = "City of ..."                   # who answers for it
contact = "dpo@city.example"
unit = "Traffic unit"
purpose = "Road safety on the bridge"
profile = "heads"          # what is hidden, each more: faces (and plates), heads, people, motion
zones = []                 # always hidden, such as windows: [[[x, y], [x, y], [x, y]]], 0 to 10000
fill = "solid"             # what is seen instead: solid (nothing is left) or mosaic
custodian_set = "set-1"                      # who holds the keys: plainview person list
valid_from = "2026-12-01"                    # never earlier than published plus notice period

# What your law asks for besides: docs/ref/camera-record.md, and
# plainview register check FILE --law-profile eu-gdpr

[legal_basis]
law = "Road Safety Act"
article = "7(2)"
decision = "D-2026-17"
valid_from = "2026-12-01"
valid_to = "2028-12-01"

[dpia]                                       # data protection impact assessment
hash = "0000000000000000000000000000000000000000000000000000000000000000"  # SHA-256 of it
date = "2026-11-01"
review_due = "2027-11-01"

[contract]
number = "C-2026-7"
supplier = "..."
value = "1000 EUR"
valid_to = "2028-12-01"

[retention]
class = "street"                             # keys of one class and day are destroyed together
seconds = 1209600                            # 14 days
"""


def record_template(camera: str, kind: str) -> str:
    """TOML for `plainview camera add`; it is complete as it stands. Raises `BadFormat`."""
    check_camera_id(camera)
    return _TEXT.format(camera=camera, kind=kind, place=_PLACES.get(kind, _PLACES["mobile"]))
