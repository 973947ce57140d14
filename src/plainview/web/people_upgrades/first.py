"""The tables of people.db as it began."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "people_1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make every table."""
    _credentials(op)
    _invitations(op)
    _links(op)


def _credentials(op: Operations) -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("invitation", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("cose", sa.LargeBinary(), nullable=False),
        sa.Column("point", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("synced", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=True),
        sa.Column("stopped", sa.String(), nullable=True),
    )
    op.create_index("credentials_person", "credentials", ["person"])
    op.create_index("credentials_invitation", "credentials", ["invitation"])


def _invitations(op: Operations) -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("hash", sa.String(), nullable=False, unique=True),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("card", sa.String(), nullable=True),
    )


def _links(op: Operations) -> None:
    op.create_table(
        "links",
        sa.Column("issuer", sa.String(), primary_key=True),
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
    )
    op.create_index("links_person", "links", ["person"])
