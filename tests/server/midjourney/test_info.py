import pytest

from mjproxy_server.midjourney.info import Info, info_of
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.model.vocabulary import Mode
from tests.server.midjourney.midjourney_bot import message, observed

JOB_A = "aaaaaaaa-0000-4000-8000-000000000001"
JOB_B = "bbbbbbbb-0000-4000-8000-000000000002"
TEXT = (
    "**User ID**: 8f0c1a2b\n**Subscription**: Pro (Active yearly, renews next on <t:1715321361>)\n"
    "**Job Mode**: Relaxed\n**Visibility Mode**: Stealth\n"
    "**Fast Time Remaining**: 29.57/30.0 hours (98.58%)\n**Lifetime Usage**: 102 images (1.77 hours)\n"
    "**Relaxed Usage**: 19 images (0.29 hours)\n\n"
    "**Queued Jobs (fast)**: 1\n**Queued Jobs (relax)**: 2\n**Running Jobs**: {running}"
)


def told(description: str, title: str = "Your info - somebody") -> Info | None:
    embed = {"type": "rich", "title": title, "description": description}
    event = observed(message("1", embeds=(embed,)))
    assert isinstance(event, BotMessage)
    return info_of(event)


@pytest.mark.parametrize(("running", "count"), [("None", 0), (f"{JOB_A}, {JOB_B}", 2), ("3", 3)])
def test_the_lines_of_info(running: str, count: int) -> None:
    assert told(TEXT.format(running=running)) == Info(
        plan="Pro (Active yearly, renews next on 2024-05-10 06:09 UTC)",
        mode=Mode.RELAX,
        stealth=True,
        fast_hours_left=29.57,
        queued_jobs=3,
        running_jobs=count,
    )


def test_what_is_not_told_is_not_known() -> None:
    assert told("**Visibility Mode**: Public") == Info(stealth=False)
    assert told("") == Info()


def test_other_embeds_are_no_info() -> None:
    assert told(TEXT, title="Invalid parameter") is None
