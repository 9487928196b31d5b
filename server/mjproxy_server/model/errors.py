"""The domain's errors: what is refused, with the data that explains it. They know nothing of gRPC or HTTP.

What fails after it was accepted is no error but a `Failure` on its task.
"""

from typing import ClassVar

from mjproxy_server.model.vocabulary import Fault, Reason, SubmitCode


class DomainError(Exception):
    """Something was refused, and nothing was changed.

    Attributes:
        reason: The class of the refusal, for programs.
        code: What the submission came to, in the words of the /mj JSON API.
        details: What varies in the message, by name; safe to show to the caller.
    """

    reason: ClassVar[Reason] = Reason.INTERNAL
    code: ClassVar[SubmitCode] = SubmitCode.FAILURE

    def __init__(self, message: str, **details: str) -> None:
        super().__init__(message)
        self.details = details


class InvalidField(DomainError):
    """A field of the request is missing, malformed or out of range.

    Attributes:
        field: The field's path in the request, for instance "imagine.prompt".
    """

    reason = Reason.INVALID_FIELD
    code = SubmitCode.VALIDATION_ERROR

    def __init__(self, field: str, message: str, fault: Fault | None = None, **varying: object) -> None:
        """Says what is wrong.

        Args:
            field: The field's path in the request.
            message: What is wrong with it and what to do about it, in English.
            fault: The same for programs; None where no program says it in words of its own.
            varying: What varies in the message, by name.
        """
        known = {"fault": str(fault)} if fault else {}
        super().__init__(
            f"{field}: {message}", field=field, **known, **{name: str(value) for name, value in varying.items()}
        )
        self.field = field


class InvalidImage(InvalidField):
    """An image is none, or too large."""

    reason = Reason.INVALID_IMAGE


class TaskNotFound(DomainError):
    """There is no such task, or it is not the caller's."""

    reason = Reason.TASK_NOT_FOUND
    code = SubmitCode.NOT_FOUND

    def __init__(self, task_id: str) -> None:
        super().__init__(f"There is no task {task_id}.", task_id=task_id)


class NothingToDeliver(DomainError):
    """No callback of the task waits or has failed."""

    reason = Reason.TASK_NOT_FOUND

    def __init__(self, task_id: str) -> None:
        super().__init__(f"There is nothing to deliver of task {task_id}.", task_id=task_id)


class ParentNotFound(DomainError):
    """The parent task does not exist, is not the caller's, or has expired."""

    reason = Reason.PARENT_NOT_FOUND
    code = SubmitCode.NOT_FOUND

    def __init__(self, task_id: str) -> None:
        super().__init__("The related task does not exist or has expired.", task_id=task_id)


class ParentNotFinished(DomainError):
    """The parent task has not succeeded."""

    reason = Reason.PARENT_NOT_FINISHED
    code = SubmitCode.VALIDATION_ERROR

    def __init__(self, task_id: str, status: str) -> None:
        super().__init__("The related task is not finished.", task_id=task_id, status=status)


class ActionNotOffered(DomainError):
    """The parent's result does not offer the change or the button."""

    reason = Reason.ACTION_NOT_OFFERED
    code = SubmitCode.VALIDATION_ERROR

    def __init__(self, task_id: str, wanted: str) -> None:
        super().__init__(f"The related task does not allow this change: {wanted}.", task_id=task_id, wanted=wanted)


class NoAccount(DomainError):
    """No account that takes tasks matches the request."""

    reason = Reason.NO_ACCOUNT
    code = SubmitCode.NOT_FOUND

    def __init__(self) -> None:
        super().__init__("No account available: enable one, lift the hold of one, or relax the filter.")


class AccountUnavailable(DomainError):
    """The account that the task would need is disabled, held or gone."""

    reason = Reason.ACCOUNT_UNAVAILABLE
    code = SubmitCode.NOT_FOUND

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"Account unavailable: {account_id}. It is disabled, waits for its owner to act, or is gone.",
            account_id=account_id,
        )


class QueueFull(DomainError):
    """The account's queue is full.

    Attributes:
        task_id: The id drawn for the refused task; nothing is stored under it.
        account_id: The account.
    """

    reason = Reason.QUEUE_FULL
    code = SubmitCode.QUEUE_REJECTED

    def __init__(self, task_id: str, account_id: str) -> None:
        super().__init__("Queue is full, please try again later.", task_id=task_id, account_id=account_id)
        self.task_id = task_id
        self.account_id = account_id


