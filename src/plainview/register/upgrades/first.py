"""The tables of register.db as the first release made them."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "register_1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make every table."""
    _state(op)
    _entries(op)
    _statements(op)
    _keys(op)
    _rejected(op)
    _windows(op)
    _requests(op)
    _answers(op)
    _openings(op)
    _opened(op)
    _acts(op)
    _shreds(op)
    _gates(op)
    op.execute("INSERT INTO state (id, next, clock_ms) VALUES (1, 0, 0)")


def _state(op: Operations) -> None:
    op.create_table(
        "state",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.Column("clock_ms", sa.Integer(), nullable=False),
    )


def _entries(op: Operations) -> None:
    op.create_table(
        "entries",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("time_ms", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.String(), nullable=False),
    )
    op.create_index("entries_leaf", "entries", ["leaf"])
    op.create_index("entries_type", "entries", ["type", "idx"])


def _statements(op: Operations) -> None:
    op.create_table(
        "statements",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("clock_ms", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
    )
    op.create_index("statements_subject", "statements", ["type", "subject", "idx"])


def _keys(op: Operations) -> None:
    op.create_table(
        "keys",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.UniqueConstraint("key_id", "idx"),
    )


def _rejected(op: Operations) -> None:
    op.create_table(
        "rejected",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("reason", sa.String(), nullable=False),
    )


def _windows(op: Operations) -> None:
    op.create_table(
        "windows",
        sa.Column("window", sa.String(), primary_key=True),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("shred_ms", sa.Integer(), nullable=False),
        sa.Column("shredded_by", sa.Integer()),
        sa.Column("register", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("held_ms", sa.Integer(), nullable=False),
    )
    op.create_index("windows_camera", "windows", ["camera", "start_ms"])
    op.create_index("windows_due", "windows", ["shredded_by", "shred_ms"])


def _requests(op: Operations) -> None:
    op.create_table(
        "requests",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("time_ms", sa.Integer(), nullable=False),
        sa.Column("expires_ms", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
    )
    op.create_index("requests_person", "requests", ["person", "idx"])


def _answers(op: Operations) -> None:
    op.create_table(
        "answers",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("window", sa.String()),
        sa.Column("i", sa.Integer()),
        sa.Column("resealed", sa.String()),
        sa.Column("reason", sa.String()),
    )
    op.create_index("answers_request", "answers", ["request", "kind"])


def _openings(op: Operations) -> None:
    op.create_table(
        "openings",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("resealed_e", sa.String(), nullable=False),
        sa.UniqueConstraint("request", "window"),
    )


def _opened(op: Operations) -> None:
    op.create_table(
        "opened",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("request", sa.String(), nullable=False),
    )
    op.create_index("opened_request", "opened", ["request"])


def _acts(op: Operations) -> None:
    op.create_table(
        "acts",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("time_ms", sa.Integer(), nullable=False),
        sa.Column("commitment", sa.String(), nullable=False),
        sa.Column("revealed_by", sa.Integer()),
    )
    op.create_index("acts_actor", "acts", ["actor", "idx"])


def _shreds(op: Operations) -> None:
    op.create_table(
        "shreds",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("class", sa.String(), nullable=False),
        sa.Column("due_ms", sa.Integer(), nullable=False),
        sa.Column("time_ms", sa.Integer(), nullable=False),
        sa.Column("windows", sa.Integer(), nullable=False),
    )


def _gates(op: Operations) -> None:
    op.create_table(
        "gates",
        sa.Column("idx", sa.Integer(), primary_key=True),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("time_ms", sa.Integer(), nullable=False),
    )
    op.create_index("gates_camera", "gates", ["camera", "idx"])
