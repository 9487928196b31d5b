"""Submission: check, choose an account, and write. It ends with the write; the lane learns of the task from the log.

A refusal changes nothing. A request id that was seen before is answered before any work is done for it.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final, Protocol

from msgspec import Struct

from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine import drafts
from mjproxy_server.engine.choice import Load
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.completion import completed
from mjproxy_server.engine.drafts import ButtonPress, Draft, of_command
from mjproxy_server.engine.hooks import HookRules
from mjproxy_server.engine.images import CheckedImage, GivenImage, check, check_one, check_one_stored, check_stored
from mjproxy_server.engine.masks import check_mask
from mjproxy_server.engine.requests import (
    NO_OPTIONS,
    BlendRequest,
    DescribeRequest,
    FaceSwapRequest,
    FollowUp,
    ImagineRequest,
    ModalRequest,
    SubmitRequest,
)
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.engine.validation import (
    check_follow_up,
    check_one_job,
    check_options,
    check_prompt,
    check_state,
    check_words,
)
from mjproxy_server.engine.wording import WORDLESS, Wording, worded
from mjproxy_server.midjourney import prompt
from mjproxy_server.model.account import Account, AccountFilter
from mjproxy_server.model.command import (
    Blend,
    Change,
    Describe,
    FaceSwap,
    ImageSource,
    Imagine,
    LinkedImage,
    Press,
    Shorten,
    StoredImage,
)
from mjproxy_server.model.errors import (
    AccountUnavailable,
    InvalidField,
    NoAccount,
    NotModal,
    ParentNotFinished,
    ParentNotFound,
    QueueFull,
    TaskNotFound,
)
from mjproxy_server.model.facts import Confirmed
from mjproxy_server.model.task import Confirmation, Result, Task
from mjproxy_server.model.vocabulary import Bot, Fault, Status
from mjproxy_server.prompts.prompts import Prompts
from mjproxy_server.store.interface import Admission, Capacity, Store, Submission

FEWEST_BLENDED: Final = 2
MOST_BLENDED: Final = 5


class Checked(Struct, frozen=True):
    """A command with which nothing is wrong.

    Attributes:
        images: Its images, which are yet to be stored.
        draft_of: Makes its draft of them, once they are.
    """

    images: Sequence[CheckedImage | LinkedImage]
    draft_of: Callable[[Sequence[ImageSource]], Draft]


class Accounts(Protocol):
    """What a submission needs to know of the accounts."""

    def loads(self) -> Sequence[Load]:
        """Returns how busy each account is."""
        ...

    def choose(self, wanted: AccountFilter) -> Iterable[Load]:
        """Yields the accounts that take tasks and match, in the order in which they are to be offered a task."""
        ...

    def take(self, chosen: Load, count: int) -> None:
        """Gives a chosen account its turn, and counts tasks that are being submitted to it."""
        ...

    def settled(self, account_id: str, count: int) -> None:
        """Counts tasks no longer that were submitted to an account: they are in its queue by now, or were refused."""
        ...

    def remix_is_on(self, account_id: str, bot: Bot) -> bool:
        """Returns whether the account has a bot's Remix mode on, as far as is known."""
        ...


