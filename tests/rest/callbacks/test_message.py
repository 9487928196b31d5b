"""What is posted: its size, and headers that the library which receivers use understands."""

import base64
import hmac
import json
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from mjproxy.v1.task_pb2 import ACTION_IMAGINE, BOT_TYPE_MIDJOURNEY, TASK_STATUS_SUCCESS, Button, Task, TaskProperties
from mjproxy_rest.callbacks.message import MOST_BYTES, body, headers
from mjproxy_rest.tasks import encode
from tests.rest.rest_outbox import delivery

SECRET = "whsec_YS1mb3VydGgtbG9uZy1yYW5kb20tdGV4dA=="
HOOK = "https://hooks.example/"


def test_a_task_is_posted_as_it_is_fetched() -> None:
    task = delivery(HOOK).task
    assert body(task, encode) == encode(task)


def longest_task() -> Task:
    """A task whose texts all have as many characters as they may, each of four bytes."""
    prompt = "🐈" * 6000
    return Task(
        id="1705514776143750",
        action=ACTION_IMAGINE,
        status=TASK_STATUS_SUCCESS,
        bot_type=BOT_TYPE_MIDJOURNEY,
        prompt=prompt,
        prompt_en=prompt,
        description=prompt,
        state="🐈" * 4096,
        image_url="https://cdn.discordapp.com/" + "a" * 2000,
        properties=TaskProperties(final_prompt=prompt, final_zh_prompt=prompt, message_content="🐈" * 4000),
        buttons=[Button(custom_id="a" * 100, emoji="🐈", label="🐈" * 80, type=2, style=2) for _ in range(25)],
    )


def test_the_longest_task_is_posted_without_its_repetitions() -> None:
    task = longest_task()
    assert len(encode(task)) > MOST_BYTES
    posted = body(task, encode)
    assert len(posted) < MOST_BYTES
    whole, short = json.loads(encode(task)), json.loads(posted)
    emptied = {"description": "", "properties": whole["properties"] | dict.fromkeys(_EMPTIED, "")}
    assert short == whole | emptied
    assert task == longest_task()


_EMPTIED = ("finalPrompt", "finalZhPrompt", "messageContent")


def test_the_id_names_task_and_revision() -> None:
    named = headers(delivery(HOOK, "42"), b"{}", 1700000000.9, None)
    assert named == {
        "user-agent": "mjproxy",
        "content-type": "application/json",
        "webhook-id": "42-7",
        "webhook-timestamp": "1700000000",
    }


def test_a_receiver_can_verify_what_is_signed() -> None:
    content = '{"prompt":"猫"}'.encode()
    signed = headers(delivery(HOOK), content, time.time(), Webhook(SECRET))
    assert Webhook(SECRET).verify(content, dict(signed)) == {"prompt": "猫"}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(content + b" ", dict(signed))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(content, {**signed, "webhook-id": "another"})


def test_the_signature_is_what_the_documentation_says() -> None:
    signed = headers(delivery(HOOK, "42"), b'{"id":"42"}', 1700000000, Webhook(SECRET))
    digest = hmac.digest(b"a-fourth-long-random-text", b'42-7.1700000000.{"id":"42"}', "sha256")
    assert signed["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
