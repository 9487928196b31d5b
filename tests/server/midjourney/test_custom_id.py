import pytest

from mjproxy_server.midjourney.custom_id import ButtonKind, CustomId, Manner, Meaning, find, mark, meaning, parse
from mjproxy_server.model.task import Button
from mjproxy_server.model.vocabulary import Action

UUID = "5f2a1826-7bb0-42c2-b441-98a48a39e760"


def of_job(kind: ButtonKind, index: int = 1, name: str = "", *, solo: bool = True) -> CustomId:
    return CustomId(kind, name=name, index=index, job_id=UUID, solo=solo)


@pytest.mark.parametrize(
    ("custom_id", "parsed"),
    [
        (f"MJ::JOB::upsample::3::{UUID}", of_job(ButtonKind.UPSAMPLE, 3, solo=False)),
        (f"MJ::JOB::reroll::0::{UUID}::SOLO", of_job(ButtonKind.REROLL, 0)),
        (f"MJ::JOB::variation::4::{UUID}", of_job(ButtonKind.VARIATION, 4, solo=False)),
        (f"MJ::JOB::variation::1::{UUID}::SOLO", of_job(ButtonKind.VARIATION)),
        (f"MJ::JOB::upsample_v7_2x_subtle::1::{UUID}::SOLO", of_job(ButtonKind.UPSCALE, name="v7_2x_subtle")),
        (f"MJ::JOB::upsample_v6_2x_creative::1::{UUID}::SOLO", of_job(ButtonKind.UPSCALE, name="v6_2x_creative")),
        (f"MJ::JOB::upsample_v6r1_2x_subtle::1::{UUID}::SOLO", of_job(ButtonKind.UPSCALE, name="v6r1_2x_subtle")),
        (f"MJ::JOB::upsample_v5_4x::1::{UUID}::SOLO", of_job(ButtonKind.UPSCALE, name="v5_4x")),
        (f"MJ::JOB::upsample_light::1::{UUID}::SOLO", of_job(ButtonKind.UPSCALE, name="light")),
        (f"MJ::JOB::low_variation::1::{UUID}::SOLO", of_job(ButtonKind.VARY_SUBTLE)),
        (f"MJ::JOB::high_variation::1::{UUID}::SOLO", of_job(ButtonKind.VARY_STRONG)),
        (f"MJ::Inpaint::1::{UUID}::SOLO", of_job(ButtonKind.VARY_REGION)),
        (f"MJ::Outpaint::50::1::{UUID}::SOLO", of_job(ButtonKind.ZOOM_OUT, name="50")),
        (f"MJ::Outpaint::75::1::{UUID}::SOLO", of_job(ButtonKind.ZOOM_OUT, name="75")),
        (f"MJ::Outpaint::100::1::{UUID}::SOLO", of_job(ButtonKind.MAKE_SQUARE, name="100")),
        (f"MJ::CustomZoom::{UUID}", of_job(ButtonKind.CUSTOM_ZOOM, 0, solo=False)),
        (f"MJ::JOB::pan_left::1::{UUID}::SOLO", of_job(ButtonKind.PAN, name="left")),
        (f"MJ::JOB::animate_high::1::{UUID}::SOLO", of_job(ButtonKind.ANIMATE, name="high")),
        (f"MJ::JOB::animate_low_extend::2::{UUID}", of_job(ButtonKind.EXTEND_VIDEO, 2, "low", solo=False)),
        (f"MJ::JOB::video_virtual_upscale::2::{UUID}", of_job(ButtonKind.UPSCALE_VIDEO, 2, solo=False)),
        (f"MJ::JOB::remaster::1::{UUID}::SOLO", of_job(ButtonKind.REMASTER)),
        (f"MJ::BOOKMARK::{UUID}", of_job(ButtonKind.BOOKMARK, 0, solo=False)),
        ("MJ::Job::PicReader::4", CustomId(ButtonKind.DESCRIPTION, index=4)),
        ("MJ::Job::PicReader::all", CustomId(ButtonKind.ALL_DESCRIPTIONS)),
        ("MJ::Picread::Retry", CustomId(ButtonKind.DESCRIBE_AGAIN)),
        ("MJ::Job::PromptAnalyzer::5", CustomId(ButtonKind.SHORTENED_PROMPT, index=5)),
        ("MJ::Job::PromptAnalyzerExtended", CustomId(ButtonKind.SHORTEN_DETAILS)),
        (f"MJ::CancelJob::ByJobid::{UUID}", of_job(ButtonKind.CANCEL_JOB, 0, solo=False)),
        ("MJ::Prompts::Appeal::a1b2c3", CustomId(ButtonKind.APPEAL)),
        ("MJ::JOB::upsample::1::not-a-uuid", CustomId(ButtonKind.UNKNOWN)),
        ("MJ::Settings::RemixMode", CustomId(ButtonKind.UNKNOWN)),
        ("", CustomId(ButtonKind.UNKNOWN)),
    ],
)
def test_parse(custom_id: str, parsed: CustomId) -> None:
    assert parse(custom_id) == parsed


