import pytest

from mjproxy import pressing
from mjproxy.errors import NotOffered
from mjproxy.pressing import Motion, Side
from mjproxy.v1.task_pb2 import Button, Task

UUID = "7758c7cb-d151-48de-8c0c-90399e7e1939"
REROLL = Button(custom_id=f"MJ::JOB::reroll::0::{UUID}::SOLO", emoji="🔄")
SUBTLE = Button(custom_id=f"MJ::JOB::low_variation::1::{UUID}::SOLO", emoji="🪄", label="Vary (Subtle)")
STRONG = Button(custom_id=f"MJ::JOB::high_variation::1::{UUID}::SOLO", emoji="🪄", label="Vary (Strong)")
ZOOM_2 = Button(custom_id=f"MJ::Outpaint::50::1::{UUID}::SOLO", emoji="🔍", label="Zoom Out 2x")
ZOOM_1_5 = Button(custom_id=f"MJ::Outpaint::75::1::{UUID}::SOLO", emoji="🔍", label="Zoom Out 1.5x")
CUSTOM = Button(custom_id=f"MJ::CustomZoom::{UUID}", emoji="🔍", label="Custom Zoom")
LEFT = Button(custom_id=f"MJ::JOB::pan_left::1::{UUID}::SOLO", emoji="⬅️")
WEB = Button(label="Web", style=5)
TASK = Task(id="17", buttons=[REROLL, SUBTLE, STRONG, ZOOM_2, ZOOM_1_5, CUSTOM, LEFT, WEB])


@pytest.mark.parametrize(
    ("name", "button"),
    [
        ("🔄", REROLL),
        ("Vary (Subtle)", SUBTLE),
        ("vary (strong)", STRONG),
        (f"MJ::CustomZoom::{UUID}", CUSTOM),
        ("⬅️", LEFT),
        ("⬅", LEFT),
        (" Zoom Out 2x ", ZOOM_2),
    ],
)
def test_button_is_found_by_id_label_or_emoji(name: str, button: Button) -> None:
    assert pressing.named(TASK, name) == button


def test_emoji_on_several_buttons_asks_for_one_of_them() -> None:
    with pytest.raises(NotOffered, match=r"'🪄' is on several.*name one of Vary \(Subtle\), Vary \(Strong\)"):
        pressing.named(TASK, "🪄")


@pytest.mark.parametrize("name", ["Web", "U1", ""])
def test_what_is_not_offered_tells_what_is(name: str) -> None:
    with pytest.raises(NotOffered, match=r"task 17 does not offer .*; it offers 🔄, Vary \(Subtle\), "):
        pressing.named(TASK, name)


def test_task_without_buttons_offers_nothing() -> None:
    with pytest.raises(NotOffered, match=r"task 3 does not offer '🔄'; it offers nothing"):
        pressing.named(Task(id="3"), "🔄")


@pytest.mark.parametrize(
    ("factor", "prompt", "button"),
    [(2, "", ZOOM_2), (1.5, "", ZOOM_1_5), (1.3, "", CUSTOM), (2, "a cat", CUSTOM), (1, "", CUSTOM)],
)
def test_zoom_presses_the_button_that_suffices(factor: float, prompt: str, button: Button) -> None:
    assert pressing.doing(TASK, pressing.zoom_by(factor, prompt), "a zoom") == button


@pytest.mark.parametrize("factor", [0.9, 2.1, float("nan")])
def test_zoom_out_of_range_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="is not within 1 and 2"):
        pressing.zoom_by(factor, "")


def test_pan_presses_the_button_of_the_side() -> None:
    assert pressing.doing(TASK, pressing.pan_to("left"), "a pan left") == LEFT
    with pytest.raises(NotOffered, match="does not offer a pan up"):
        pressing.doing(TASK, pressing.pan_to("up"), "a pan up")


def test_animation_extends_a_film() -> None:
    extend = Button(custom_id=f"MJ::JOB::animate_low_extend::1::{UUID}")
    assert pressing.doing(Task(buttons=[extend]), pressing.animate_with("low"), "an animation") == extend


def test_sides_and_motions_that_are_none_are_refused() -> None:
    north: Side = "north"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="side: 'north' is none of left, right, up, down"):
        pressing.pan_to(north)
    wild: Motion = "wild"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="motion: 'wild' is none of high, low"):
        pressing.animate_with(wild)
