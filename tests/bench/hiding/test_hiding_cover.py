"""What counts as hidden, measured on pictures that were filled at known places."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from plainview.bench.hiding.cover import Hidden
from plainview.redact import fill
from plainview.redact.pipeline import ViewFrame

from .conftest import Kit

MASK = (100.0, 40.0, 48.0, 64.0)


def test_inside_a_mask_all_is_hidden_and_outside_nothing(kit: Kit) -> None:
    hidden = kit.filled(kit.noisy(), [MASK])
    assert hidden.share((108, 50, 32, 44)) == 1.0
    assert hidden.share((10, 10, 40, 40)) == 0.0
    assert hidden.covers((108, 50, 32, 44))
    assert not hidden.covers((10, 10, 40, 40))


def test_a_box_half_under_a_mask_is_half_hidden(kit: Kit) -> None:
    hidden = kit.filled(kit.noisy(), [(0.0, 0.0, 160.0, 180.0)])
    assert hidden.share((140, 60, 40, 40)) == pytest.approx(0.5, abs=0.06)
    assert not hidden.covers((140, 60, 40, 40))


def test_the_area_is_that_of_the_filled_shape(kit: Kit) -> None:
    raw = kit.noisy()
    shape = fill.shape(48, 64) / 255
    hidden = kit.filled(raw, [MASK])
    assert hidden.area() * raw.width * raw.height == pytest.approx(shape.sum(), rel=0.06)
    assert hidden.area((160, 180)) == pytest.approx(2 * hidden.area(), rel=0.01)


def test_a_mosaic_and_a_polygon_count_as_well(kit: Kit) -> None:
    raw = kit.noisy()
    view = raw.copy()
    luma = view.planes[0]
    cells = cv2.resize(luma[40:100, 100:160], (6, 6), interpolation=cv2.INTER_AREA)
    luma[40:100, 100:160] = cv2.resize(cells, (60, 60), interpolation=cv2.INTER_NEAREST)
    triangle = np.zeros(luma.shape, np.uint8)
    cv2.fillConvexPoly(triangle, np.array([[200, 20], [300, 20], [200, 160]]), 1)
    luma[triangle > 0] = 112
    hidden = Hidden(ViewFrame(view, pixelated=False, masks=np.zeros((0, 4), np.float32)), raw)
    assert hidden.share((104, 44, 52, 52)) > 0.99
    assert hidden.share((204, 24, 40, 40)) > 0.99
    assert hidden.share((270, 110, 40, 40)) == 0.0


def test_the_part_outside_the_picture_is_not_asked_for(kit: Kit) -> None:
    hidden = kit.filled(kit.noisy(), [(0.0, 0.0, 40.0, 80.0)])
    assert hidden.share((-30, 20, 60, 40)) == 1.0
    assert hidden.share((-50, 20, 40, 40)) == 1.0
    assert hidden.share((300, 20, 60, 40)) == 0.0


def test_masks_that_touch_nobody_are_false(kit: Kit) -> None:
    hidden = kit.filled(kit.noisy(), [MASK, (220.0, 100.0, 32.0, 32.0)])
    both, area = hidden.false([])
    assert both == 2
    assert area == pytest.approx(hidden.area())
    one, rest = hidden.false([(110, 50, 20, 20)])
    assert one == 1
    assert 0 < rest < area / 2
    assert hidden.false([(110, 50, 20, 20), (240, 120, 30, 30)]) == (0, 0.0)
    assert hidden.false([(-90, -50, 20, 20)])[0] == 2


def test_a_picture_withheld_is_hidden_whole(kit: Kit) -> None:
    raw = kit.noisy()
    everything = np.array([[0, 0, raw.width, raw.height]], np.float32)
    hidden = Hidden(ViewFrame(raw.copy(), pixelated=True, masks=everything), raw)
    assert hidden.whole
    assert hidden.area() == 1.0


def test_an_unchanged_picture_hides_nothing(kit: Kit) -> None:
    raw = kit.noisy()
    none = np.zeros((0, 4), np.float32)
    hidden = Hidden(ViewFrame(raw.copy(), pixelated=False, masks=none), raw)
    assert hidden.area() == 0.0
    assert hidden.false([]) == (0, 0.0)
