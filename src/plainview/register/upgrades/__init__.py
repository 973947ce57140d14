"""Upgrades of one database, in the order of `down_revision` (see `plainview.base.upgrading`)."""
