"""Every metric that Plainview has: its name, kind, labels and meaning, in the order of output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Described:
    """One metric. `labels` are all of its labels; `help` is what Prometheus shows."""

    name: str
    kind: Literal["gauge", "counter"]
    labels: tuple[str, ...]
    help: str


CAMERA_STATES = ("recording", "starting", "waiting", "refused")
REDACTION_STATES = ("ok", "withheld", "starting")


def _gauge(name: str, labels: str, help: str) -> Described:
    return Described(f"plainview_{name}", "gauge", tuple(labels.split()), help)


def _counter(name: str, labels: str, help: str) -> Described:
    return Described(f"plainview_{name}_total", "counter", tuple(labels.split()), help)


CAMERAS = (
    _gauge("camera_up", "camera", "1 while the camera's original is being recorded."),
    _gauge("camera_state", "camera state", "1 for the state that the camera is in."),
    _gauge("camera_redaction_state", "camera state", "1 for the state of the camera's view."),
    _gauge("camera_frames_per_second", "camera", "Pictures that arrive, over the last 5 s."),
    _gauge("camera_last_packet_age_seconds", "camera", "Since the camera sent something."),
    _gauge("camera_last_segment_age_seconds", "camera", "Since the last stored original ended."),
    _gauge("camera_last_view_age_seconds", "camera", "Since the end of the last stored view."),
    _gauge("camera_view_lag_seconds", "camera", "Video that waits for redaction."),
    _counter("camera_view_skipped_packets", "camera", "Packets that redaction had no time for."),
    _counter("camera_gaps", "camera", "Breaks in what the camera sent."),
    _counter("camera_lost_packets", "camera", "RTP packets that never arrived (UDP)."),
    _counter("camera_damaged_packets", "camera", "Packets that arrived damaged; kept and marked."),
    _counter("camera_connects", "camera", "Attempts to connect to the camera."),
    _gauge("camera_jitter_seconds", "camera", "Variation of packets' arrival, as in RFC 3550."),
    _gauge("camera_clock_error_seconds", "camera", "The camera's clock minus ours."),
    _gauge("camera_windows_ahead_seconds", "camera", "How long it can record without the keeper."),
    _gauge("camera_gate_remaining_seconds", "camera", "Until the answer that it may record ends."),
)  # fmt: skip
RECORDER = (
    _gauge("recorder_up", "", "1 while the recorder answers."),
    _gauge("detector_up", "", "1 while the process that finds what to hide is running."),
    _gauge(
        "redaction_effort", "",
        "How much a busy node leaves out: 0 nothing, 5 seven of eight pictures.",
    ),
    _gauge("disk_used_bytes", "disk", "What recordings take of the disk."),
    _gauge("disk_free_bytes", "disk", "Free for recordings: what is free, less the reserve."),
    _gauge("disk_written_bytes_per_second", "disk", "What recordings take, at the present rate."),
    _gauge("disk_headroom_hours", "disk", "Until it is full at this rate, without deletions."),
    _gauge("class_used_bytes", "class", "What recordings of a retention class take."),
    _gauge("class_free_bytes", "class", "Left to a retention class under its limit."),
    _gauge("class_written_bytes_per_second", "class", "What the class takes, at this rate."),
    _gauge("class_headroom_hours", "class", "Until its limit is reached, without deletions."),
    _counter("store_written_bytes", "", "Bytes of segments written since the recorder's start."),
    _gauge("store_failing", "", "1 while segments cannot be stored."),
)  # fmt: skip
KEEPER = (
    _gauge("keeper_up", "", "1 while the keeper answers."),
    _gauge("keeper_problems", "", "What the keeper could not do and tries again."),
    _gauge("log_writable", "", "1 while the log can be written."),
    _gauge("log_entries", "", "Entries on the log."),
    _gauge("log_witnessed_entries", "", "Entries under the newest witnessed checkpoint."),
    _gauge("log_checkpoint_age_seconds", "", "Since the published checkpoint was made or renewed."),
    _gauge("log_quorum", "", "1 while the published checkpoint carries the witness quorum."),
    _gauge("witness_up", "witness", "1 if the witness answered when it was last asked."),
    _gauge("witness_age_seconds", "witness", "Since its signature on the published checkpoint."),
    _gauge("keys_held", "", "Period and hold keys that have yet to be destroyed."),
)  # fmt: skip
WEB = (
    _gauge("viewers", "", "Live pictures that are open."),
    _counter("http_requests", "class status", "Requests answered, by class of address and status."),
    _counter("http_seconds", "class", "Time spent until answers began."),
    _counter("letters_refused", "limit", "Letters of residents refused, by the limit reached."),
    _gauge("problems", "kind", "Reasons to be red now, by kind (see docs/ref/metrics.md)."),
)
PROCESSES = (
    _gauge("build_info", "version python", "Always 1; the versions are the labels."),
    _counter("process_restarts", "process", "Times that the supervisor started it again."),
    _counter("process_hangs", "process", "Times that it did not answer and was killed."),
    _counter("process_cpu_seconds", "process", "CPU time, user and system."),
    _gauge("process_resident_memory_bytes", "process", "Memory in use."),
    _gauge("process_threads", "process", "Threads."),
    _gauge("process_open_files", "process", "Open files and sockets."),
    _gauge("process_uptime_seconds", "process", "Since it was started."),
)
METRICS = (*CAMERAS, *RECORDER, *KEEPER, *WEB, *PROCESSES)
