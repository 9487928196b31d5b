"""What the bot says when it does not simply draw: errors, refusals and notices, as embeds.

Titles, texts and colours are those that clients have seen on the real bot (2023 to 2026). A notice reaches only the
user whom it concerns, unless it answers a job that has begun.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from mjproxy_simulator.bot.presses import Remedy
from mjproxy_simulator.model.members import Member
from mjproxy_simulator.model.messages import (
    Button,
    ButtonStyle,
    Embed,
    Invocation,
    Message,
    MessageFlags,
    MessageType,
    Row,
)
from mjproxy_simulator.uncertain import Uncertain

ERROR: Final = 0xFF0000
WARNING: Final = 0xFFFF00
SUCCESS: Final = 0x00FF00
PLAIN: Final = 0x2B2D31

_OTHER_TITLES: Final = {
    "Banned prompt detected": "Banned prompt",
    "Invalid link": "Invalid link!",
}
_LABELS: Final = {Remedy.ACCEPT_TOS: "Accept ToS"}


class Moment(Enum):
    """When a notice comes."""

    AT_ONCE = auto()
    """Instead of a job, to the user alone."""
    REPLY = auto()
    """While the job is at work, as an answer to its progress message."""
    EDIT = auto()
    """While the job is at work, in its progress message."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the bot has to say.

    Attributes:
        title: The embed's title; empty for a notice that is plain text.
        footer: What stands at its foot, instead of the command that caused it.
        remedies: The buttons below it.
        holds: Whether every later request to draw is answered by it as well, until the account is let go.
    """

    title: str
    description: str
    color: int = ERROR
    moment: Moment = Moment.AT_ONCE
    footer: str | None = None
    remedies: tuple[Remedy, ...] = ()
    holds: bool = False


class RefusedError(Exception):
    """The bot does not do what it was asked; the notice tells the user why, with the command at its foot.

    Attributes:
        member: What is known of the user from now on; None if nothing has changed.
    """

    def __init__(self, notice: Notice, *, footer: str | None = None, member: Member | None = None) -> None:
        super().__init__(f"{notice.title}: {notice.description}")
        self.notice = notice
        self.footer = footer
        self.member = member

    @property
    def title(self) -> str:
        """The notice's title, or its text where it has none."""
        return self.notice.title or self.notice.description

    @property
    def description(self) -> str:
        """What the notice says."""
        return self.notice.description


_COMMUNITY: Final = "Sorry! Our AI moderator thinks this prompt is probably against our community standards."

NOTICES: Final = {
    "invalid_parameter": Notice("Invalid parameter", "Unrecognized parameter(s): `--foo`"),
    "invalid_link": Notice("Invalid link", "Could not validate this link. Please try again later."),
    "invalid_prompt": Notice("Invalid prompt", "This prompt cannot be used. Please check its words and parameters."),
    "invalid_request": Notice("Invalid request", "This request cannot be done. Please check it and try again."),
    "empty_prompt": Notice("Empty prompt", "You must provide a prompt: some text, or the links of two images or more."),
    "banned_prompt": Notice("Banned prompt detected", _COMMUNITY),
    "banned_image_prompt": Notice("Banned image prompt", "An image of this prompt is against our community standards."),
    "image_denied": Notice("Image denied", "This image is against our community standards."),
    "action_needed": Notice(
        "Action needed to continue",
        "Sorry! Our AI moderators feel your prompt might be against our community standards.\n\nIf you think this is a "
        'mistake, please press the "Appeal" button below and we will send it to a more sophisticated AI to '
        "double-check the result.",
        remedies=(Remedy.APPEAL,),
    ),
    "output_filters": Notice(
        "Request cancelled due to output filters",
        "Our AI moderators stopped this job, for its result might be against our community standards.",
        moment=Moment.REPLY,
        footer="decline-output",
    ),
    "pending_mod_message": Notice(
        "Pending mod message",
        "You have a pending moderation message. Please acknowledge it before using the bot further.",
        remedies=(Remedy.ACKNOWLEDGE, Remedy.RESUBMIT),
    ),
    "blocked": Notice(
        "Blocked",
        "You have been blocked from accessing Midjourney. This happens on repeated or serious ToS violations.",
    ),
    "subscription_required": Notice(
        "Subscription required", "You need an active subscription to create images. Please upgrade or renew your plan."
    ),
    "subscription_paused": Notice(
        "Subscription paused", "Your subscription is paused. Please renew it to go on creating images."
    ),
    "plan_cancelled": Notice("Plan Cancelled", "Your plan was cancelled. Please renew it to go on creating images."),
    "credits_exhausted": Notice(
        "Credits exhausted", "You have used up your fast hours. Switch to relaxed mode, or buy more of them."
    ),
    "tos": Notice(
        "Tos not accepted",
        "You must accept the Terms of Service before you can use Midjourney.",
        remedies=(Remedy.ACCEPT_TOS,),
    ),
    "action_required": Notice(
        "Action required to continue",
        "Please press the button below and confirm on the page that it opens before you go on.",
        remedies=(Remedy.CONTINUE,),
        holds=True,
    ),
    "queue_full": Notice(
        "Queue full", "Your job queue is full. Please wait for a job to finish first, then resubmit this one."
    ),
    "slow_down": Notice("Slow Down!", "You can request another upscale for this image <t:1774990054:R>"),
    "duplicate_images": Notice("Duplicate images detected", "Please use different images and try again."),
    "job_action_restricted": Notice("Job action restricted", "This action cannot be done with this job."),
    "went_wrong": Notice(
        "Sorry, something went wrong",
        "The job encountered an error. Our team has been notified.",
        moment=Moment.REPLY,
    ),
    "could_not_complete": Notice("Sorry! Could not complete the job!", "Please try again later.", moment=Moment.REPLY),
    "went_wrong_in_progress": Notice(
        "Sorry, something went wrong",
        "The job encountered an error. Our team has been notified.",
        moment=Moment.EDIT,
    ),
    "failed_to_process": Notice("", "Failed to process your command :c"),
}
"""What a fault, an account on hold or the word `simulate:NAME` in a prompt can name."""


