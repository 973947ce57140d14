"""Upgrades of drafts.db, in the order of `down_revision` (see `plainview.base.upgrading`)."""
