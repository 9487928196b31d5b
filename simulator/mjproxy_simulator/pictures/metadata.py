"""What pictures say about themselves; nothing has to be drawn to know it."""

from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.messages import Drawing, View
from mjproxy_simulator.pictures.sizes import drawing_size


def metadata(job: Job, drawing: Drawing) -> dict[str, object]:
    """Return what is written into the file of a picture."""
    return {
        "job": job.id,
        "kind": job.kind,
        "parent": job.parent,
        "index": job.index,
        "prompt": job.prompt,
        "seed": job.seed,
        "view": drawing.view,
    }


def pictures_of(job: Job) -> list[dict[str, object]]:
    """Return the metadata of every picture that a finished job has, with `cell`, `width` and `height`."""
    if job.kind.words:
        return []
    if job.kind.single:
        return [_described(job, Drawing(job.id, View.CELL))]
    cells = (Drawing(job.id, View.CELL, cell=cell) for cell in range(1, 5))
    return [_described(job, drawing) for drawing in (Drawing(job.id, View.GRID), *cells)]


def _described(job: Job, drawing: Drawing) -> dict[str, object]:
    width, height = drawing_size(job, drawing)
    return metadata(job, drawing) | {"cell": drawing.cell, "width": width, "height": height}
