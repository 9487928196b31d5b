from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mjproxy_simulator.pictures.painter import _bent_noise, _grid_noise, paint
from mjproxy_simulator.pictures.scene import Motif, Texture, compose
from tests.simulator.pictures.records_of_jobs import difference


@pytest.mark.parametrize("motif", Motif)
def test_small_picture_shows_the_same_as_a_large_one(motif: Motif) -> None:
    scene = replace(compose("a cat", 7, 1), motif=motif, light=0.9)
    large, small = (Image.fromarray(paint(scene, side, side)) for side in (256, 64))
    assert difference(large.resize((64, 64), Image.Resampling.BOX), small) < 8


@pytest.mark.parametrize("motif", Motif)
def test_scenes_that_differ_in_texture_only_have_other_shapes(motif: Motif) -> None:
    scene = replace(compose("a cat", 7, 1), motif=motif)
    other = replace(scene, textures=(*scene.textures, Texture(5, 0.8)))
    assert np.abs(paint(scene, 128, 128).astype(int) - paint(other, 128, 128)).mean() > 1


def test_sun_is_round_in_a_wide_picture() -> None:
    scene = replace(compose("a cat", 7, 1), motif=Motif.SEA, light=0.5, sun_x=0.5, sun_y=0.5, sun_size=1.0)
    bright = paint(scene, 256, 128)[:64].min(axis=2) > 210
    assert bright.any()
    assert bright.any(axis=0).sum() == pytest.approx(bright.any(axis=1).sum(), rel=0.1)


@pytest.mark.parametrize("start", [0, 250, 255.5])
def test_noise_over_a_grid_is_the_same_as_noise_anywhere(start: float) -> None:
    table = np.random.default_rng(1).random((256, 256), dtype=np.float32)
    x = np.linspace(start, start + 20, 30, dtype=np.float32)[None, :]
    y = np.linspace(start, start + 90, 40, dtype=np.float32)[:, None]
    bent = _bent_noise(table, x + 0 * y, y + 0 * x)
    assert _grid_noise(table, x, y) == pytest.approx(bent, abs=1e-5)
