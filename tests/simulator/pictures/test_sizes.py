from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjproxy_simulator.model.jobs import Job, Kind, Variant
from mjproxy_simulator.model.messages import Drawing, View
from mjproxy_simulator.pictures.sizes import Size, cell_size, drawing_size
from tests.simulator.pictures.records_of_jobs import JOB


@settings(max_examples=300)
@given(st.integers(1, 100), st.integers(1, 100))
def test_picture_has_the_shape_and_about_the_area_that_is_wanted(width: int, height: int) -> None:
    if max(width, height) > 14 * min(width, height):
        width = height
    size = cell_size((width, height))
    assert size[0] / size[1] == pytest.approx(width / height, rel=0.07)
    assert size[0] * size[1] == pytest.approx(512 * 512, rel=0.07)
    assert all(side % 16 == 0 for side in size)


WIDE = replace(JOB, aspect=(4, 1))


@pytest.mark.parametrize(
    ("job", "view", "cell", "size"),
    [
        (WIDE, View.PREVIEW, 0, (1024, 256)),
        (WIDE, View.PREVIEW, 3, (512, 128)),
        (WIDE, View.GRID, 0, (2048, 512)),
        (WIDE, View.CELL, 0, (1024, 256)),
        (replace(WIDE, kind=Kind.UPSCALE_HD, variant=Variant.SUBTLE), View.PREVIEW, 0, (512, 128)),
        (replace(WIDE, kind=Kind.UPSCALE_HD, variant=Variant.SUBTLE), View.CELL, 0, (2048, 512)),
        (replace(WIDE, kind=Kind.UPSCALE_HD, variant=Variant.FOURFOLD), View.CELL, 0, (4096, 1024)),
        (replace(WIDE, kind=Kind.ANIMATE), View.GRID, 0, (1024, 256)),
        (replace(WIDE, kind=Kind.VIDEO_UPSCALE), View.CELL, 0, (1024, 256)),
    ],
)
def test_size_follows_from_the_job_and_the_view(job: Job, view: View, cell: int, size: Size) -> None:
    assert drawing_size(job, Drawing(job.id, view, cell=cell)) == size