class Submitter:
    """Accepts commands."""

    def __init__(
        self, *, store: Store, shelf: Shelf, accounts: Accounts, prompts: Prompts, hooks: HookRules, clock: Clock
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._accounts = accounts
        self._prompts = prompts
        self._hooks = hooks
        self._clock = clock

    async def submit(self, request: SubmitRequest) -> Admission:
        """Accepts a command and returns when its task is durably queued.

        Raises:
            DomainError: It is refused; nothing has changed.
        """
        await self._store.turn()
        if request.options is not NO_OPTIONS:
            check_options(request.options, self._hooks)
        if request.options.request_id:
            answer = await self._store.find_request(request.caller, request.options.request_id, request.digest)
            if answer:
                return answer
        checked = await self._check(request)
        if checked.images:
            return await completed(self._keep_and_admit(request, checked))
        return await self._admit(request, checked.draft_of(()))

    async def confirm(self, request: ModalRequest) -> Admission:
        """Accepts the answer to a modal and returns when its task is durably queued; a repeat gets the same answer.

        Raises:
            DomainError: It is refused; the task goes on waiting for an answer.
        """
        check_state("state", request.state or "")
        self._hooks.check("notify_hook", request.notify_hook or "")
        task = await self._modal_task(request)
        account = self._account(task.account_id)
        if task.confirmation:
            return await self._queue_confirmed(task, account, request, WORDLESS, None)
        if task.modal is None or task.status is not Status.MODAL:
            raise NotModal(task.id, task.status)
        wording = await self._drawn("prompt", drafts.confirmed_prompt(task, request.prompt), prompt.room(0))
        mask = await self._checked_mask(task, request.mask)
        return await completed(self._keep_and_confirm(task, account, request, wording, mask))

    # Commands.

    def _check(self, request: SubmitRequest) -> Awaitable[Checked]:
        match request.command:
            case ImagineRequest() as imagine:
                return self._imagine(request, imagine)
            case BlendRequest() as blend:
                return self._blend(request, blend)
            case DescribeRequest() as describe:
                return self._describe(request, describe)
            case FaceSwapRequest() as swap:
                return self._swap_face(request, swap)
            case Shorten() as shorten:
                return self._shorten(request, shorten)
            case Change() | Press() as follow_up:
                return self._follow_up(request, follow_up)

    async def _imagine(self, request: SubmitRequest, imagine: ImagineRequest) -> Checked:
        images = await check("imagine.images", imagine.images) if imagine.images else []
        if not images:
            check_words("imagine.prompt", imagine.prompt)
        wording = await self._drawn("imagine.prompt", imagine.prompt, prompt.room(len(images)))
        return Checked(images, lambda kept: of_command(request, Imagine(imagine.prompt, tuple(kept)), wording))

    async def _blend(self, request: SubmitRequest, blend: BlendRequest) -> Checked:
        if not FEWEST_BLENDED <= len(blend.images) <= MOST_BLENDED:
            raise InvalidField("blend.images", f"expected {FEWEST_BLENDED} to {MOST_BLENDED}, got {len(blend.images)}")
        images = await check_stored("blend.images", blend.images)
        return Checked(images, lambda kept: of_command(request, Blend(_stored(kept), blend.dimensions)))

    async def _describe(self, request: SubmitRequest, describe: DescribeRequest) -> Checked:
        image = await check_one("describe.image", describe.image)
        return Checked([image], lambda kept: of_command(request, Describe(kept[0], describe.language)))

    async def _swap_face(self, request: SubmitRequest, swap: FaceSwapRequest) -> Checked:
        source = await check_one_stored("face_swap.source", swap.source)
        target = await check_one_stored("face_swap.target", swap.target)
        return Checked([source, target], lambda kept: of_command(request, FaceSwap(*_stored(kept))))

    async def _shorten(self, request: SubmitRequest, shorten: Shorten) -> Checked:
        longest = prompt.room(0)
        check_prompt("shorten.prompt", shorten.prompt, longest)
        wording = await worded(self._prompts, shorten.prompt, longest)
        return Checked((), lambda _: of_command(request, shorten, wording))

    async def _keep_and_admit(self, request: SubmitRequest, checked: Checked) -> Admission:
        """Stores images and task together: a task is never without its images, nor are images left without a task."""
        async with self._shelf.keeping(checked.images) as kept:
            admission = await self._admit(request, checked.draft_of(kept))
        if admission.deduplicated:
            self._shelf.drop(kept)
        return admission

    async def _drawn(self, field: str, text: str, longest: int) -> Wording:
        """The wording of a prompt that a job is started with: a translation, too, may turn out to ask for several."""
        check_prompt(field, text, longest)
        wording = await worded(self._prompts, text, longest)
        check_one_job(field, wording.english)
        return wording

    # Follow-ups.

    async def _follow_up(self, request: SubmitRequest, command: FollowUp) -> Checked:
        check_follow_up(command)
        parent = await self._visible(command.task_id, request.sees)
        if parent is None:
            raise ParentNotFound(command.task_id)
        result = parent.result
        if parent.status is not Status.SUCCESS or result is None:
            raise ParentNotFinished(parent.id, parent.status)
        press = self._press(parent, result, command)
        for text in drafts.suggested_prompts(press):
            await self._drawn("action.custom_id", text, prompt.room(0))
        draft = drafts.of_button(request, press)
        return Checked((), lambda _: draft)

    def _press(self, parent: Task, result: Result, command: FollowUp) -> ButtonPress:
        if isinstance(command, Change):
            button = drafts.of_change(parent, result, command)
        else:
            button = drafts.of_press(parent, result, command)
        remix = self._accounts.remix_is_on(parent.account_id, parent.bot)
        return ButtonPress(parent, result, button, command, remix)

    async def _visible(self, task_id: str, sees: str | None) -> Task | None:
        found = await self._store.get(task_id)
        return found[0] if found and sees in {None, found[0].caller} else None

    # Modals.

    async def _modal_task(self, request: ModalRequest) -> Task:
        if not request.task_id:
            raise InvalidField("task_id", "must not be empty; give the id of a task that waits for confirmation")
        task = await self._visible(request.task_id, request.sees)
        if task is None:
            raise TaskNotFound(request.task_id)
        return task

    async def _checked_mask(self, task: Task, mask: GivenImage | None) -> CheckedImage | None:
        wanted = task.modal is not None and task.modal.wants_mask
        if not wanted:
            return None  # Clients send an empty or stale mask with every answer; only a region has a use for one.
        if mask is None:
            message = "must not be empty; send black with the part to be drawn anew in white"
            raise InvalidField("mask", message, Fault.EMPTY)
        parent = await self._visible(task.parent_id, None)
        return await check_mask("mask", mask, parent.result.picture if parent and parent.result else None)

    async def _keep_and_confirm(
        self, task: Task, account: Account, request: ModalRequest, wording: Wording, mask: CheckedImage | None
    ) -> Admission:
        async with self._shelf.keeping([mask] if mask else []) as kept:
            admission = await self._queue_confirmed(task, account, request, wording, next(iter(_stored(kept)), None))
        if admission.deduplicated:
            self._shelf.drop(kept)
        return admission

    async def _queue_confirmed(
        self, task: Task, account: Account, request: ModalRequest, wording: Wording, mask: StoredImage | None
    ) -> Admission:
        return await self._store.confirm(
            task.id,
            Capacity(account.core_size, account.queue_size),
            Confirmed(
                at=now_ms(self._clock),
                prompt=wording.written,
                prompt_en=wording.english,
                description=drafts.confirmed_description(task, wording.written),
                confirmation=Confirmation(queue_position=0, mask=mask),
                state=request.state,
                notify_hook=request.notify_hook,
            ),
        )

    # Accounts.

    def _account(self, account_id: str) -> Account:
        for load in self._accounts.loads():
            if load.account.id == account_id and load.takes_tasks:
                return load.account
        raise AccountUnavailable(account_id)

    async def _admit(self, request: SubmitRequest, draft: Draft) -> Admission:
        """Offers the draft to one account after the other until one takes it."""
        refused: QueueFull | None = None
        count = len(draft.makes)
        for load in self._accounts.choose(draft.accounts):
            self._accounts.take(load, count)
            try:
                return await self._store.submit(_submission(request, draft, load.account))
            except QueueFull as full:
                refused = refused or full
            finally:
                self._accounts.settled(load.account.id, count)
        if refused:
            raise refused
        return await self._without_account(draft)

    async def _without_account(self, draft: Draft) -> Admission:
        """Answers where no account takes the draft: what exists already needs none."""
        if existing := await self._store.find_existing(draft.once):
            return existing
        raise NoAccount if draft.may_go_elsewhere else AccountUnavailable(draft.accounts.account_id)


def _submission(request: SubmitRequest, draft: Draft, account: Account) -> Submission:
    return Submission(
        builds=tuple([partial(make, account) for make in draft.makes]),
        account_id=account.id,
        capacity=Capacity(account.core_size, account.queue_size),
        caller=request.caller,
        request_id=request.options.request_id or None,
        digest=request.digest,
    )


def _stored(images: Sequence[ImageSource]) -> tuple[StoredImage, ...]:
    return tuple(image for image in images if isinstance(image, StoredImage))
