"""Submission: check, choose an account, and write. It ends with the write; the lane learns of the task from the log.

A refusal changes nothing. A request id that was seen before is answered before any work is done for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from mjproxy_server.engine.choice import Load, candidates
from mjproxy_server.engine.completion import completed
from mjproxy_server.engine.images import CheckedImage, check
from mjproxy_server.engine.requests import ImagineRequest, Options, SubmitRequest
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.midjourney import custom_id, prompt
from mjproxy_server.model.account import Account, AccountFilter
from mjproxy_server.model.command import Change, Command, Imagine, LinkedImage, Press
from mjproxy_server.model.errors import (
    AccountUnavailable,
    ActionNotOffered,
    InvalidField,
    NoAccount,
    ParentNotFinished,
    ParentNotFound,
    QueueFull,
)
from mjproxy_server.model.task import Button, Result, Source, Task
from mjproxy_server.model.vocabulary import Action, Bot, Mode, Status
from mjproxy_server.store.ids import drawn_at
from mjproxy_server.store.interface import Admission, Capacity, Store, Submission

LONGEST_STATE: Final = 4096
LONGEST_HOOK: Final = 2048
_LETTERS: Final = {Action.UPSCALE: "U", Action.VARIATION: "V", Action.REROLL: "R"}


class Accounts(Protocol):
    """What a submission needs to know of the accounts."""

    def loads(self) -> Sequence[Load]:
        """Returns how busy each account is."""
        ...

    def expect(self, account_id: str, count: int) -> None:
        """Counts a task that is being submitted to the account, or with -1 no longer."""
        ...


@dataclass(frozen=True, slots=True)
class _Draft:
    """A task without what only its account and the store can give it."""

    make: Callable[[str, Account], Task]
    accounts: AccountFilter
    may_go_elsewhere: bool


class Submitter:
    """Accepts commands."""

    def __init__(self, *, store: Store, shelf: Shelf, accounts: Accounts) -> None:
        self._store = store
        self._shelf = shelf
        self._accounts = accounts

    async def submit(self, request: SubmitRequest) -> Admission:
        """Accepts a command and returns when its task is durably queued.

        Raises:
            DomainError: It is refused; nothing has changed.
        """
        _check_options(request.options)
        first = await self._first_answer(request)
        if first:
            return first
        match request.command:
            case ImagineRequest() as imagine:
                return await self._imagine(request, imagine)
            case Change() | Press() as follow_up:
                return await self._admit(request, await self._follow_up(request, follow_up))

    async def _first_answer(self, request: SubmitRequest) -> Admission | None:
        if not request.options.request_id:
            return None
        return await self._store.find_request(request.caller, request.options.request_id, request.digest)

    async def _imagine(self, request: SubmitRequest, imagine: ImagineRequest) -> Admission:
        images = await check("imagine.images", imagine.images)
        text = _checked_prompt("imagine.prompt", imagine.prompt, prompt.room(len(images)))
        return await completed(self._keep_and_admit(request, text, images))

    async def _keep_and_admit(
        self, request: SubmitRequest, text: str, images: Sequence[CheckedImage | LinkedImage]
    ) -> Admission:
        """Stores images and task together: a task is never without its images, nor are images left without a task."""
        async with self._shelf.keeping(images) as kept:
            admission = await self._admit(request, _imagine_draft(request, Imagine(text, kept)))
        if admission.deduplicated:
            self._shelf.drop(kept)
        return admission

    async def _follow_up(self, request: SubmitRequest, command: Change | Press) -> _Draft:
        _check_follow_up(command)
        parent = await self._parent(command.task_id, request.sees)
        result = parent.result
        if parent.status is not Status.SUCCESS or result is None:
            raise ParentNotFinished(parent.id, parent.status)
        if isinstance(command, Change):
            return _button_draft(request, parent, result, command, _button_for(parent, result, command))
        return _button_draft(request, parent, result, command, _button_named(parent, result, command))

    async def _parent(self, task_id: str, sees: str | None) -> Task:
        found = await self._store.get(task_id)
        if found is None or sees not in {None, found[0].caller}:
            raise ParentNotFound(task_id)
        return found[0]

    async def _admit(self, request: SubmitRequest, draft: _Draft) -> Admission:
        """Offers the draft to one account after the other until one takes it."""
        refused: QueueFull | None = None
        for load in self._choose(draft):
            try:
                return await self._offer(request, draft, load.account)
            except QueueFull as full:
                refused = refused or full
        raise refused or NoAccount

    def _choose(self, draft: _Draft) -> list[Load]:
        chosen = candidates(self._accounts.loads(), draft.accounts)
        if not chosen:
            raise NoAccount if draft.may_go_elsewhere else AccountUnavailable(draft.accounts.account_id)
        return chosen

    async def _offer(self, request: SubmitRequest, draft: _Draft, account: Account) -> Admission:
        self._accounts.expect(account.id, +1)
        try:
            return await self._store.submit(
                Submission(
                    builds=(lambda task_id: draft.make(task_id, account),),
                    account_id=account.id,
                    capacity=Capacity(account.core_size, account.queue_size),
                    caller=request.caller,
                    request_id=request.options.request_id or None,
                    digest=request.digest,
                )
            )
        finally:
            self._accounts.expect(account.id, -1)


def _check_options(options: Options) -> None:
    if len(options.state) > LONGEST_STATE:
        raise InvalidField("options.state", f"at most {LONGEST_STATE} characters, got {len(options.state)}")
    if len(options.notify_hook) > LONGEST_HOOK or (
        options.notify_hook and not options.notify_hook.startswith(("http://", "https://"))
    ):
        raise InvalidField("options.notify_hook", f"expected a http or https URL of at most {LONGEST_HOOK} characters")
    if options.request_id and not _is_uuid(options.request_id):
        raise InvalidField("options.request_id", "expected a UUID")
    if options.bot is Bot.INSIGHT_FACE:
        raise InvalidField("options.bot_type", "INSIGHT_FACE only swaps faces; use MIDJOURNEY or NIJI")


def _checked_prompt(field: str, text: str, longest: int) -> str:
    if not text.strip():
        raise InvalidField(field, "must not be empty; say what to draw")
    if len(text) > longest:
        raise InvalidField(field, f"at most {longest} characters beside the images, got {len(text)}; shorten it")
    return text


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _imagine_draft(request: SubmitRequest, command: Imagine) -> _Draft:
    options = request.options
    told = options.mode or next(iter(options.account_filter.modes), None) or prompt.mode_of(command.prompt)

    def make(task_id: str, account: Account) -> Task:
        return Task(
            id=task_id,
            caller=request.caller,
            account_id=account.id,
            action=Action.IMAGINE,
            bot=options.bot or Bot.MIDJOURNEY,
            mode=told or account.mode or Mode.FAST,
            command=command,
            prompt=command.prompt,
            prompt_en=command.prompt,
            description=f"/imagine {command.prompt}",
            state=options.state,
            notify_hook=options.notify_hook,
            submitted_at=drawn_at(task_id),
        )

    return _Draft(make, options.account_filter, may_go_elsewhere=True)


def _button_draft(request: SubmitRequest, parent: Task, result: Result, command: Command, button: Button) -> _Draft:
    meaning = custom_id.action_of(button.custom_id)
    if meaning is None:
        raise ActionNotOffered(parent.id, button.custom_id)
    action, index = meaning

    def make(task_id: str, account: Account) -> Task:
        return Task(
            id=task_id,
            caller=request.caller,
            account_id=account.id,
            action=action,
            bot=parent.bot,
            command=command,
            prompt=parent.prompt,
            prompt_en=parent.prompt_en,
            description=f"/up {parent.id} {_LETTERS[action]}{index or ''}",
            state=request.options.state,
            notify_hook=request.options.notify_hook,
            parent_id=parent.id,
            index=index,
            source=Source(result.message_id, result.flags, result.job_id, button.custom_id, result.prompt),
            submitted_at=drawn_at(task_id),
        )

    return _Draft(make, AccountFilter(account_id=parent.account_id), may_go_elsewhere=False)


def _check_follow_up(command: Change | Press) -> None:
    field = "change" if isinstance(command, Change) else "action"
    if not command.task_id:
        raise InvalidField(f"{field}.task_id", "must not be empty; give the id of a finished task")
    if isinstance(command, Press):
        if not command.custom_id:
            raise InvalidField(
                f"{field}.custom_id", "must not be empty; give the custom id of one of the task's buttons"
            )
        return
    if command.action not in _LETTERS:
        raise InvalidField(f"{field}.action", "expected UPSCALE, VARIATION or REROLL")
    if command.action is not Action.REROLL and not 1 <= command.index <= 4:
        raise InvalidField(f"{field}.index", f"expected 1 to 4, got {command.index}")


def _button_for(parent: Task, result: Result, command: Change) -> Button:
    index = 0 if command.action is Action.REROLL else command.index
    button = custom_id.find(result.buttons, command.action, index)
    if button is None:
        raise ActionNotOffered(parent.id, f"{_LETTERS[command.action]}{index or ''}")
    return button


def _button_named(parent: Task, result: Result, command: Press) -> Button:
    for button in result.buttons:
        if button.custom_id == command.custom_id:
            return button
    raise ActionNotOffered(parent.id, command.custom_id)
