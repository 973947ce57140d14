"""The words of authorization: what can be done, and in which role. There is nothing else to grant.

No permission shows a raw picture or ends redaction, so no policy can permit it: the schema knows
exactly these words, and policies that use others stop the start.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a signed-in person may do: an action of the policies."""

    SELF = "self"  # see and end one's own sessions, read one's own acts
    CAMERAS = "cameras"  # the list of cameras with their states
    LIVE = "live"
    PLAYBACK = "playback"
    SNAPSHOT = "snapshot"
    BOOKMARK = "bookmark"
    MARK_READ = "mark.read"  # what others marked, and by when it must be held
    MARK_SET = "mark.set"  # keep a quarter of an hour of a camera for 72 hours
    MARK_HOLD = "mark.hold"  # turn such a mark into a hold
    CLIP_MAKE = "clip.make"  # a redacted clip for a named recipient
    REQUEST_READ = "request.read"
    REQUEST_SUBMIT = "request.submit"
    REQUEST_RELEASE = "request.release"
    REQUEST_OPEN = "request.open"
    REGISTER_READ = "register.read"
    REGISTER_DRAFT = "register.draft"
    REGISTER_PUBLISH = "register.publish"  # propose it
    REGISTER_APPROVE = "register.approve"  # be the second person
    REGISTER_REVOKE = "register.revoke"  # stop a camera, or what it rests on, at once
    OBJECTION_ANSWER = "objection.answer"
    LETTERS = "letters"  # what residents wrote: objections and reports
    STATEMENT = "statement"  # have one drafted to sign; what it says needs its own permission
    PEOPLE_LIST = "people.list"
    PEOPLE_INVITE = "people.invite"
    PEOPLE_ENROL = "people.enrol"  # propose it
    PEOPLE_APPROVE = "people.approve"  # be the second person
    PEOPLE_SIGN_OUT = "people.signout"  # end all sessions of somebody
    ACCESSES = "accesses"  # who looked, as far as the public log says
    POLICY_READ = "policy.read"
    HEALTH = "health"  # what is wrong, where, since when
    METRICS = "metrics"


class Role(StrEnum):
    """The roles that the log knows."""

    OPERATOR = "operator"
    INVESTIGATOR = "investigator"
    SUPERVISOR = "supervisor"
    CUSTODIAN = "custodian"
    DPO = "dpo"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


PICTURES = frozenset(
    {Permission.LIVE, Permission.PLAYBACK, Permission.SNAPSHOT, Permission.CLIP_MAKE}
)
"""What shows pictures."""
AT_CAMERAS = PICTURES | {Permission.BOOKMARK, Permission.MARK_SET, Permission.MARK_HOLD}
"""What is done at one camera, and so decided there."""
