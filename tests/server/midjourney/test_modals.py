import pytest

from mjproxy_server.midjourney.modals import Form, completed, form_of, proposed_prompt, zoom_is_allowed
from mjproxy_server.model.task import Source
from tests.server.midjourney.midjourney_tasks import PARENT_JOB as UUID

PROPOSED = "1️⃣ one --ar 1:1\n\n2️⃣ two --ar 1:1"
CUSTOM_ZOOM = f"MJ::CustomZoom::{UUID}"


@pytest.mark.parametrize(
    ("custom_id", "modal_id", "field_id"),
    [
        (CUSTOM_ZOOM, f"MJ::OutpaintCustomZoomModal::{UUID}", "MJ::OutpaintCustomZoomModal::prompt"),
        (f"MJ::JOB::variation::3::{UUID}", f"MJ::RemixModal::{UUID}::3::1", "MJ::RemixModal::new_prompt"),
        (f"MJ::JOB::low_variation::1::{UUID}::SOLO", f"MJ::RemixModal::{UUID}::1::0", "MJ::RemixModal::new_prompt"),
        (f"MJ::JOB::high_variation::1::{UUID}::SOLO", f"MJ::RemixModal::{UUID}::1::1", "MJ::RemixModal::new_prompt"),
        (f"MJ::JOB::reroll::0::{UUID}::SOLO", "MJ::ImagineModal::77", "MJ::ImagineModal::new_prompt"),
        (f"MJ::JOB::pan_left::1::{UUID}::SOLO", f"MJ::PanModal::left::{UUID}::1", "MJ::PanModal::prompt"),
        ("MJ::Job::PicReader::2", "MJ::Picreader::Modal::2", "MJ::Picreader::Modal::PromptField"),
        ("MJ::Job::PromptAnalyzer::5", "MJ::ImagineModal::77", "MJ::ImagineModal::new_prompt"),
        (
            f"MJ::JOB::animate_high::1::{UUID}::SOLO",
            f"MJ::AnimateModal::{UUID}::1::high::0",
            "MJ::AnimateModal::prompt",
        ),
        (
            f"MJ::JOB::animate_low_extend::2::{UUID}",
            f"MJ::AnimateModal::{UUID}::2::low::1",
            "MJ::AnimateModal::prompt",
        ),
    ],
)
def test_the_parts_of_a_modal_follow_from_its_button(custom_id: str, modal_id: str, field_id: str) -> None:
    assert form_of(Source("77", 0, UUID, custom_id, "a cat")) == Form(modal_id, field_id)


@pytest.mark.parametrize(
    "custom_id", [f"MJ::JOB::upsample::1::{UUID}", f"MJ::Inpaint::1::{UUID}::SOLO", "MJ::Picread::Retry", "what"]
)
def test_other_buttons_open_none(custom_id: str) -> None:
    assert form_of(Source("77", 0, UUID, custom_id, "a cat")) is None


@pytest.mark.parametrize(
    ("custom_id", "parent_prompt", "proposed"),
    [
        ("MJ::Job::PicReader::2", PROPOSED, "two --ar 1:1"),
        ("MJ::Job::PromptAnalyzer::1", PROPOSED, "one --ar 1:1"),
        ("MJ::Job::PicReader::3", PROPOSED, ""),
        ("MJ::Job::PicReader::0", PROPOSED, ""),
        (f"MJ::JOB::variation::3::{UUID}", "a cat --v 7", "a cat --v 7"),
        (f"MJ::Inpaint::1::{UUID}::SOLO", "a cat --v 7", "a cat --v 7"),
        (CUSTOM_ZOOM, "a cat --v 7", "a cat --v 7 --zoom 1.8"),
        (CUSTOM_ZOOM, "a cat --zoom 1.2", "a cat --zoom 1.2"),
    ],
)
def test_the_modal_proposes_a_prompt(custom_id: str, parent_prompt: str, proposed: str) -> None:
    assert proposed_prompt(custom_id, parent_prompt) == proposed


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat", "a cat --zoom 1.8"),
        ("a cat --zoomed out", "a cat --zoomed out --zoom 1.8"),
        ("a cat —zoom 2", "a cat —zoom 2"),
        ("", "--zoom 1.8"),
    ],
)
def test_custom_zoom_gets_what_it_needs(prompt: str, expected: str) -> None:
    assert completed(CUSTOM_ZOOM, prompt) == expected
    assert completed("MJ::Job::PicReader::1", prompt) == prompt


@pytest.mark.parametrize(
    ("prompt", "allowed"),
    [
        ("a cat", True),
        ("a cat --zoom 1", True),
        ("a cat --zoom 2", True),
        ("a cat --zoom 1.75 --v 7", True),
        ("a cat --zoom 0.99", False),
        ("a cat --zoom 2.01", False),
        ("a cat —ZOOM 3", False),
        ("a cat --zoom 1.5 --zoom 3", False),
        ("a cat --zoom", False),
        ("a cat --zoom nan", False),
        ("a cat --zoom inf", False),
        ("a cat --zoom 1e0", False),
        ("a cat --zoom -1", False),
    ],
)
def test_zoom_is_allowed_from_one_to_two(prompt: str, allowed: bool) -> None:
    assert zoom_is_allowed(prompt) is allowed
