"""Making an evidence package out of a request that was released to me.

Everything is opened and checked as for `plainview open`; the package then holds the original
pieces, the playable video, and every entry of the log that a verifier needs, with its proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from plainview import __version__
from plainview.errors import NotFound
from plainview.evidence.package import Facts, PackageWriter
from plainview.release.checks import Asked, AskedWindow
from plainview.release.client import Server
from plainview.release.files import Videos
from plainview.release.opening import Release, Segment, open_window, segments
from plainview.release.record import Record, check_segments, fetch_record
from plainview.release.trust import Trust
from plainview.tlog.entries import canonical
from plainview.tlog.leaves import path as leaves_path
from plainview.verify.manifest import PackedWindow, segment_name, sign_manifest, video_name
from plainview.verify.manifest import Segment as Packed


@dataclass(frozen=True)
class Made:
    """A package that was written."""

    path: Path
    windows: int
    segments: int
    entries: int


def make_package(
    server: Server, trust: Trust, asked: Asked, releases: list[Release], path: Path
) -> Made:
    """Open every window asked for and write the package at `path`. Raises what is wrong."""
    windows: list[PackedWindow] = []
    with PackageWriter(path) as writer, TemporaryDirectory(dir=path.parent) as folder:
        pending = [
            _take_window(server, trust, asked, releases, window, writer, Path(folder))
            for window in asked.windows
        ]
        # Only now: the openings that have just been made belong into the record.
        record = fetch_record(server, trust, asked)
        for window, found in zip(asked.windows, pending, strict=True):
            windows.append(_listed(record, window, found))
        _add_record(writer, record)
        writer.add_policy(trust.key.policy)
        writer.add_detail(canonical({"detail": asked.detail, "salt": asked.salt.hex()}))
        facts = Facts(
            trust.clock(), f"plainview {__version__}", record.origin, asked.hash, tuple(windows)
        )
        writer.finish(facts, lambda manifest: sign_manifest(manifest, trust.key.signing))
    total = sum(len(window.segments) for window in windows)
    return Made(path, len(windows), total, len(record.entries))


def _take_window(
    server: Server,
    trust: Trust,
    asked: Asked,
    releases: list[Release],
    window: AskedWindow,
    writer: PackageWriter,
    folder: Path,
) -> list[tuple[Segment, str]]:
    """Write a window's pieces and its video; each segment (without its bytes) and its hash."""
    name = window.record.window
    opened = open_window(server, trust, asked, releases, name)
    found: list[tuple[Segment, str]] = []
    with Videos(folder, name) as videos:
        for segment in segments(server, asked, opened):
            writer.add(segment_name(name, segment.seq), segment.plain)
            videos.add(segment)
            found.append((segment.without_bytes(), segment.plain_sha256))
    if not found:
        raise NotFound(f"The server holds no segment of window {name}.")
    for part, video in enumerate(videos.paths, start=1):
        writer.add_file(video_name(name, part), video)
    return found


def _listed(record: Record, window: AskedWindow, found: list[tuple[Segment, str]]) -> PackedWindow:
    minutes = record.minutes(window.record)
    holders = check_segments(window.record, minutes, [hash for _, hash in found])
    name = window.record.window
    return PackedWindow(
        name,
        tuple(
            Packed(
                seq=segment.seq,
                start=segment.meta.start,
                end=segment.meta.end,
                plain=hash,
                file=segment_name(name, segment.seq),
                roots=roots,
            )
            for (segment, hash), roots in zip(found, holders, strict=True)
        ),
    )


def _add_record(writer: PackageWriter, record: Record) -> None:
    for index, proven in sorted(record.entries.items()):
        writer.add_entry(index, proven.entry.raw, proven.proof)
    for ident, listed in sorted(record.leaves.items()):
        writer.add(leaves_path(ident), canonical(listed))