class NotModal(DomainError):
    """The task waits for no confirmation."""

    reason = Reason.NOT_MODAL
    code = SubmitCode.VALIDATION_ERROR

    def __init__(self, task_id: str, status: str) -> None:
        super().__init__("The task waits for no confirmation.", task_id=task_id, status=status)


class BannedPrompt(DomainError):
    """The prompt has a word or phrase that is banned here.

    Attributes:
        prompt_en: The prompt in English.
        banned_word: The word or phrase, as the prompt has it.
    """

    reason = Reason.BANNED_PROMPT
    code = SubmitCode.BANNED_PROMPT

    def __init__(self, prompt_en: str, banned_word: str) -> None:
        super().__init__(f"The prompt may not have the words: {banned_word}. Take them out.", banned_word=banned_word)
        self.prompt_en = prompt_en
        self.banned_word = banned_word


class NoPicture(DomainError):
    """The task has no picture of its own."""

    reason = Reason.PARENT_NOT_FINISHED
    code = SubmitCode.VALIDATION_ERROR

    def __init__(self, task_id: str) -> None:
        super().__init__("The task has no finished picture.", task_id=task_id)


class RequestIdReused(DomainError):
    """The request id was used before with other content."""

    reason = Reason.REQUEST_ID_REUSED
    code = SubmitCode.VALIDATION_ERROR

    def __init__(self, request_id: str, field: str = "options.request_id") -> None:
        super().__init__(
            f"{field}: used before with another request; choose a new one.",
            field=field,
            request_id=request_id,
        )


class Unauthenticated(DomainError):
    """No key, or an unknown one."""

    reason = Reason.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__("Send a valid key as metadata `authorization: Bearer KEY` or `mj-api-secret: KEY`.")


class PermissionDenied(DomainError):
    """The key's role does not allow this."""

    reason = Reason.PERMISSION_DENIED

    def __init__(self, needed: str) -> None:
        super().__init__(f"This needs a key with the role {needed}.", role=needed)


class RevisionGone(DomainError):
    """A watch cannot begin where it was asked to.

    Attributes:
        oldest: The oldest revision that a watch may begin after.
        newest: The newest revision.
        history_id: The store's history.
    """

    reason = Reason.REVISION_GONE

    def __init__(self, oldest: int, newest: int, history_id: str) -> None:
        super().__init__(
            "This revision is compacted away, lies in the future or belongs to another history: list the tasks, then"
            " watch from the revision of the list.",
            oldest_revision=str(oldest),
            newest_revision=str(newest),
            history_id=history_id,
        )


class AccountNotFound(DomainError):
    """There is no such account."""

    reason = Reason.ACCOUNT_NOT_FOUND

    def __init__(self, account_id: str) -> None:
        super().__init__(f"There is no account {account_id}.", account_id=account_id)


class AccountExists(DomainError):
    """The channel is an account already."""

    reason = Reason.ACCOUNT_EXISTS

    def __init__(self, account_id: str) -> None:
        super().__init__(f"Channel {account_id} is an account already: update it.", account_id=account_id)


class AccountConfigured(DomainError):
    """The account is the configuration's, which alone can take it away."""

    reason = Reason.ACCOUNT_CONFIGURED

    def __init__(self, account_id: str) -> None:
        super().__init__(
            f"Account {account_id} stands in the configuration: take it out there, or disable it here.",
            account_id=account_id,
        )


class AccountNotConnected(DomainError):
    """The bot cannot be asked, since the account is not connected to Discord."""

    reason = Reason.ACCOUNT_NOT_CONNECTED

    def __init__(self, account_id: str) -> None:
        super().__init__(f"Account {account_id} is not connected: look at its health.", account_id=account_id)


class BotNotInvited(InvalidField):
    """The bot that shall be asked is not in the account's guild."""

    def __init__(self, bot: str) -> None:
        super().__init__("bot_type", f"the account's guild does not have the {bot} bot; invite it there first")


class BotSilent(DomainError):
    """The bot was asked and did not answer in time."""

    reason = Reason.BOT_SILENT

    def __init__(self, asked: str) -> None:
        super().__init__(f"The bot did not answer {asked}; try again.", asked=asked)


class Unavailable(DomainError):
    """The server stops, or is not ready."""

    reason = Reason.UNAVAILABLE
