"""What the register said and when: filled from the statements that are there already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "register_versions"
down_revision = "register_1"


def upgrade(op: Operations) -> None:
    """Make the table and fill it."""
    op.create_table(
        "versions",
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("version", sa.Integer()),
        sa.Column("status", sa.String()),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.Column("published_ms", sa.Integer(), nullable=False),
        sa.UniqueConstraint("type", "subject", "idx"),
    )
    op.create_index("versions_subject", "versions", ["type", "subject", "published_ms"])
    connection = op.get_bind()
    query = sa.text(
        "SELECT s.idx, s.type, s.raw, max(s.clock_ms, e.time_ms) AS published FROM statements s"
        " JOIN entries e ON e.idx = s.idx WHERE s.type IN"
        " ('founding', 'enrol', 'custodian-set', 'camera') ORDER BY s.idx"
    )
    add = sa.text(
        "INSERT INTO versions (idx, type, subject, version, status, said, published_ms) VALUES"
        " (:idx, :type, :subject, :version, :status, :idx, :published)"
    )
    for row in connection.execute(query).all():
        for one in _versions(row.type, json.loads(row.raw)["body"]):
            connection.execute(add, {"idx": row.idx, "published": row.published, **one})


def _versions(type_: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if type_ in ("founding", "enrol"):
        for person in body.get("people", [body]):
            yield {"type": "person", "subject": person["person"], "version": None, "status": None}
    elif type_ == "custodian-set":
        yield {"type": type_, "subject": body["set"], "version": None, "status": None}
    else:
        known = {"version": body["version"], "status": body["status"]}
        yield {"type": type_, "subject": body["camera"], **known}
