"""The tables of register.db: a projection of the log that can be thrown away and made again.

Every row follows from entries alone; `state.next` says how many of them were applied. Rows of
statements keep the raw entry, from which the rule book (`tlog.history`) is filled at a start.
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

STATE = Table(
    "state",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("next", Integer, nullable=False),  # entries applied so far
    Column("clock_ms", Integer, nullable=False),  # the rule book's clock after them
)
ENTRIES = Table(
    "entries",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("type", String, nullable=False),
    Column("time_ms", Integer, nullable=False),
    Column("leaf", String, nullable=False),
    Index("entries_type", "type", "idx"),
    Index("entries_leaf", "leaf"),
)
STATEMENTS = Table(
    "statements",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("type", String, nullable=False),  # of an approval, that of what it approved
    Column("subject", String, nullable=False),  # camera, person, set ... the statement is about
    Column("clock_ms", Integer, nullable=False),  # the rule book's clock before it
    Column("raw", LargeBinary, nullable=False),
    Index("statements_subject", "type", "subject", "idx"),
)
KEYS = Table(  # the statement that brought a key in
    "keys",
    METADATA,
    Column("key_id", String, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("person", String, nullable=False),
    UniqueConstraint("key_id", "idx"),
)
VERSIONS = Table(  # what the register said, and from when on; `body` stands in the entry `said`
    "versions",
    METADATA,
    Column("idx", Integer, nullable=False),  # the entry by which it counts
    Column("type", String, nullable=False),  # camera, record, custodian-set, person
    Column("subject", String, nullable=False),  # a record's is kind/id
    Column("version", Integer),
    Column("status", String),
    Column("said", Integer, nullable=False),  # the same entry, or the proposal that it approves
    Column("published_ms", Integer, nullable=False),
    UniqueConstraint("type", "subject", "idx"),
    Index("versions_subject", "type", "subject", "published_ms"),
)
REJECTED = Table(
    "rejected",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("reason", String, nullable=False),
)
WINDOWS = Table(
    "windows",
    METADATA,
    Column("window", String, primary_key=True),
    Column("camera", String, nullable=False),
    Column("start_ms", Integer, nullable=False),
    Column("end_ms", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("period", String, nullable=False),
    Column("shred_ms", Integer, nullable=False),
    Column("shredded_by", Integer),
    Column("register", Integer, nullable=False),
    Column("record", String, nullable=False),  # canonical JSON, as logged
    Column("held_ms", Integer, nullable=False, default=0),
    Index("windows_camera", "camera", "start_ms"),
    Index("windows_due", "shredded_by", "shred_ms"),
)
REQUESTS = Table(
    "requests",
    METADATA,
    Column("hash", String, primary_key=True),
    Column("idx", Integer, nullable=False),
    Column("person", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("time_ms", Integer, nullable=False),
    Column("expires_ms", Integer, nullable=False),
    Column("body", String, nullable=False),
    Index("requests_person", "person", "idx"),
)
ANSWERS = Table(  # releases and refusals of custodians
    "answers",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("request", String, nullable=False),
    Column("kind", String, nullable=False),  # release, refusal
    Column("person", String, nullable=False),
    Column("window", String),
    Column("i", Integer),
    Column("resealed", String),
    Column("reason", String),
    Index("answers_request", "request", "kind"),
)
OPENINGS = Table(
    "openings",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("request", String, nullable=False),
    Column("window", String, nullable=False),
    Column("resealed_e", String, nullable=False),
    UniqueConstraint("request", "window"),
)
OPENED = Table(
    "opened",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("request", String, nullable=False),
    Index("opened_request", "request"),
)
ACTS = Table(
    "acts",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("actor", String, nullable=False),
    Column("role", String, nullable=False),
    Column("act", String, nullable=False),
    Column("time_ms", Integer, nullable=False),
    Column("commitment", String, nullable=False),
    Column("revealed_by", Integer),
    Index("acts_actor", "actor", "idx"),
)
SHREDS = Table(
    "shreds",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("period", String, nullable=False),
    Column("class", String, nullable=False),
    Column("due_ms", Integer, nullable=False),
    Column("time_ms", Integer, nullable=False),
    Column("windows", Integer, nullable=False),
)
GATES = Table(
    "gates",
    METADATA,
    Column("idx", Integer, primary_key=True),
    Column("camera", String, nullable=False),
    Column("allowed", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("time_ms", Integer, nullable=False),
    Index("gates_camera", "camera", "idx"),
)

UPGRADES = Path(__file__).with_name("upgrades")
"""How a database comes to have these tables (`plainview.base.upgrading`)."""
