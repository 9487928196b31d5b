"""The messages of a job, from its record: how it starts, how it shows its progress, and how it ends."""

from dataclasses import replace

from mjproxy_simulator.bot import buttons, texts
from mjproxy_simulator.bot.timeline import Progress
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.jobs import Job, Kind
from mjproxy_simulator.model.messages import Attachment, Drawing, Message, MessageFlags, MessageType, View
from mjproxy_simulator.pictures.sizes import estimated_bytes, view_size


def start(job: Job, message_id: int) -> Message:
    """Return the message that will show the job's progress.

    Up to 2025 only the user who pressed a button saw the progress of its job.
    """
    private = job.profile is Profile.OF_2023 and job.custom_id is not None
    return Message(
        id=message_id,
        channel_id=job.channel_id,
        author_id=job.application_id,
        content=texts.waiting(job),
        type=MessageType.CHAT_INPUT_COMMAND if job.custom_id is None else MessageType.REPLY,
        flags=MessageFlags.EPHEMERAL if private else MessageFlags.NONE,
        reference=job.source_id,
        invocation=job.invocation,
        components=buttons.rows_of_progress(job),
    )


def progress(job: Job, message: Message, act: Progress, attachment_id: int) -> Message:
    """Return the progress message with the next percentage, and a preview under a new id once there is one."""
    preview = _picture(
        job, attachment_id, texts.preview_filename(job), Drawing(job.id, View.PREVIEW, percent=act.percent)
    )
    return replace(message, content=texts.progress(job, act.percent), attachments=(preview,) if act.preview else ())


def stopped(job: Job, message: Message) -> Message:
    """Return the progress message of a job that was cancelled."""
    return replace(message, content=texts.stopped(job), components=())


def final(job: Job, message_id: int, attachment_id: int, username: str) -> Message:
    """Return the message with the job's result."""
    reference = _answered(job)
    view = View.CELL if job.kind is Kind.UPSCALE else View.GRID
    picture = _picture(job, attachment_id, texts.filename(job, username), Drawing(job.id, view))
    return Message(
        id=message_id,
        channel_id=job.channel_id,
        author_id=job.application_id,
        content=texts.final(job),
        type=MessageType.DEFAULT if reference is None else MessageType.REPLY,
        reference=reference,
        attachments=(picture,),
        components=buttons.rows_of_result(job),
    )


def _answered(job: Job) -> int | None:
    """Return the message that the result answers: the pressed one, or since 2026 the progress message."""
    if job.source_id is not None:
        return job.source_id
    return job.progress_id if job.profile is Profile.OF_2026 else None


def _picture(job: Job, attachment_id: int, filename: str, drawing: Drawing) -> Attachment:
    size = view_size(drawing.view, job.aspect)
    return Attachment(
        id=attachment_id,
        filename=filename,
        content_type=f"image/{filename.rpartition('.')[2]}",
        size=estimated_bytes(size, filename),
        source=drawing,
        width=size[0],
        height=size[1],
    )