@pytest.mark.parametrize(
    ("custom_id", "action", "index", "manner"),
    [
        (f"MJ::JOB::upsample::3::{UUID}", Action.UPSCALE, 3, Manner.PRESS),
        (f"MJ::JOB::variation::4::{UUID}", Action.VARIATION, 4, Manner.REMIX),
        (f"MJ::JOB::reroll::0::{UUID}::SOLO", Action.REROLL, 0, Manner.REMIX),
        (f"MJ::JOB::upsample_v7_2x_subtle::1::{UUID}::SOLO", Action.UPSCALE, 1, Manner.PRESS),
        (f"MJ::JOB::upsample_beta::1::{UUID}::SOLO", Action.UPSCALE, 1, Manner.PRESS),
        (f"MJ::JOB::low_variation::1::{UUID}::SOLO", Action.VARIATION, 1, Manner.REMIX),
        (f"MJ::JOB::high_variation::1::{UUID}::SOLO", Action.VARIATION, 1, Manner.REMIX),
        (f"MJ::Inpaint::1::{UUID}::SOLO", Action.VARIATION, 1, Manner.FRAME),
        (f"MJ::Outpaint::75::1::{UUID}::SOLO", Action.ZOOM, 1, Manner.PRESS),
        (f"MJ::Outpaint::100::1::{UUID}::SOLO", Action.ZOOM, 1, Manner.PRESS),
        (f"MJ::CustomZoom::{UUID}", Action.ZOOM, 0, Manner.DIALOGUE),
        (f"MJ::JOB::pan_up::1::{UUID}::SOLO", Action.PAN, 1, Manner.REMIX),
        (f"MJ::JOB::animate_high::1::{UUID}::SOLO", Action.VIDEO, 1, Manner.REMIX),
        (f"MJ::JOB::animate_low_extend::2::{UUID}", Action.VIDEO, 2, Manner.REMIX),
        (f"MJ::JOB::video_virtual_upscale::2::{UUID}", Action.UPSCALE, 2, Manner.PRESS),
        (f"MJ::JOB::remaster::1::{UUID}::SOLO", Action.UPSCALE, 1, Manner.PRESS),
        (f"MJ::BOOKMARK::{UUID}", None, 0, Manner.AT_ONCE),
        ("MJ::Job::PicReader::4", Action.IMAGINE, 4, Manner.DIALOGUE),
        ("MJ::Job::PicReader::all", Action.IMAGINE, 0, Manner.FAN_OUT),
        ("MJ::Picread::Retry", Action.DESCRIBE, 0, Manner.IN_PLACE),
        ("MJ::Job::PromptAnalyzer::5", Action.IMAGINE, 5, Manner.DIALOGUE),
        ("MJ::Job::PromptAnalyzerExtended", Action.SHORTEN, 0, Manner.IN_PLACE),
        (f"MJ::CancelJob::ByJobid::{UUID}", None, 0, Manner.AT_ONCE),
        ("MJ::Prompts::Appeal::a1b2c3", None, 0, Manner.AT_ONCE),
    ],
)
def test_meaning(custom_id: str, action: Action | None, index: int, manner: Manner) -> None:
    assert meaning(custom_id) == Meaning(parse(custom_id).kind, action, index, manner)


def test_a_button_that_nobody_has_seen_has_no_meaning() -> None:
    assert meaning("MJ::Unheard::Of") is None


@pytest.mark.parametrize(
    ("custom_id", "label", "emoji", "expected"),
    [
        (f"MJ::JOB::upsample::2::{UUID}", "U2", "", "U2"),
        (f"MJ::JOB::variation::3::{UUID}", "V3", "", "V3"),
        (f"MJ::JOB::variation::1::{UUID}::SOLO", "Make Variations", "", "Make Variations"),
        (f"MJ::JOB::reroll::0::{UUID}::SOLO", "", "\U0001f504", "R"),
        (f"MJ::JOB::upsample_v7_2x_subtle::1::{UUID}::SOLO", "Upscale (Subtle)", "upscale_1", "Upscale (Subtle)"),
        (f"MJ::JOB::pan_left::1::{UUID}::SOLO", "", "\u2b05\ufe0f", "\u2b05\ufe0f"),
    ],
)
def test_mark(custom_id: str, label: str, emoji: str, expected: str) -> None:
    assert mark(Button(custom_id, emoji, label)) == expected


GRID = tuple(
    Button(custom_id)
    for custom_id in (
        *(f"MJ::JOB::upsample::{n}::{UUID}" for n in range(1, 5)),
        f"MJ::JOB::reroll::0::{UUID}::SOLO",
        *(f"MJ::JOB::variation::{n}::{UUID}" for n in range(1, 5)),
    )
)


@pytest.mark.parametrize(
    ("action", "index", "position"),
    [(Action.UPSCALE, 2, 1), (Action.REROLL, 0, 4), (Action.VARIATION, 1, 5)],
)
def test_find_gives_the_button_of_an_action(action: Action, index: int, position: int) -> None:
    assert find(GRID, action, index) is GRID[position]


def test_a_film_is_upscaled_as_a_picture_is() -> None:
    films = tuple(Button(f"MJ::JOB::video_virtual_upscale::{n}::{UUID}") for n in range(1, 5))
    assert find(films, Action.UPSCALE, 3) is films[2]


@pytest.mark.parametrize(("action", "index"), [(Action.UPSCALE, 5), (Action.REROLL, 1), (Action.PAN, 1)])
def test_find_gives_none_when_it_is_not_offered(action: Action, index: int) -> None:
    assert find(GRID, action, index) is None
