import pytest

from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.seed import Seed, seed_of
from tests.server.midjourney.midjourney_bot import message, observed

UUID = "6243686b-7ab1-4174-a9fe-527cca66a829"
OTHER = "7758c7cb-d151-48de-8c0c-90399e7e1939"


def told(text: str) -> Seed | None:
    event = observed(message("1", text))
    assert isinstance(event, BotMessage)
    return seed_of(event)


@pytest.mark.parametrize(
    "text",
    [
        f"**girl**\n**Job ID**: {UUID}\n**seed** 1259687673",
        f"**girl**\n**Job ID**: {UUID.upper()}\n**seed**: 1259687673",
        f"**a\n**Job ID**: {OTHER}\n**seed** 7**\n**Job ID**: {UUID}\n**seed** 1259687673",
    ],
)
def test_the_seed_and_its_job(text: str) -> None:
    assert told(text) == Seed(UUID, "1259687673")


@pytest.mark.parametrize("text", ["", "**seed** 7", f"**Job ID**: {UUID}", "**Job ID**: 1\n**seed** 7"])
def test_other_messages_tell_none(text: str) -> None:
    assert told(text) is None
