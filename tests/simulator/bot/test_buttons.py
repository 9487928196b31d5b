import pytest

from mjproxy_simulator.bot.presses import CancelPress, JobPress, Press, UnknownPress, read
from mjproxy_simulator.model.jobs import Kind

UUID = "5f2a1826-7bb0-42c2-b441-98a48a39e760"


@pytest.mark.parametrize(
    ("custom_id", "press"),
    [
        (f"MJ::JOB::upsample::1::{UUID}", JobPress(Kind.UPSCALE, 1, UUID)),
        (f"MJ::JOB::variation::4::{UUID}", JobPress(Kind.VARIATION, 4, UUID)),
        (f"MJ::JOB::reroll::0::{UUID}::SOLO", JobPress(Kind.REROLL, 0, UUID)),
        (f"MJ::CancelJob::ByJobid::{UUID}", CancelPress(UUID)),
    ],
)
def test_button_is_understood(custom_id: str, press: Press) -> None:
    assert read(custom_id) == press


@pytest.mark.parametrize(
    "custom_id",
    [
        f"MJ::JOB::upsample::5::{UUID}",
        f"MJ::JOB::upsample::0::{UUID}",
        f"MJ::JOB::variation::2::{UUID}::SOLO",
        f"MJ::JOB::reroll::1::{UUID}::SOLO",
        "",
    ],
)
def test_button_that_is_not_played_is_known_as_such(custom_id: str) -> None:
    assert read(custom_id) == UnknownPress(custom_id)
