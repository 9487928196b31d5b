"""What the bot tells of an account: the text of /info, line by line.

Observed between 2023 and 2026: an embed with the title "Your info - <name>", and a description of lines
`**name**: value`.
"""

import re
from dataclasses import dataclass

from mjproxy_server.midjourney.markup import readable
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.model.vocabulary import Mode

_TITLE = "your info"
_LINE = re.compile(r"^\*\*(?P<name>[^*\n]+)\*\*:?[ \t]*(?P<value>.*)$", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_QUEUED = "queued jobs"
_MODES = {"fast": Mode.FAST, "relaxed": Mode.RELAX, "relax": Mode.RELAX, "turbo": Mode.TURBO}


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What /info tells; None and "" where it does not.

    Attributes:
        plan: The subscription, as the bot words it, with its times in words.
        mode: The mode of prompts that name none.
        stealth: Whether results are hidden from the public.
        fast_hours_left: Fast hours left.
        queued_jobs: Jobs that wait.
        running_jobs: Jobs that run.
    """

    plan: str = ""
    mode: Mode | None = None
    stealth: bool | None = None
    fast_hours_left: float | None = None
    queued_jobs: int = 0
    running_jobs: int = 0


def info_of(message: BotMessage) -> Info | None:
    """Return what a message tells of the account; None if it does not answer /info."""
    for embed in message.embeds:
        if embed.title.strip().casefold().startswith(_TITLE):
            return _read(embed.description)
    return None


def _read(text: str) -> Info:
    told = {match["name"].strip().rstrip(":").casefold(): match["value"].strip() for match in _LINE.finditer(text)}
    visibility = told.get("visibility mode", "").casefold()
    return Info(
        plan=readable(told.get("subscription", "")),
        mode=_MODES.get(told.get("job mode", "").casefold()),
        stealth=visibility == "stealth" if visibility else None,
        fast_hours_left=_number(told.get("fast time remaining", "")),
        queued_jobs=sum(int(_number(value) or 0) for name, value in told.items() if name.startswith(_QUEUED)),
        running_jobs=_running(told.get("running jobs", "")),
    )


def _number(value: str) -> float | None:
    match = _NUMBER.search(value)
    return float(match[0]) if match else None


def _running(value: str) -> int:
    """Return how many jobs run: they are listed by their UUIDs, or counted, or there are none."""
    return len(set(_UUID.findall(value))) or int(_number(value) or 0)
