"""Pictures through the shim, when Discord's own link has expired: through all processes at once."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
from PIL import Image

from tests.e2e.stack import running_stack
from tests.e2e.test_whole_way import ended, submitted

CONFIG = '[rest]\nimages = "proxy"\npublic_url = "https://mj.example"\n'


async def test_a_picture_whose_link_has_expired_is_read_through_the_shim(tmp_path: Path) -> None:
    async with (
        running_stack(tmp_path, config=CONFIG) as stack,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
        httpx.AsyncClient(base_url=stack.simulator) as simulator,
    ):
        fault = {"name": "expired_links", "count": None}
        (await simulator.post("/control/faults", json=fault)).raise_for_status()
        task = await ended(rest, await submitted(rest, "imagine", prompt="a lighthouse"))
        (await simulator.delete("/control/faults")).raise_for_status()
        answer = await rest.get(str(task["imageUrl"]).removeprefix("https://mj.example"))
        found = await rest.get(f"/mj/image/{task['id']}")
    assert answer.status_code == 200, answer.text
    assert Image.open(io.BytesIO(answer.content)).width > 0
    assert str(task["imageUrl"]).endswith(found.headers["location"])
