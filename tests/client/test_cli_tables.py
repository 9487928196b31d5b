import io

from rich.console import Console

from mjproxy.aio.client import AsyncClient
from mjproxy.aio.task import AsyncTask
from mjproxy.cli.tables import task_table
from mjproxy.v1 import task_pb2 as pb


def drawn(message: pb.Task) -> list[str]:
    screen = io.StringIO()
    Console(width=80, file=screen).print(task_table([AsyncTask(message, 1, AsyncClient()._link)]))
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def test_only_the_prompt_gives_way_in_a_narrow_terminal() -> None:
    message = pb.Task(
        id="1795279185730000",
        action=pb.ACTION_VARIATION,
        status=pb.TASK_STATUS_IN_PROGRESS,
        progress=31,
        prompt="[b]猫" * 20,
    )
    header, row = drawn(message)
    assert header.split() == ["ID", "ACTION", "STATUS", "PROGRESS", "SUBMITTED", "PROMPT"]
    assert row.startswith("1795279185730000  variation  drawing  31%")
    assert "[b]猫" in row
    assert row.endswith("…")


def test_why_a_task_has_failed_stands_under_its_prompt() -> None:
    failure = pb.Failure(title="Queue full", description="Wait.")
    _, row, below = drawn(pb.Task(status=pb.TASK_STATUS_FAILURE, prompt="a cat", failure=failure))
    assert row.endswith("a cat")
    assert below.index("Queue full: Wait.") == row.index("a cat")
