"""The tables of `people.db`: passkeys, invitations, links to an identity provider.

Unlike sessions.db this file is worth a backup: without it nobody signs in with a passkey until they
are invited anew. It holds names and public keys, no secret: tokens are hashed.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Engine, Index, Integer, LargeBinary, MetaData, String, Table

from plainview.base.database import open_engine
from plainview.base.upgrading import upgrade_to_newest

METADATA = MetaData()
UPGRADES = Path(__file__).with_name("people_upgrades")
CREDENTIALS = Table(
    "credentials",
    METADATA,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("invitation", String, nullable=False),
    Column("handle", String, nullable=False),
    Column("key_id", String, nullable=False),
    Column("cose", LargeBinary, nullable=False),
    Column("point", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    Column("synced", Integer, nullable=False),
    Column("label", String, nullable=False),
    Column("created", Integer, nullable=False),
    Column("used", Integer, nullable=True),
    Column("stopped", String, nullable=True),
    Index("credentials_person", "person"),
    Index("credentials_invitation", "invitation"),
)
INVITATIONS = Table(
    "invitations",
    METADATA,
    Column("id", String, primary_key=True),
    Column("hash", String, nullable=False, unique=True),
    Column("asked", String, nullable=False),
    Column("handle", String, nullable=False),
    Column("salt", String, nullable=False),
    Column("by", String, nullable=False),
    Column("created", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("card", String, nullable=True),
)
LINKS = Table(
    "links",
    METADATA,
    Column("issuer", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("created", Integer, nullable=False),
    Index("links_person", "person"),
)


def open_people(file: Path) -> Engine:
    """Open (or make) the database, upgraded. Dispose of the engine after use."""
    engine = open_engine(file)
    upgrade_to_newest(engine, UPGRADES)
    return engine
