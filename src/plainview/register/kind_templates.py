"""A record of each kind to fill in, as TOML with a comment at each field.

They are the reference, too: docs/ref/register-records.md is made of them, and a test demands that
each is a sound record and names every field of its model.
"""

from __future__ import annotations

from collections.abc import Mapping

from plainview.register.kinds import check_kind

_SPAN = """\
# valid_from = "2026-11-01"        # holds from then on; from its publication, if it is left out
# valid_to = "2028-12-01"          # until then; without end, if it is left out
"""
_MUST_END = """\
valid_from = "2026-11-01"          # holds from then on, never earlier than its publication
valid_to = "2028-12-01"            # cameras that rest on it stop then
"""
_TEXTS: Mapping[str, str] = {
    "site": """\
id = "mill-bridge"                 # a-z, 0-9 and -; cameras say site_id = "mill-bridge"
name = "Mill bridge"
address = "Mill Lane 1"
place_kind = "none"                # assembly, parliament, court, clinic, worship, school, party,
                                   # union, press: such places need more; none: a street like others
# position = [44816000, 20460000]  # latitude, longitude in millionths of a degree
# boundary = [[44816000, 20460000], [44816400, 20460000], [44816400, 20460500]]
"""
    + _SPAN,
    "area": """\
id = "old-town"                    # cameras that move say area_id = "old-town"
name = "Old town"
description = "Within the walls, without the river bank"
place_kind = "none"                # as for a site; none, if it is left out
# boundary = [[44816000, 20460000], [44816400, 20460000], [44816400, 20460500]]
"""
    + _SPAN,
    "unit": """\
id = "traffic"                     # cameras say unit_id = "traffic"
name = "Traffic unit"
controller = "city"                # id of a controller
task = "Road safety"
contact = "traffic@city.example"
"""
    + _SPAN,
    "controller": """\
id = "city"                        # cameras say controller_id = "city"
name = "City of ..."
address = "Main Square 1"
country = "RS"                     # two letters, ISO 3166-1
contact = "privacy@city.example"
dpo_contact = "dpo@city.example"   # data protection officer
authority = "Commissioner for ..." # who supervises it
# authority_url = "https://authority.example"
law_enforcement = false            # a competent authority of Directive (EU) 2016/680
"""
    + _SPAN,
    "legal-basis": """\
id = "traffic-2026"                # cameras say rests_on = ["legal-basis/traffic-2026", ...]
law = "Road Safety Act"            # a law; an internal instruction is none
article = "7(2)"
gazette = "Official Gazette 41/2009"
decision = "D-2026-17"             # the decision that puts up these cameras under that law
purpose = "Road safety on bridges"
law_enforcement = false            # true: a law for police (Directive (EU) 2016/680)
# url = "https://gazette.example/41-2009"
"""
    + _MUST_END,
    "contract": """\
id = "c-2026-7"
number = "C-2026-7"
subject = "Two cameras and their maintenance"
supplier = "lens-and-sons"         # id of a supplier
value_hundredths = 100000          # 1000.00, in hundredths of the currency's unit
currency = "EUR"                   # three letters, ISO 4217
procurement_url = "https://tenders.example/7"
document_hash = "0000000000000000000000000000000000000000000000000000000000000000"  # SHA-256
redactions = []                    # [{ part = "page 3", reason = "names of staff" }]
"""
    + _MUST_END,
    "supplier": """\
id = "lens-and-sons"
name = "Lens & Sons"
country = "RS"
registration = "12345678"          # number in the register of companies
# contact = "service@lens.example"
# url = "https://lens.example"
"""
    + _SPAN,
    "dpia": """\
id = "bridges"
title = "Cameras on bridges"
version = "2"
document_hash = "0000000000000000000000000000000000000000000000000000000000000000"  # SHA-256
url = "https://city.example/dpia/bridges.pdf"
dpo_advice = "Hide whole people."
authority_outcome = "not-asked"    # not-asked, waiting, no-objection, conditions, refused
# opinion = "o-17"                 # id of an opinion
valid_from = "2026-11-01"          # its day
valid_to = "2027-11-01"            # its next review; cameras that rest on it stop then
""",
    "opinion": """\
id = "o-17"
authority = "Commissioner for ..."
reference = "073-17/2026"
outcome = "no-objection"           # no-objection, conditions, refused
date = "2026-11-15"
subject = "Impact assessment: cameras on bridges"
# document_hash = "0000000000000000000000000000000000000000000000000000000000000000"
# url = "https://authority.example/073-17"
"""
    + _SPAN,
    "retention": """\
id = "street"
class = "street"                   # as in the cameras' records
seconds = 259200                   # 72 hours
reason = "Accidents are reported within three days."
"""
    + _SPAN,
    "model": """\
id = "faces"
name = "Face detector"
algorithm_record = "https://city.example/algorithms"
weights_hash = "0000000000000000000000000000000000000000000000000000000000000000"  # SHA-256
purpose = "redaction"              # models find what to hide, and nothing else
"""
    + _SPAN,
    "policy": """\
id = "access"
title = "Who may do what"
hash = "0000000000000000000000000000000000000000000000000000000000000000"  # SHA-256
# url = "https://city.example/policies"
"""
    + _SPAN,
}


def kind_template(kind: str) -> str:
    """TOML for `plainview register publish`, complete as it stands. Raises `BadFormat`."""
    check_kind(kind)
    return f'kind = "{kind}"\n{_TEXTS[kind]}'
