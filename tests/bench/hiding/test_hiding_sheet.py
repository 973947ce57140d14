"""The contact sheet: what it shows, how many, and that edges of the picture do no harm."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from plainview.bench.hiding.sheet import CAPTION, COLUMNS, MOST, TILE, Sheet
from plainview.bench.hiding.truth import Box

from .conftest import Kit


@pytest.mark.parametrize(
    "box", [(100.0, 60.0, 20.0, 24.0), (-8.0, -6.0, 20.0, 24.0), (310.0, 170.0, 30.0, 30.0)]
)
def test_a_miss_is_shown_with_its_box(box: Box, kit: Kit) -> None:
    sheet = Sheet()
    frame = kit.noisy()
    frame.planes[0][:] = 60
    sheet.add("faces", frame, box, "panning 12", "face 24 px")
    (tile,) = sheet.chosen()
    assert tile.picture.shape == (TILE, TILE, 3)
    marked = (tile.picture.astype(int)[:, :, 2] - tile.picture[:, :, 0]) > 150
    assert marked.sum() > 40
    middle = np.argwhere(marked).mean(axis=0)
    assert np.abs(middle - TILE / 2).max() < 0.2 * TILE
    assert tile.lines == ("panning 12", "face 24 px")


def test_many_misses_are_thinned_evenly(kit: Kit) -> None:
    sheet, frame = Sheet(), kit.noisy((64, 48))
    for number in range(1_000):
        sheet.add("faces", frame, (10.0, 10.0, 20.0, 20.0), str(number), "")
    chosen = [int(tile.lines[0]) for tile in sheet.chosen()]
    assert sheet.seen == 1_000
    assert MOST // 2 <= len(chosen) <= MOST
    gaps = np.diff(chosen)
    assert gaps.max() <= 2 * gaps.min()
    assert (chosen[0], chosen[-1] > 980) == (0, True)


def test_a_rare_kind_keeps_its_place(kit: Kit) -> None:
    sheet, frame = Sheet(), kit.noisy((64, 48))
    for number in range(300):
        sheet.add("heads", frame, (10.0, 10.0, 20.0, 20.0), str(number), "")
        if number % 100 == 0:
            sheet.add("faces", frame, (10.0, 10.0, 20.0, 20.0), str(number), "a face")
    chosen = sheet.chosen()
    assert len(chosen) == MOST
    assert sum(tile.lines[1] == "a face" for tile in chosen) == 3


def test_the_sheet_is_a_picture(kit: Kit, tmp_path: Path) -> None:
    sheet = Sheet()
    for number in range(COLUMNS + 1):
        sheet.add("faces", kit.noisy(), (50.0, 50.0, 20.0, 20.0), str(number), "caf\u00e9")
    sheet.write(tmp_path / "new" / "sheet.png")
    read = cv2.imread(str(tmp_path / "new" / "sheet.png"))
    assert read is not None
    assert read.shape == (28 + 2 * (TILE + CAPTION), COLUMNS * (TILE + 4), 3)


def test_an_empty_sheet_says_so(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.write(tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 100
    assert (sheet.chosen(), sheet.seen) == ([], 0)
