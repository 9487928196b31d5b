"""The modals that some buttons open: their parts by formula, and the prompt that they propose.

The bot opens them with an event that says all of it; the formulas, which clients have relied on since 2023, stand in
where that event was lost. The bot checks custom ids only, not whether its form was shown.
"""

import re
from dataclasses import dataclass

from mjproxy_server.midjourney import custom_id as custom_ids
from mjproxy_server.midjourney.custom_id import ButtonKind, CustomId
from mjproxy_server.midjourney.suggestions import prompts_of
from mjproxy_server.model.task import Source

LEAST_ZOOM = 1.0
MOST_ZOOM = 2.0
"""What Custom Zoom takes as `--zoom`, both included."""

_DEFAULT_ZOOM = "--zoom 1.8"
_ZOOM = re.compile(r"(?:--|\u2014)zoom(?:\s+(?P<value>\S+))?(?=\s|$)", re.IGNORECASE)
_FORMS = {
    ButtonKind.CUSTOM_ZOOM: ("OutpaintCustomZoomModal", "prompt"),
    ButtonKind.VARIATION: ("RemixModal", "new_prompt"),
    ButtonKind.VARY_SUBTLE: ("RemixModal", "new_prompt"),
    ButtonKind.VARY_STRONG: ("RemixModal", "new_prompt"),
    ButtonKind.REROLL: ("ImagineModal", "new_prompt"),
    ButtonKind.SHORTENED_PROMPT: ("ImagineModal", "new_prompt"),
    ButtonKind.PAN: ("PanModal", "prompt"),
    ButtonKind.DESCRIPTION: ("Picreader::Modal", "PromptField"),
    ButtonKind.ANIMATE: ("AnimateModal", "prompt"),
    ButtonKind.EXTEND_VIDEO: ("AnimateModal", "prompt"),
}
_SUGGESTIONS = frozenset({ButtonKind.DESCRIPTION, ButtonKind.SHORTENED_PROMPT})


@dataclass(frozen=True, slots=True)
class Form:
    """A modal with one text field, both by their custom ids."""

    modal_id: str
    field_id: str


def form_of(source: Source) -> Form | None:
    """Return the modal that a button of a message opens; None if it opens none, whatever the account's settings."""
    pressed = custom_ids.parse(source.custom_id)
    if pressed.kind not in _FORMS:
        return None
    name, field = _FORMS[pressed.kind]
    details = _details(pressed, source.message_id)
    return Form("::".join(("MJ", name, *map(str, details))), f"MJ::{name}::{field}")


def is_known(form: Form) -> bool:
    """Return True if the modal is one of those that buttons open, and the field one of its own."""
    return any(
        form.modal_id.startswith(f"MJ::{name}::") and form.field_id == f"MJ::{name}::{field}"
        for name, field in _FORMS.values()
    )


def proposed_prompt(custom_id: str, parent_prompt: str) -> str:
    """Return the prompt that the modal of a button proposes.

    Args:
        custom_id: The button.
        parent_prompt: The parent's final prompt; of a describe or a shorten the whole text with its numbered prompts.

    Returns:
        The prompt; "" if the text has none with the button's number.
    """
    pressed = custom_ids.parse(custom_id)
    if pressed.kind in _SUGGESTIONS:
        prompts = prompts_of(parent_prompt)
        return prompts[pressed.index - 1] if 1 <= pressed.index <= len(prompts) else ""
    return completed(custom_id, parent_prompt)


def completed(custom_id: str, prompt: str) -> str:
    """Return the prompt with what the button's modal needs: `--zoom` for Custom Zoom, if the prompt has none."""
    if custom_ids.parse(custom_id).kind is not ButtonKind.CUSTOM_ZOOM or _ZOOM.search(prompt):
        return prompt
    return f"{prompt.strip()} {_DEFAULT_ZOOM}".strip()


def zoom_is_allowed(prompt: str) -> bool:
    """Return True if each `--zoom` of the prompt has a number that Custom Zoom takes."""
    return all(_is_allowed(match["value"]) for match in _ZOOM.finditer(prompt))


def _is_allowed(value: str | None) -> bool:
    number = re.fullmatch(r"\d+(?:\.\d+)?|\.\d+", value or "", re.ASCII)
    return number is not None and LEAST_ZOOM <= float(number[0]) <= MOST_ZOOM


def _details(pressed: CustomId, message_id: str) -> tuple[str | int, ...]:
    """Return what the custom id of a button's modal says behind the modal's name."""
    match pressed.kind:
        case ButtonKind.CUSTOM_ZOOM:
            return (pressed.job_id,)
        case ButtonKind.REROLL | ButtonKind.SHORTENED_PROMPT:
            return (message_id,)
        case ButtonKind.DESCRIPTION:
            return (pressed.index,)
        case ButtonKind.PAN:
            return pressed.name, pressed.job_id, pressed.index
        case ButtonKind.ANIMATE | ButtonKind.EXTEND_VIDEO:
            return pressed.job_id, pressed.index, pressed.name, int(pressed.kind is ButtonKind.EXTEND_VIDEO)
        case _:
            return pressed.job_id, pressed.index, int(pressed.kind is not ButtonKind.VARY_SUBTLE)
