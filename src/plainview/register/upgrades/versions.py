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
        "SELECT s.idx, s.type, s.raw, e.leaf, max(s.clock_ms, e.time_ms) AS published"
        " FROM statements s JOIN entries e ON e.idx = s.idx WHERE s.type IN ('founding',"
        " 'propose', 'enrol', 'custodian-set', 'camera', 'record') ORDER BY s.idx"
    )
    add = sa.text(
        "INSERT INTO versions (idx, type, subject, version, status, said, published_ms) VALUES"
        " (:idx, :type, :subject, :version, :status, :said, :published)"
    )
    proposals: dict[str, tuple[int, dict[str, Any]]] = {}
    for row in connection.execute(query).all():
        said, body = row.idx, json.loads(row.raw)["body"]
        if row.type == "propose":
            proposals[row.leaf] = row.idx, body["body"]
            continue
        if "proposal" in body:  # an approval stands under the type of what it approved
            said, body = proposals[body["proposal"]]
        for one in _versions(row.type, body):
            given = {"idx": row.idx, "said": said, "published": row.published}
            connection.execute(add, {**given, **one})


def _versions(type_: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    none = {"version": None, "status": None}
    if type_ in ("founding", "enrol"):
        for person in body.get("people", [body]):
            yield {"type": "person", "subject": person["person"], **none}
    elif type_ == "custodian-set":
        yield {"type": type_, "subject": body["set"], **none}
    else:
        subject = body["camera"] if type_ == "camera" else f"{body['kind']}/{body['id']}"
        known = {"version": body["version"], "status": body["status"]}
        yield {"type": type_, "subject": subject, **known}
