import re
from dataclasses import replace

import pytest

from mjproxy_simulator.bot import texts
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Invocation

JOB = Job(
    id="5f2a1826-7bb0-42c2-b441-98a48a39e760",
    number=1,
    kind=Kind.IMAGINE,
    application_id=1,
    channel_id=2,
    profile=Profile.OF_2026,
    prompt="a classic 2000s mobile game scene come alive as 3D sprites",
    mode="fast",
    seed=1,
    aspect=(1, 1),
    invocation=Invocation(3, 2, 1502242966100639815, "imagine"),
    created_ms=0,
    index=1,
)
NAME = "u2233346927"


def test_texts_are_those_that_were_seen() -> None:
    prompt, user = JOB.prompt, "<@1502242966100639815>"
    website = "[(Open on website for full quality)](<https://midjourney.com/jobs/5f2a1826-7bb0-42c2-b441-98a48a39e760>)"
    assert texts.waiting(JOB) == f"**{prompt}** - {user} (Waiting to start)"
    assert texts.progress(JOB, 20) == f"**{prompt}** - {user} (20%) (fast)"
    assert texts.stopped(JOB) == f"**{prompt}** - {user} (Stopped)"
    assert texts.final(JOB) == f"**{prompt}** - {user} {website} (fast)"
    assert texts.final(replace(JOB, mode="relaxed, stealth", profile=Profile.OF_2023)) == (
        f"**{prompt}** - {user} (relaxed, stealth)"
    )


def test_file_name_is_the_one_that_was_seen() -> None:
    assert texts.filename(JOB, NAME) == (
        "u2233346927_a_classic_2000s_mobile_game_scene_come_alive_as_3D__5f2a1826-7bb0-42c2-b441-98a48a39e760.webp"
    )


@pytest.mark.parametrize(
    "prompt", ["猫", "<https://s.mj.run/abcdefghijk> a cat --v 7.0", "../../etc --ar 3:2", "a" * 300]
)
def test_file_name_is_short_and_harmless_for_any_prompt(prompt: str) -> None:
    name = texts.filename(replace(JOB, prompt=prompt, kind=Kind.UPSCALE), NAME)
    assert re.fullmatch(rf"{NAME}[A-Za-z0-9_]{{0,52}}_{JOB.id}\.png", name)
