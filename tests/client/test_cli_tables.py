import io

from rich.console import Console

from mjproxy.cli.tables import task_table
from mjproxy.client import AsyncClient, AsyncTask
from mjproxy.v1 import task_pb2 as pb


def test_only_the_prompt_gives_way_in_a_narrow_terminal() -> None:
    message = pb.Task(
        id="1795279185730000",
        action=pb.ACTION_VARIATION,
        status=pb.TASK_STATUS_IN_PROGRESS,
        progress=31,
        prompt="[b]猫" * 20,
    )
    drawn = io.StringIO()
    Console(width=80, file=drawn).print(task_table([AsyncTask(message, 1, AsyncClient())]))
    header, row = drawn.getvalue().splitlines()
    assert header.split() == ["ID", "ACTION", "STATUS", "PROGRESS", "SUBMITTED", "PROMPT"]
    assert row.startswith("1795279185730000  variation  drawing  31%")
    assert "[b]猫" in row
    assert row.rstrip().endswith("…")
