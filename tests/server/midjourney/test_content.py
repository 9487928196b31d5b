import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mjproxy_server.midjourney.content import Content, Phase, Verb, job_id_in_link, parse
from mjproxy_server.model.vocabulary import Mode
from tests.server.midjourney.midjourney_bot import Value

UUID = "5f2a1826-7bb0-42c2-b441-98a48a39e760"
LINK = f"[(Open on website for full quality)](<https://midjourney.com/jobs/{UUID}>)"


FAST = Mode.FAST


def said(phase: Phase = Phase.DONE, verb: Verb = Verb.IMAGINE, **more: Value) -> Content:
    bare = Content(prompt="p", user_id="42", verb=verb, phase=phase)
    return replace(bare, **more)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (
            "**glass** - <@439110225975443468> (Waiting to start)",
            said(Phase.WAITING, prompt="glass", user_id="439110225975443468"),
        ),
        (
            "**a classic 2000s mobile game scene come alive as 3D sprites** - <@1502242966100639815> (20%) (fast)",
            said(
                Phase.RUNNING,
                prompt="a classic 2000s mobile game scene come alive as 3D sprites",
                user_id="1502242966100639815",
                percent=20,
                mode=FAST,
            ),
        ),
        ("**p** - <@42> (0%) (relaxed, stealth)", said(Phase.RUNNING, percent=0, mode=Mode.RELAX, stealth=True)),
        ("**p** - <@42> (62%) (relaxed)", said(Phase.RUNNING, percent=62, mode=Mode.RELAX)),
        ("**p** - <@42> (paused) (relaxed)", said(Phase.PAUSED, mode=Mode.RELAX)),
        ("**p** - <@42> (Stopped)", said(Phase.STOPPED)),
        ("**p** - <@42> (fast)", said(mode=FAST)),
        ("**p** - <@42> (turbo, stealth)", said(mode=Mode.TURBO, stealth=True)),
        ("**p** - <@42> (Open on website for full quality) (relaxed)", said(mode=Mode.RELAX)),
        (f"**p** - <@42> {LINK} (fast)", said(job_id=UUID, mode=FAST)),
        ("Upscaling image #1 with **p** - <@42> (Waiting to start)", said(Phase.WAITING, Verb.IMAGE, index=1)),
        ("**p** - Image #1 <@42>", said(verb=Verb.IMAGE, index=1)),
        (
            "Making variations for image #3 with prompt **p** - <@42> (Waiting to start)",
            said(Phase.WAITING, Verb.VARIATIONS, index=3),
        ),
        (
            "**p** - Variations (Strong) by <@42> (17%) (fast)",
            said(Phase.RUNNING, Verb.VARIATIONS, qualifier="Strong", percent=17, mode=FAST),
        ),
        (
            f"**p** - Variations (Strong) by <@42> {LINK} (fast)",
            said(verb=Verb.VARIATIONS, qualifier="Strong", job_id=UUID, mode=FAST),
        ),
        ("**p** - Variations by <@42> (fast)", said(verb=Verb.VARIATIONS, mode=FAST)),
        ("**p** - Variations (Region) by <@42> (fast)", said(verb=Verb.VARIATIONS, qualifier="Region", mode=FAST)),
        ("**p** - Remix (Strong) by <@42> (fast)", said(verb=Verb.REMIX, qualifier="Strong", mode=FAST)),
        ("**p** - Upscaling by <@42> (0%) (fast)", said(Phase.RUNNING, Verb.UPSCALE, percent=0, mode=FAST)),
        ("**p** - Upscaled (Subtle) by <@42> (fast)", said(verb=Verb.UPSCALE, qualifier="Subtle", mode=FAST)),
        ("**p** - Upscaled (2x) by <@42> (fast)", said(verb=Verb.UPSCALE, qualifier="2x", mode=FAST)),
        ("**p** - Upscaled by <@42> (fast)", said(verb=Verb.UPSCALE, mode=FAST)),
        (
            "**p** - Upscaled (Creative) by <@42> (fast)\n-# Create, explore, and organize on midjourney.com (new)",
            said(verb=Verb.UPSCALE, qualifier="Creative", mode=FAST),
        ),
        ("**p** - Zoom Out by <@42> (50%) (fast)", said(Phase.RUNNING, Verb.ZOOM_OUT, percent=50, mode=FAST)),
        (
            "**p --ar 3:2** - Pan Left by <@42> (fast)",
            said(verb=Verb.PAN, prompt="p --ar 3:2", qualifier="Left", mode=FAST),
        ),
        ("**p** - Remaster by <@42> (fast)", said(verb=Verb.REMASTER, mode=FAST)),
        (
            "Creating video with prompt **p --motion high --video 1 --aspect 1:1** - <@42> (Waiting to start)",
            said(Phase.WAITING, Verb.VIDEO, prompt="p --motion high --video 1 --aspect 1:1"),
        ),
        ("**** - <@42> (fast)", said(prompt="", mode=FAST)),
        ("**p** - Something New by <@42> (fast)", said(verb=Verb.OTHER, mode=FAST)),
        ("Dreaming of **p** - <@42> (Waiting to start)", said(Phase.WAITING, Verb.OTHER)),
        ("**p** - <@42> (fast) (brand new)", said(Phase.OTHER, mode=FAST)),
        ("**a **bold** (1) cat\n- <@7>** - <@42> (fast)", said(prompt="a **bold** (1) cat\n- <@7>", mode=FAST)),
        ("**x** - <@7> (Stopped)** - Image #2 <@42>", said(verb=Verb.IMAGE, prompt="x** - <@7> (Stopped)", index=2)),
    ],
)
def test_parse_reads_what_the_bot_writes(text: str, content: Content) -> None:
    assert parse(text) == content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Displaying...",
        "Done! Your jobs now do not consume fast-hours, but might take a little longer.",
        "You have successfully rated [this job](https://discord.com/channels/1/2/3) with \U0001f60d",
        "Failed to process your command :c",
        "**girl**\n**Job ID**: 6243686b-7ab1-4174-a9fe-527cca66a829\n**seed** 1259687673",
    ],
)
def test_parse_gives_none_when_the_text_speaks_of_no_job(text: str) -> None:
    assert parse(text) is None


@given(st.text(max_size=80), st.integers(0, 100))
def test_any_prompt_is_read_as_it_is_written(prompt: str, percent: int) -> None:
    content = parse(f"**{prompt}** - <@42> ({percent}%) (fast)")
    assert content == said(Phase.RUNNING, prompt=prompt, percent=percent, mode=FAST)


@pytest.mark.parametrize(
    "url",
    [
        f"https://midjourney.com/jobs/{UUID}",
        f"https://www.midjourney.com/jobs/{UUID}",
        f"https://www.midjourney.com/app/jobs/{UUID}/",
    ],
)
def test_job_id_in_link(url: str) -> None:
    assert job_id_in_link(url) == UUID
    assert not job_id_in_link("https://www.midjourney.com/explore")


def test_a_film_is_announced_without_its_prompt() -> None:
    assert parse("Animating...") == Content(prompt="", verb=Verb.VIDEO, user_id="", phase=Phase.WAITING)
