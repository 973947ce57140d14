"""A small extract of OpenStreetMap, as XML, for tests of the editor's map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

LonLat = tuple[float, float]
Tags = Mapping[str, str]


class Extract:
    """Nodes, ways and multipolygons, numbered as they come."""

    def __init__(self) -> None:
        self._nodes: list[str] = []
        self._ways: list[str] = []
        self._relations: list[str] = []

    def node(self, at: LonLat, tags: Tags | None = None) -> int:
        """Its number."""
        number = len(self._nodes) + 1
        place = f'<node id="{number}" version="1" lon="{at[0]:.7f}" lat="{at[1]:.7f}"'
        self._nodes.append(f"{place}>{_tags(tags or {})}</node>")
        return number

    def way(self, points: Sequence[LonLat], tags: Tags | None = None, *, lost: int = 0) -> int:
        """Its number; `lost` more nodes are named that the extract does not have."""
        nodes = [self.node(at) for at in points]
        if points[0] == points[-1]:
            nodes[-1] = nodes[0]
        return self.way_of([*nodes, *(10**9 + n for n in range(lost))], tags)

    def way_of(self, nodes: Sequence[int], tags: Tags | None = None) -> int:
        """Its number."""
        number = len(self._ways) + 1
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        self._ways.append(f'<way id="{number}" version="1">{refs}{_tags(tags or {})}</way>')
        return number

    def multipolygon(self, outer: Sequence[int], inner: Sequence[int], tags: Tags) -> int:
        """Its number; rings by the numbers of their ways."""
        number = len(self._relations) + 1
        members = "".join(
            f'<member type="way" ref="{way}" role="{role}"/>'
            for role, ways in (("outer", outer), ("inner", inner))
            for way in ways
        )
        told = _tags({"type": "multipolygon", **tags})
        self._relations.append(f'<relation id="{number}" version="1">{members}{told}</relation>')
        return number

    def write(self, path: Path) -> Path:
        """As .osm; the path."""
        parts = "\n".join([*self._nodes, *self._ways, *self._relations])
        path.write_text(f'<osm version="0.6">\n{parts}\n</osm>\n', encoding="utf-8")
        return path


def _tags(tags: Tags) -> str:
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())
