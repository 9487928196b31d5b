"""What the bot says when it does not simply draw: errors, refusals and notices, as embeds.

Titles, texts and colours are those that clients have seen on the real bot (2023 to 2026). A notice reaches only the
user whom it concerns.
"""

from mjproxy_simulator.model.messages import Embed, Invocation, Message, MessageFlags, MessageType

ERROR = 0xFF0000
WARNING = 0xFFFF00


class RefusedError(Exception):
    """The bot does not do what it was asked; the embed tells the user why."""

    def __init__(self, title: str, description: str) -> None:
        super().__init__(f"{title}: {description}")
        self.title = title
        self.description = description

    def embed(self, footer: str | None) -> Embed:
        """Return the refusal as an embed, with the command that caused it at the foot."""
        return Embed(self.title, self.description, ERROR, footer)


def unknown_parameters(names: list[str]) -> RefusedError:
    """Refuse parameters that do not exist."""
    listed = ", ".join(f"`--{name}`" for name in names)
    return RefusedError("Invalid parameter", f"Unrecognized parameter(s): {listed}")


def bad_parameter(name: str, value: str, expected: str) -> RefusedError:
    """Refuse a parameter's value."""
    return RefusedError("Invalid parameter", f"Invalid value for `--{name}`: `{value}`. Expected {expected}.")


def empty_prompt() -> RefusedError:
    """Refuse a prompt in which there is nothing to draw."""
    return RefusedError("Empty prompt", "You must provide a prompt: some text, or the links of two images or more.")


def banned_prompt(word: str) -> RefusedError:
    """Refuse a prompt for a word in it."""
    return RefusedError(
        "Banned prompt detected",
        "Sorry! Our AI moderator thinks this prompt is probably against our community standards.\n\n"
        f"The word `{word}` is banned.",
    )


def invalid_link() -> RefusedError:
    """Refuse a link behind which there is no image."""
    return RefusedError("Invalid link", "Could not validate this link. Please try again later.")


def lost_job() -> RefusedError:
    """Refuse to build on a job that is not there."""
    return RefusedError("Sorry, something went wrong", "The job encountered an error. Our team has been notified.")


def ended_job() -> RefusedError:
    """Refuse to cancel a job that is over."""
    return RefusedError("Job action restricted", "This job has already ended and cannot be cancelled.")


def not_played(what: str) -> RefusedError:
    """Say honestly that the simulator does not play a part of the real bot."""
    return RefusedError("Not played by the simulator", f"The simulated Midjourney bot does not know {what} yet.")


def job_queued(prompt: str) -> Embed:
    """Tell that a job waits for another one to end."""
    return Embed(
        "Job queued",
        "You have reached the maximum allowed number of concurrent jobs. Don't worry, this job will start as soon as "
        "another one finishes!",
        WARNING,
        f"/imagine {prompt}",
    )


def notice(message_id: int, channel_id: int, author_id: int, invocation: Invocation, embed: Embed) -> Message:
    """Return the message that carries an embed to the user who invoked the bot."""
    return Message(
        id=message_id,
        channel_id=channel_id,
        author_id=author_id,
        type=MessageType.REPLY if invocation.message_id else MessageType.CHAT_INPUT_COMMAND,
        flags=MessageFlags.EPHEMERAL,
        reference=invocation.message_id,
        invocation=invocation,
        embeds=(embed,),
    )
