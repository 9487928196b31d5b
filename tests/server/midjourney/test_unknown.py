"""What is understood of the bots' messages, and what is not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.messages import read
from mjproxy_server.midjourney.unknown import why_unknown
from mjproxy_server.model.vocabulary import Bot
from mjproxy_simulator.bot.notices import NOTICES, Notice
from tests.server.midjourney.midjourney_bot import (
    BOT,
    CHANNEL,
    button,
    cancel_button,
    frame,
    grid_buttons,
    interaction,
    message,
    proposal,
    queued,
)
from tests.server.midjourney.midjourney_bot import refusal as refused
from tests.server.midjourney.midjourney_forms import FORMS
from tests.server.midjourney.midjourney_tasks import US

ID = "1511317060477653013"
JOB = "5f2a1826-7bb0-42c2-b441-98a48a39e760"
RESULT = f"alice_a_cat_{JOB}.webp"

Dispatch = tuple[str, dict[str, Any]]


def why(dispatch: Dispatch) -> str | None:
    return why_unknown(*dispatch, read(*dispatch))


def modal(custom_id: str, *field_ids: str, field_type: int = 4, application_id: str = BOT) -> Dispatch:
    fields = [{"type": field_type, "custom_id": each, "value": "a cat"} for each in field_ids]
    rows = [{"type": 1, "components": [field]} for field in fields]
    data = {"id": ID, "custom_id": custom_id, "components": rows, "application": {"id": application_id}}
    return "INTERACTION_MODAL_CREATE", data


ZOOM = f"MJ::OutpaintCustomZoomModal::{JOB}"
ZOOM_FIELD = "MJ::OutpaintCustomZoomModal::prompt"
SETTINGS = (button("MJ::Settings::NobodyKnows::1", "Remix mode"),)
INFO = {"type": "rich", "title": "Your info - alice", "description": "**Job Mode**: Fast"}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_a_job_is_understood(form: Any) -> None:  # noqa: ANN401 -- the form of a helper
    names = {"p": "a cat", "u": US, "n": 1}
    waiting, running, done = (text.format(**names) for text in (form.waiting, form.running, form.done))
    assert why(message(ID, f"{waiting} (Waiting to start)", buttons=(cancel_button(JOB),))) is None
    assert why(message(ID, f"{running} (46%) (fast)", files=(f"{JOB}_grid_0.webp",), updated=True)) is None
    assert why(message(ID, done, files=(RESULT,), buttons=grid_buttons(JOB))) is None


@pytest.mark.parametrize("notice", NOTICES.values(), ids=NOTICES.keys())
def test_every_notice_is_understood_with_its_buttons(notice: Notice) -> None:
    remedies = tuple(button(f"MJ::Prompts::{remedy}::17ab", str(remedy)) for remedy in notice.remedies)
    if notice.title:
        assert why(refused(ID, notice.title, notice.description, colour=notice.color, buttons=remedies)) is None
    else:
        assert why(message(ID, notice.description)) is None


@pytest.mark.parametrize(
    "dispatch",
    [
        message(ID),
        message(ID, "Animating..."),
        message(ID, "Displaying..."),
        message(ID, "You have successfully rated [this job](https://discord.com/channels/1/2/3) with \U0001f60d"),
        message(ID, "Done! Your jobs now do not consume fast-hours."),
        message(ID, "Remix mode turned on! Buttons now let you change the prompt."),
        message(ID, f"**a cat**\n**Job ID**: {JOB}\n**seed** 1259687673", files=(RESULT,)),
        message(ID, "Adjust your settings here. Current suffix: --v 7", buttons=SETTINGS),
        message(ID, "idname alice created", application_id=APPLICATION_IDS[Bot.INSIGHT_FACE]),
        message(ID, files=("swapped.png",), application_id=APPLICATION_IDS[Bot.INSIGHT_FACE]),
        message(ID, embeds=(INFO,)),
        message(ID, embeds=({"type": "link", "title": "Anybody's page"},)),
        message(ID, "**a cat** - <@1> (paused) (relaxed)"),
        message(ID, "**a cat** - <@1> (Stopped)"),
        queued(ID, "a cat"),
        proposal(ID, ("a cat", "a dog")),
        frame("1", ID),
        interaction("FAILURE", "1"),
        modal(ZOOM, ZOOM_FIELD),
        modal("anything", "of-another-bot", application_id="1"),
        ("PRESENCE_UPDATE", {"user": {"id": US}}),
        ("MESSAGE_CREATE", {"id": ID, "content": "hello", "author": {"id": US}}),
        ("MESSAGE_CREATE", {"id": ID, "components": "nonsense", "author": {"id": US}}),
    ],
)
def test_what_is_known_is_understood(dispatch: Dispatch) -> None:
    assert why(dispatch) is None


def test_what_the_bot_thinks_about_is_not_judged_yet() -> None:
    name, data = message(ID, "Something new")
    assert why((name, data | {"flags": 64})) is not None
    assert why((name, data | {"flags": 64 | 128})) is None


@pytest.mark.parametrize(
    ("dispatch", "reason"),
    [
        (message(ID, "Your job waits in line, alice."), "the text has no known form"),
        (message(ID, "Waiting for: **a cat**", updated=True), "the text has no known form"),
        (
            message(ID, "**a cat** - Retextured by <@1> (46%) (fast)"),
            "the text does not tell in known words what is done to the prompt",
        ),
        (
            message(ID, "**a cat** - <@1> (Waiting in line)"),
            "the text does not tell in known words how far the job is",
        ),
        (message(ID, files=(RESULT,)), "there is a file, and no text that says what it is"),
        (
            message(ID, buttons=(button(f"MJ::JOB::foo_v8::1::{JOB}::SOLO"),)),
            "button MJ::JOB::foo_v8::1::<uuid>::SOLO has no known meaning",
        ),
        (
            message(ID, buttons=(button("MJ::Secret::17ab3c9d0e::1511317060477653013"),)),
            "button MJ::Secret::<token>::<id> has no known meaning",
        ),
        (
            message(ID, buttons=({"type": 3, "custom_id": "MJ::Moods", "options": []},)),
            "menu MJ::Moods has no known meaning",
        ),
        (message(ID, buttons=({"type": 12, "items": []},)), "components of type 12 are not known"),
        (refused(ID, "You are out of luck"), "a framed text has a title that is not known"),
        (refused(ID, "Good news", colour=0x00FF00), "a framed text has a title that is not known"),
        (refused(ID, "", "No numbers here"), "a framed text without a title has no known form"),
        (
            modal(ZOOM, "MJ::OutpaintCustomZoomModal::taste"),
            f"field MJ::OutpaintCustomZoomModal::taste of modal {ZOOM}",
        ),
        (modal(f"MJ::TasteModal::{JOB}", ZOOM_FIELD), f"field {ZOOM_FIELD} of modal MJ::TasteModal::{JOB}"),
        (modal(ZOOM), f"modal {ZOOM} has no text field"),
        (modal(ZOOM, ZOOM_FIELD, field_type=21), f"modal {ZOOM} has no text field"),
        (
            ("MESSAGE_CREATE", {"id": ID, "components": "nonsense", "author": {"id": BOT}}),
            "the event has not the shape of one",
        ),
    ],
)
def test_what_is_not_understood_has_a_reason(dispatch: Dispatch, reason: str) -> None:
    assert str(why(dispatch)).startswith(reason.replace(JOB, "<uuid>"))


def test_a_part_of_a_message_that_is_new_is_reported_though_the_rest_is_known() -> None:
    name, data = message(ID, f"**a cat** - <@{US}> (fast)", files=(RESULT,), buttons=grid_buttons(JOB))
    assert why((name, data)) is None
    changed = copy.deepcopy(data)
    changed["components"][0]["components"][3]["custom_id"] = f"MJ::JOB::upsampel::4::{JOB}"
    assert why((name, changed)) == "button MJ::JOB::upsampel::4::<uuid> has no known meaning"


json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10), st.just(BOT)),
    lambda each: st.one_of(
        st.lists(each, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "type", "components", "custom_id", "embeds", "title"]), each, max_size=4
        ),
    ),
)
keys = st.sampled_from(
    ["id", "author", "application", "application_id", "content", "components", "embeds", "custom_id"]
)


@given(
    st.sampled_from(["MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_MODAL_CREATE", "MESSAGE_DELETE"]),
    st.dictionaries(keys, json),
)
def test_whatever_comes_is_judged_without_an_error(name: str, data: dict[str, object]) -> None:
    reason = why((name, {**data, "channel_id": CHANNEL}))
    assert reason is None or reason