def refusal(name: str) -> RefusedError:
    """Refuse with a notice from the table."""
    return RefusedError(NOTICES[name])


def unknown_parameters(names: list[str]) -> RefusedError:
    """Refuse parameters that do not exist."""
    listed = ", ".join(f"`--{name}`" for name in names)
    return RefusedError(Notice("Invalid parameter", f"Unrecognized parameter(s): {listed}"))


def bad_parameter(name: str, value: str, expected: str) -> RefusedError:
    """Refuse a parameter's value."""
    return RefusedError(Notice("Invalid parameter", f"Invalid value for `--{name}`: `{value}`. Expected {expected}."))


def banned_prompt(word: str) -> RefusedError:
    """Refuse a prompt for a word in it."""
    return RefusedError(replace(NOTICES["banned_prompt"], description=f"{_COMMUNITY}\n\nThe word `{word}` is banned."))


def lost_job() -> RefusedError:
    """Refuse to build on a job that is not there."""
    return RefusedError(replace(NOTICES["went_wrong"], moment=Moment.AT_ONCE))


def ended_job() -> RefusedError:
    """Refuse to cancel a job that is over."""
    return RefusedError(
        replace(NOTICES["job_action_restricted"], description="This job has already ended and cannot be cancelled.")
    )


def restricted(what: str) -> RefusedError:
    """Refuse what cannot be done with a message or job."""
    return RefusedError(replace(NOTICES["job_action_restricted"], description=what))


def invalid_request(what: str) -> RefusedError:
    """Refuse a request that lacks something."""
    return RefusedError(replace(NOTICES["invalid_request"], description=what))


JOB_QUEUED: Final = Notice(
    "Job queued",
    "You have reached the maximum allowed number of concurrent jobs. Don't worry, this job will start as soon as "
    "another one finishes!",
    WARNING,
)


def message(
    notice: Notice,
    *,
    message_id: int,
    channel_id: int,
    author_id: int,
    invocation: Invocation,
    footer: str | None,
    how: Uncertain,
) -> Message:
    """Return the message that carries a notice to the user who invoked the bot."""
    return Message(
        id=message_id,
        channel_id=channel_id,
        author_id=author_id,
        content="" if notice.title else notice.description,
        type=MessageType.REPLY if invocation.message_id else MessageType.CHAT_INPUT_COMMAND,
        flags=MessageFlags.EPHEMERAL if how.notice_visibility == "ephemeral" else MessageFlags.NONE,
        reference=invocation.message_id,
        invocation=invocation,
        embeds=embeds(notice, footer, how),
        components=_rows(notice, invocation.id),
    )


def embeds(notice: Notice, footer: str | None, how: Uncertain) -> tuple[Embed, ...]:
    """Return the embed of a notice; none for one that is plain text."""
    if not notice.title:
        return ()
    title = _OTHER_TITLES.get(notice.title, notice.title) if how.notice_titles == "other" else notice.title
    color = {ERROR: int(how.error_color, 16), WARNING: int(how.warning_color, 16)}.get(notice.color, notice.color)
    return (Embed(title, notice.description, color, notice.footer or footer),)


def _rows(notice: Notice, token: int) -> tuple[Row, ...]:
    buttons = tuple(
        Button(f"MJ::Prompts::{remedy}::{token:x}", _LABELS.get(remedy, str(remedy)), style=_style(remedy))
        for remedy in notice.remedies
    )
    return (buttons,) if buttons else ()


def _style(remedy: Remedy) -> ButtonStyle:
    return ButtonStyle.SUCCESS if remedy is Remedy.ACCEPT_TOS else ButtonStyle.SECONDARY
