"""A camera's record to fill in, as TOML with a comment at each field."""

from __future__ import annotations

from plainview.register.records import check_camera_id

_POLE = """\
position = [44816000, 20460000]              # latitude, longitude in millionths of a degree
direction_degrees = 270                      # 0 is north, 90 east
angle_degrees = 90                           # how wide it sees
height_cm = 500                              # above the ground
width_pixels = 1920                          # of its picture
density = { nearest_cm = 1500 }              # how near somebody comes: so much is seen of people
field_of_view = [[44816000, 20460000], [44816150, 20459800], [44815850, 20459800]]"""
_MOVING = """\
area = "Old town, district 1"                # where it works; no position is published"""
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
sees_classes = ["people", "roads"]
place_kind = "none"                          # a school, a court ...: docs/ref/camera-record.md
hours = "always"
controller = "City of ..."                   # who answers for it
contact = "dpo@city.example"
complaints = "dpo@city.example"              # where residents complain
authority = "..."                            # and to which authority
unit = "Traffic unit"
access_roles = ["operator"]
recipients = []                              # who else gets pictures: nobody
vendor = "..."
purpose = "Road safety on the bridge"
purpose_kind = "road-safety"
necessity = "Accidents happen at night."     # why it takes a camera
alternatives = "Lights and a lower limit were tried."
profile = "heads"          # what is hidden, each more: faces (and plates), heads, people, motion
zones = []                 # always hidden, such as windows: [[[x, y], [x, y], [x, y]]], 0 to 10000
fill = "solid"             # what is seen instead: solid (nothing is left) or mosaic
custodian_set = "set-1"                      # who holds the keys; listed at /custodian-sets
valid_from = "2026-12-01"                    # never earlier than published plus notice period

# The law it films under. What it asks for: plainview register check FILE
legal_profile = "eu-gdpr"                    # or eu-led (police), rs-zzpl, uk-scc, your own
# Records to publish first: plainview register template dpia
rests_on = ["legal-basis/traffic-2026", "dpia/bridges", "contract/c-2026-7"]
retention_reason = "Accidents are told within two weeks."
remote_access = {{ possible = false }}
storage = {{ place = "Town hall", country = "RS" }}
transfers = []                               # to other countries: none

[sign]                                       # on the street, where people enter the picture
photo_hash = "0000000000000000000000000000000000000000000000000000000000000000"
date = "2026-11-01"

[legal_basis]
law = "Road Safety Act"
article = "7(2)"
decision = "D-2026-17"
valid_from = "2026-11-01"
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
    """TOML for `plainview camera add`, complete under the law it names once the records that it
    rests on are published. Raises `BadFormat`."""
    check_camera_id(camera)
    return _TEXT.format(camera=camera, kind=kind, place=_POLE if kind == "pole" else _MOVING)
