"""The messages of a job, from its record: how it starts, how it shows its progress, and how it ends."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mjproxy_simulator.bot import analysis, buttons, notices, texts
from mjproxy_simulator.bot.descriptions import describe
from mjproxy_simulator.bot.notices import NOTICES
from mjproxy_simulator.bot.timeline import Progress
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import (
    Attachment,
    Drawing,
    Embed,
    EmbeddedImage,
    Message,
    MessageFlags,
    MessageType,
    View,
)
from mjproxy_simulator.pictures.sizes import drawing_size, estimated_bytes
from mjproxy_simulator.uncertain import Uncertain

_THINKING: Final = {Kind.DESCRIBE, Kind.SHORTEN, Kind.FACE_SWAP}
_PERCENTS_OF_A_STEP: Final = 10


def start(job: Job, message_id: int, how: Uncertain) -> Message:
    """Return the message that will show the job's progress.

    Up to 2025 only the user who pressed a button saw the progress of its job.
    """
    message = Message(
        id=message_id,
        channel_id=job.channel_id,
        author_id=job.application_id,
        type=MessageType.CHAT_INPUT_COMMAND if job.custom_id is None else MessageType.REPLY,
        reference=job.source_id,
        invocation=job.invocation if job.kind is not Kind.REGION or how.region_metadata else None,
        flags=_flags_of_start(job, how),
    )
    if job.kind in _THINKING:
        return message
    return replace(message, content=texts.placeholder(job), components=buttons.rows_of_progress(job))


def _flags_of_start(job: Job, how: Uncertain) -> MessageFlags:
    if job.kind in _THINKING:
        private = job.kind.words and how.words_visibility == "ephemeral"
        return MessageFlags.LOADING | (MessageFlags.EPHEMERAL if private else MessageFlags.NONE)
    by_profile = job.profile is Profile.OF_2023 if how.button_progress == "by_profile" else None
    private = how.button_progress == "ephemeral" if by_profile is None else by_profile
    return MessageFlags.EPHEMERAL if private and job.custom_id is not None else MessageFlags.NONE


def paused(job: Job, message: Message) -> Message:
    """Return the progress message of a job that waits for its turn."""
    return replace(message, content=texts.paused(job))


def announced(job: Job, message: Message) -> Message:
    """Return the progress message of a job that says now what it is going to do."""
    return replace(message, content=texts.waiting(job))


def progress(job: Job, message: Message, act: Progress, new_id: Callable[[], int]) -> Message:
    """Return the progress message with the next percentage, and previews under new ids once there are some."""
    previews = _previews(job, act.percent, new_id) if act.preview else ()
    return replace(message, content=texts.progress(job, act.percent), attachments=previews)


def stopped(job: Job, message: Message) -> Message:
    """Return the progress message of a job that was cancelled."""
    return replace(_thought(message), content=texts.stopped(job), components=())


def given_up(job: Job, message: Message, how: Uncertain) -> Message:
    """Return the progress message of a job that the bot has given up, with the reason in it."""
    return replace(message, embeds=_reason(job, how), components=())


def apology(job: Job, message_id: int, how: Uncertain) -> Message:
    """Return the answer to the progress message of a job that the bot has given up."""
    return Message(
        id=message_id,
        channel_id=job.channel_id,
        author_id=job.application_id,
        type=MessageType.REPLY,
        reference=job.progress_id,
        embeds=_reason(job, how),
    )


def final(job: Job, message_id: int, new_id: Callable[[], int], username: str, how: Uncertain) -> Message:
    """Return the message with the job's result."""
    reference = _answered(job, how)
    return Message(
        id=message_id,
        channel_id=job.channel_id,
        author_id=job.application_id,
        content=texts.final(job, how),
        type=MessageType.DEFAULT if reference is None else MessageType.REPLY,
        reference=reference,
        invocation=job.invocation if how.final_metadata else None,
        attachments=(_result(job, new_id(), username),),
        components=buttons.rows_of_result(job, how),
    )


def shown(result: Message, channel_id: int) -> Message:
    """Return the message with a job's result once more, in any channel."""
    return replace(result, channel_id=channel_id, type=MessageType.DEFAULT, reference=None, invocation=None)


def seed(job: Job, message_id: int, channel_id: int, new_id: Callable[[], int], username: str) -> Message:
    """Return the message that tells a job's seed in a private channel."""
    return Message(
        id=message_id,
        channel_id=channel_id,
        author_id=job.application_id,
        content=texts.seed(job),
        attachments=(_result(job, new_id(), username),),
    )


def described(job: Job, message: Message, image: EmbeddedImage) -> Message:
    """Return the first message of a job that describes an image, with the prompts."""
    embed = Embed(None, analysis.numbered(describe(job)), notices.PLAIN, image=image)
    return replace(_thought(message), embeds=(embed,), components=buttons.rows_of_description())


def swapped(job: Job, message: Message, new_id: Callable[[], int], username: str) -> Message:
    """Return the first message of a job that swaps a face, with the picture."""
    return replace(_thought(message), attachments=(_result(job, new_id(), username),))


def shortened(job: Job, message: Message, how: Uncertain) -> Message:
    """Return the first message of a job that shortens a prompt, with the shorter ones."""
    tokens = analysis.weigh(job.prompt)
    prompts = analysis.shortened(tokens)
    embed = Embed(None, analysis.overview(tokens, prompts), notices.PLAIN, footer=analysis.FOOTER)
    rows = buttons.rows_of_analysis(len(prompts), buttons.details_id(job, how))
    return replace(_thought(message), embeds=(embed,), components=rows)


def _thought(message: Message) -> Message:
    """Return a message that no longer says that the bot is thinking."""
    return replace(message, flags=message.flags & ~MessageFlags.LOADING)


def _reason(job: Job, how: Uncertain) -> tuple[Embed, ...]:
    return notices.embeds(NOTICES[job.outcome or "went_wrong"], f"/imagine {job.prompt}", how)


def _answered(job: Job, how: Uncertain) -> int | None:
    """Return the message that the result answers: the pressed one, or since 2026 the progress message."""
    if job.parent is not None:
        return {"source": job.source_id, "progress": job.progress_id, "none": None}[how.button_result_reference]
    return job.progress_id if job.profile is Profile.OF_2026 else None


def _previews(job: Job, percent: int, new_id: Callable[[], int]) -> tuple[Attachment, ...]:
    if not job.kind.film:
        drawing = Drawing(job.id, View.PREVIEW, percent=percent)
        return (_picture(job, new_id(), texts.preview_filename(job), drawing),)
    step = percent // _PERCENTS_OF_A_STEP
    return tuple(
        _picture(
            job,
            new_id(),
            texts.step_filename(job, cell, step),
            Drawing(job.id, View.PREVIEW, percent=percent, cell=cell),
        )
        for cell in range(1, 5)
    )


def _result(job: Job, attachment_id: int, username: str) -> Attachment:
    view = View.CELL if job.kind.single else View.GRID
    return _picture(job, attachment_id, texts.filename(job, username), Drawing(job.id, view))


def _picture(job: Job, attachment_id: int, filename: str, drawing: Drawing) -> Attachment:
    size = drawing_size(job, drawing)
    return Attachment(
        id=attachment_id,
        filename=filename,
        content_type=f"image/{filename.rpartition('.')[2]}",
        size=estimated_bytes(size, filename),
        source=drawing,
        width=size[0],
        height=size[1],
    )
