"""Where the parts of the demonstration listen: a handful of ports beside the one of the pages."""

from __future__ import annotations

from dataclasses import dataclass

from plainview.base.ports import require_free

OTHER = 8700
WITNESSES = ("witness-university", "witness-newsroom")


def elsewhere(port: int) -> str:
    """What to type for another port. The data name the ports, so another port needs a folder."""
    return f'make demo DEMO="--port {port} --data .demo-{port}"'


@dataclass(frozen=True)
class Ports:
    """`web`, then the tools' page, the two witnesses, and the cameras."""

    web: int

    @property
    def tools(self) -> int:
        return self.web + 1

    @property
    def witnesses(self) -> dict[str, int]:
        return {name: self.web + 2 + i for i, name in enumerate(WITNESSES)}

    @property
    def cameras(self) -> int:
        return self.web + 4

    def require_free(self) -> None:
        """Raises `UnsafeStart` naming who holds a port that is needed."""
        for port in (self.web, self.tools, *self.witnesses.values(), self.cameras):
            require_free(port, setting=elsewhere(OTHER))
