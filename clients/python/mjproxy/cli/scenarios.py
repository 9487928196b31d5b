"""Messages of the bots as a scenario, which `mjproxy simulator replay` plays on the simulator."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mjproxy.v1.account_service_pb2 import UnknownMessage

_ID: Final = re.compile(r"\$ID(\d+)")


def scenario(name: str, messages: Iterable[UnknownMessage]) -> dict[str, object]:
    """A scenario that plays the messages, one right after the other.

    Each message has its ids numbered for itself. Here they are numbered on, since the messages have nothing to do with
    each other, and the later one has the later ids.

    Args:
        name: What the scenario is called.
        messages: The messages, the oldest first.
    """
    events = []
    used = 0
    for message in messages:
        events.append({"after": 0, "type": message.event, "data": json.loads(_numbered_on(message.json, used))})
        used += max((int(number) for number in _ID.findall(message.json)), default=0)
    return {"name": name, "events": events}


def text_of(message: UnknownMessage) -> str:
    """What a message says, for a person: its text, else that of its first framed text, else its title; or nothing."""
    data: dict[str, Any] = json.loads(message.json)
    said = [data.get("content"), *map(_text_of_frame, data.get("embeds") or ()), data.get("title")]
    return next((text for text in said if isinstance(text, str) and text), "")


def _text_of_frame(embed: dict[str, Any]) -> str:
    return ": ".join(text for key in ("title", "description") if isinstance(text := embed.get(key), str) and text)


def _numbered_on(text: str, used: int) -> str:
    return _ID.sub(lambda match: f"$ID{int(match[1]) + used}", text)
