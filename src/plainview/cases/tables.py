"""The tables of cases.db: what is private about requests.

What the log says (who requested, released, opened) is not repeated here; it is read from the
register. These rows hold the clear text behind the commitments and the re-sealed shares, both of
which are useless without a key that this machine does not have.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

METADATA = MetaData()

BOOKMARKS = Table(
    "bookmarks",
    METADATA,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("camera", String, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("note", String, nullable=False),
    Column("created_ms", Integer, nullable=False),
)
DRAFTS = Table(
    "drafts",
    METADATA,
    Column("id", String, primary_key=True),  # the request id that will stand in the statement
    Column("person", String, nullable=False),
    Column("draft", String, nullable=False),  # JSON: body, detail, salt
    Column("created_ms", Integer, nullable=False),
    Column("submitted", String),  # request hash
    Index("drafts_person", "person", "created_ms"),
)
REQUESTS = Table(
    "requests",
    METADATA,
    Column("hash", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("detail", String, nullable=False),  # JSON, private
    Column("salt", String, nullable=False),  # base64
    Column("submitted_ms", Integer, nullable=False),
    Index("requests_person", "person", "submitted_ms"),
)
RELEASES = Table(
    "releases",
    METADATA,
    Column("request", String, nullable=False),
    Column("sha256", String, nullable=False),  # as the release statement names it
    Column("resealed", LargeBinary, nullable=False),  # age file to the requester
    UniqueConstraint("request", "sha256"),
)
OPENINGS = Table(
    "openings",
    METADATA,
    Column("request", String, nullable=False),
    Column("window", String, nullable=False),
    Column("resealed_e", LargeBinary, nullable=False),  # age file to the requester
    UniqueConstraint("request", "window"),
)

MARKS = Table(
    "marks",
    METADATA,
    Column("id", String, primary_key=True),
    Column("entry", Integer, nullable=False),  # log index of the act
    Column("person", String, nullable=False),
    Column("actor", String, nullable=False),  # as the log names the person on that day
    Column("role", String, nullable=False),
    Column("camera", String, nullable=False),
    Column("at_ms", Integer, nullable=False),
    Column("note", String, nullable=False),
    Column("created_ms", Integer, nullable=False),
    Column("hold", Integer),  # log index of the hold that came of it
    Index("marks_created", "created_ms"),
)

UPGRADES = Path(__file__).with_name("upgrades")
"""How a database comes to have these tables (`plainview.base.upgrading`)."""
