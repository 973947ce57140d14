"""How a camera is reached, besides its address: transport, and what its certificate must be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from plainview.errors import BadFormat

Transport = Literal["tcp", "udp", "interleaved"]
TRANSPORTS: tuple[Transport, ...] = get_args(Transport)


@dataclass(frozen=True, slots=True)
class Access:
    """`tcp`: RTP within the RTSP connection; a coding that Plainview's own client does not read is
    read by FFmpeg's. `interleaved`: the same, by Plainview's own client alone. `udp`: the same."""

    transport: Transport = "tcp"
    fingerprint: str = ""
    """SHA-256 of the camera's certificate (64 hex digits): exactly that one is accepted."""
    ca_file: Path | None = None
    """Certificates (PEM) that are trusted for this camera instead of the system's."""

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> Access:
        """Read `transport`, `fingerprint` and `ca_file`. Raises `BadFormat`."""
        transport = entry.get("transport", "tcp")
        if transport not in TRANSPORTS:
            raise BadFormat(
                "the transport of a camera's address is not known.",
                hint=f"It is one of {', '.join(TRANSPORTS)}.",
            )
        ca_file = entry.get("ca_file")
        if ca_file is not None and not isinstance(ca_file, str):
            raise BadFormat("the ca_file of a camera's address is not text.")
        fingerprint = entry.get("fingerprint", "")
        return cls(transport, _digits(fingerprint), Path(ca_file) if ca_file else None)

    def to_dict(self) -> dict[str, str]:
        """What differs from the defaults."""
        values = {} if self.transport == "tcp" else {"transport": str(self.transport)}
        if self.fingerprint:
            values["fingerprint"] = self.fingerprint
        if self.ca_file is not None:
            values["ca_file"] = str(self.ca_file)
        return values


def _digits(fingerprint: object) -> str:
    """64 hex digits, from whatever form other tools print them in. Raises `BadFormat`."""
    text = str(fingerprint).lower()
    text = re.sub(r"[:\s]", "", text.removeprefix("sha256").lstrip(":="))
    if text and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise BadFormat(
            "a certificate's fingerprint is not 64 hex digits.",
            hint="It is the SHA-256 of the certificate, as a browser or openssl x509 shows it.",
        )
    return text
