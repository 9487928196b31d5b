"""Submission through a real store: what is accepted, what is refused, and that a refusal changes nothing."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from mjproxy_server.engine.images import InlineImage
from mjproxy_server.engine.requests import ImagineRequest, ModalRequest, Options, SubmitRequest
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.engine.submission import Submitter
from mjproxy_server.model.account import AccountFilter
from mjproxy_server.model.command import Change, LinkedImage, Press
from mjproxy_server.model.errors import (
    AccountUnavailable,
    ActionNotOffered,
    DomainError,
    InvalidField,
    InvalidImage,
    NoAccount,
    ParentNotFinished,
    ParentNotFound,
    QueueFull,
    RequestIdReused,
    TaskNotFound,
)
from mjproxy_server.model.facts import Cancelled, Finished
from mjproxy_server.model.task import Button, Confirmation, Modal, Picture, Result, Task
from mjproxy_server.model.vocabulary import Action, Bot, Mode, Status
from mjproxy_server.store.interface import Store, TaskQuery
from tests.server.engine.conftest import StandingAccounts

JOB = "5f2a1826-7bb0-42c2-b441-98a48a39e760"
FURTHER = (
    f"MJ::BOOKMARK::{JOB}",
    f"MJ::CancelJob::ByJobid::{JOB}",
    f"MJ::CustomZoom::{JOB}",
    f"MJ::Inpaint::1::{JOB}::SOLO",
    f"MJ::JOB::pan_left::1::{JOB}::SOLO",
    f"MJ::JOB::animate_high::1::{JOB}::SOLO",
    f"MJ::Outpaint::50::1::{JOB}::SOLO",
    "MJ::Job::PicReader::all",
    "MJ::Job::PicReader::2",
)
REQUEST_ID = "7b0f0f5e-2f5e-4f0e-8a55-6d6f3f1f7c11"


def request(command: ImagineRequest | Change | Press, caller: str = "", **options: object) -> SubmitRequest:
    return SubmitRequest(
        caller=caller,
        sees=caller or None,
        options=Options(**options),  # type: ignore[arg-type]
        command=command,
        digest=repr(command).encode(),
    )


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    return buffer.getvalue()


async def finished_grid(submitter: Submitter, store: Store, caller: str = "") -> Task:
    admission = await submitter.submit(request(ImagineRequest("a cat"), caller))
    kinds = ("upsample", "variation")
    buttons = [Button(f"MJ::JOB::{kind}::{n}::{JOB}", label=f"{n}") for kind in kinds for n in range(1, 5)]
    result = Result(
        message_id="77",
        content="**a cat** - <@1> (fast)",
        flags=64,
        reference_id="",
        prompt="a cat --v 7.0",
        picture=Picture("https://cdn/cat.png", 8, 8),
        job_id=JOB,
        buttons=(
            *buttons,
            Button(f"MJ::JOB::reroll::0::{JOB}::SOLO", emoji="🔄"),
            *(Button(each, label="L") for each in FURTHER),
        ),
    )
    task = await store.record(admission.task.id, Finished(2000, result))
    assert task is not None
    return task


async def stored(store: Store) -> int:
    return len((await store.list(TaskQuery())).tasks)


async def drained(shelf: Shelf) -> None:
    dropping = asyncio.create_task(shelf.run())
    await asyncio.wait_for(shelf._unneeded.join(), 10)
    dropping.cancel()


@pytest.mark.parametrize("text", ["", "  \n ", "--ar 3:2", "x" * 6001, "a {red, green} bird", "a bird --repeat 2"])
async def test_a_prompt_that_is_empty_or_too_long_or_for_several_jobs_is_refused(
    submitter: Submitter, store: Store, text: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        await submitter.submit(request(ImagineRequest(text)))
    assert refused.value.field == "imagine.prompt"
    assert await stored(store) == 0


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"state": "x" * 4097}, "options.state"),
        ({"notify_hook": "ftp://host"}, "options.notify_hook"),
        ({"request_id": "not a uuid"}, "options.request_id"),
    ],
)
async def test_a_wrong_option_is_refused(
    submitter: Submitter, store: Store, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        await submitter.submit(request(ImagineRequest("a cat"), **options))
    assert refused.value.field == field
    assert await stored(store) == 0


@pytest.mark.parametrize(
    ("told", "text", "mode"),
    [
        (None, "a cat", Mode.FAST),
        (None, "a cat --relax", Mode.RELAX),
        (Mode.TURBO, "a cat --relax", Mode.TURBO),
    ],
)
async def test_the_mode_is_the_requests_then_the_prompts_then_fast(
    submitter: Submitter, told: Mode | None, text: str, mode: Mode
) -> None:
    admission = await submitter.submit(request(ImagineRequest(text), mode=told))
    assert (admission.task.mode, admission.task.prompt) == (mode, text)


async def test_tasks_go_to_another_account_before_any_is_refused(submitter: Submitter, store: Store) -> None:
    admissions = [await submitter.submit(request(ImagineRequest("a cat"))) for _ in range(4)]
    assert sorted(admission.task.account_id for admission in admissions) == ["11", "11", "22", "22"]
    with pytest.raises(QueueFull) as refused:
        await submitter.submit(request(ImagineRequest("a cat")))
    assert refused.value.task_id.isdecimal()
    assert await stored(store) == 4


async def test_tasks_submitted_at_once_are_spread_as_well(submitter: Submitter) -> None:
    admissions = await asyncio.gather(*(submitter.submit(request(ImagineRequest("a cat"))) for _ in range(4)))
    assert sorted(admission.task.account_id for admission in admissions) == ["11", "11", "22", "22"]


async def test_an_account_filter_that_matches_none_is_refused(submitter: Submitter) -> None:
    with pytest.raises(NoAccount):
        await submitter.submit(request(ImagineRequest("a cat"), account_filter=AccountFilter(account_id="99")))


async def test_a_repeated_request_id_gets_the_first_answer(submitter: Submitter, store: Store) -> None:
    first = await submitter.submit(request(ImagineRequest("a cat"), request_id=REQUEST_ID))
    again = await submitter.submit(request(ImagineRequest("a cat"), request_id=REQUEST_ID))
    assert (again.task, again.revision, again.deduplicated) == (first.task, first.revision, True)
    assert await stored(store) == 1


async def test_a_request_id_with_other_content_is_refused(submitter: Submitter) -> None:
    await submitter.submit(request(ImagineRequest("a cat"), request_id=REQUEST_ID))
    with pytest.raises(RequestIdReused):
        await submitter.submit(request(ImagineRequest("a dog"), request_id=REQUEST_ID))


async def test_two_repeats_at_once_make_one_task_and_keep_its_image(
    submitter: Submitter, store: Store, shelf: Shelf, image_folder: Path
) -> None:
    command = ImagineRequest("a cat", (InlineImage(picture()),))
    answers = await asyncio.gather(*(submitter.submit(request(command, request_id=REQUEST_ID)) for _ in range(4)))
    assert sorted(answer.deduplicated for answer in answers) == [False, True, True, True]
    assert len({answer.task.id for answer in answers}) == 1
    assert await stored(store) == 1
    await drained(shelf)
    assert len(list(image_folder.iterdir())) == 1


async def test_a_refused_image_leaves_nothing_behind(submitter: Submitter, store: Store, image_folder: Path) -> None:
    with pytest.raises(InvalidImage):
        await submitter.submit(request(ImagineRequest("a cat", (InlineImage(picture()), InlineImage(b"no")))))
    assert await stored(store) == 0
    assert not image_folder.exists()


async def test_images_of_a_full_queue_are_dropped(submitter: Submitter, shelf: Shelf, image_folder: Path) -> None:
    for _ in range(4):
        await submitter.submit(request(ImagineRequest("a cat")))
    with pytest.raises(QueueFull):
        await submitter.submit(request(ImagineRequest("a cat", (InlineImage(picture()),))))
    await drained(shelf)
    assert not list(image_folder.iterdir())


async def test_an_image_goes_when_its_task_has_ended(
    submitter: Submitter, store: Store, shelf: Shelf, image_folder: Path
) -> None:
    store.subscribe(shelf.follow)
    task = (await submitter.submit(request(ImagineRequest("a cat", (InlineImage(picture()),))))).task
    await store.record(task.id, Cancelled(2000))
    await drained(shelf)
    assert not list(image_folder.iterdir())


async def test_parameters_are_enough_beside_an_image(submitter: Submitter) -> None:
    command = ImagineRequest("--ar 3:2", (LinkedImage("https://host/cat.png"),))
    assert (await submitter.submit(request(command))).task.prompt == "--ar 3:2"


async def test_links_and_images_keep_their_order(submitter: Submitter) -> None:
    link = LinkedImage("https://host/cat.png")
    command = ImagineRequest("a cat", (link, InlineImage(picture())))
    stored_command = (await submitter.submit(request(command))).task.command
    assert stored_command.images[0] == link  # type: ignore[union-attr]
    assert stored_command.images[1].media_type == "image/png"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "description", "custom_id"),
    [
        ((Action.UPSCALE, 2), "U2", f"MJ::JOB::upsample::2::{JOB}"),
        ((Action.VARIATION, 4), "V4", f"MJ::JOB::variation::4::{JOB}"),
        ((Action.REROLL, 3), "R", f"MJ::JOB::reroll::0::{JOB}::SOLO"),
    ],
)
async def test_a_change_presses_the_parents_button(
    submitter: Submitter, store: Store, change: tuple[Action, int], description: str, custom_id: str
) -> None:
    parent = await finished_grid(submitter, store)
    task = (await submitter.submit(request(Change(parent.id, *change)))).task
    assert task.source is not None
    assert (task.source.custom_id, task.source.message_id, task.source.message_flags) == (custom_id, "77", 64)
    assert (task.action, task.description) == (change[0], f"/up {parent.id} {description}")
    assert (task.parent_id, task.account_id, task.prompt) == (parent.id, parent.account_id, "a cat")
    pressed = (await submitter.submit(request(Press(parent.id, custom_id)))).task
    assert (pressed.action, pressed.index, pressed.source) == (task.action, task.index, task.source)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (Change("", Action.UPSCALE, 1), InvalidField),
        (Change("1", Action.UPSCALE, 0), InvalidField),
        (Change("1", Action.VARIATION, 5), InvalidField),
        (Change("1", Action.BLEND, 1), InvalidField),
        (Change("1700000000000000", Action.UPSCALE, 1), ParentNotFound),
        (Press("1700000000000000", "MJ::JOB::upsample::1::x"), ParentNotFound),
        (Press("1", ""), InvalidField),
    ],
)
async def test_a_follow_up_of_nothing_is_refused(
    submitter: Submitter, command: Change | Press, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        await submitter.submit(request(command))


@pytest.mark.parametrize("custom_id", [f"MJ::JOB::upsample::5::{JOB}", "nonsense", f"MJ::CancelJob::ByJobid::{JOB}"])
async def test_a_button_that_is_not_offered_is_refused(submitter: Submitter, store: Store, custom_id: str) -> None:
    parent = await finished_grid(submitter, store)
    with pytest.raises(ActionNotOffered, match=custom_id):
        await submitter.submit(request(Press(parent.id, custom_id)))
    assert await stored(store) == 1


async def test_a_change_of_an_unfinished_task_is_refused(submitter: Submitter) -> None:
    parent = (await submitter.submit(request(ImagineRequest("a cat")))).task
    with pytest.raises(ParentNotFinished):
        await submitter.submit(request(Change(parent.id, Action.UPSCALE, 1)))


async def test_somebody_elses_task_is_no_parent(submitter: Submitter, store: Store) -> None:
    parent = await finished_grid(submitter, store, caller="alice")
    with pytest.raises(ParentNotFound):
        await submitter.submit(request(Change(parent.id, Action.UPSCALE, 1), caller="bob"))
    assert (await submitter.submit(request(Change(parent.id, Action.UPSCALE, 1), caller="alice"))).task.index == 1


async def test_a_follow_up_whose_account_is_gone_is_refused(
    submitter: Submitter, store: Store, accounts: object
) -> None:
    parent = await finished_grid(submitter, store)
    accounts.accounts.clear()  # type: ignore[attr-defined]
    with pytest.raises(AccountUnavailable, match=parent.account_id):
        await submitter.submit(request(Change(parent.id, Action.UPSCALE, 1)))


@pytest.mark.parametrize(
    ("custom_id", "action"),
    [
        (FURTHER[0], Action.BOOKMARK),
        (FURTHER[4], Action.PAN),
        (FURTHER[5], Action.VIDEO),
        (FURTHER[6], Action.ZOOM),
    ],
)
async def test_other_buttons_have_their_actions(
    submitter: Submitter, store: Store, custom_id: str, action: Action
) -> None:
    parent = await finished_grid(submitter, store)
    task = (await submitter.submit(request(Press(parent.id, custom_id)))).task
    assert (task.action, task.status, task.description) == (action, Status.NOT_START, f"/up {parent.id} L")


async def test_an_upscale_is_made_once(submitter: Submitter, store: Store, accounts: StandingAccounts) -> None:
    parent = await finished_grid(submitter, store)
    first = await submitter.submit(request(Change(parent.id, Action.UPSCALE, 2)))
    again = await submitter.submit(request(Press(parent.id, f"MJ::JOB::upsample::2::{JOB}")))
    other = await submitter.submit(request(Change(parent.id, Action.UPSCALE, 3)))
    assert (again.existed, again.task.id, other.existed) == (True, first.task.id, False)
    accounts.accounts.clear()
    later = await submitter.submit(request(Change(parent.id, Action.UPSCALE, 2)))
    assert (later.existed, later.task.id) == (True, first.task.id), "it needs no account any more"
    with pytest.raises(AccountUnavailable):
        await submitter.submit(request(Change(parent.id, Action.UPSCALE, 4)))


async def test_a_custom_zoom_waits_for_its_prompt(submitter: Submitter, store: Store) -> None:
    parent = await finished_grid(submitter, store)
    task = (await submitter.submit(request(Press(parent.id, FURTHER[2])))).task
    assert (task.status, task.action) == (Status.MODAL, Action.ZOOM)
    assert task.modal == Modal("a cat --v 7.0 --zoom 1.8")
    with pytest.raises(InvalidField, match="from 1 to 2"):
        await submitter.confirm(ModalRequest(sees=None, task_id=task.id, prompt="a dog --zoom 2.5"))
    with pytest.raises(InvalidField, match="several jobs"):
        await submitter.confirm(ModalRequest(sees=None, task_id=task.id, prompt="a {dog, fox}"))
    confirmed = (await submitter.confirm(ModalRequest(sees=None, task_id=task.id, prompt="a dog"))).task
    assert (confirmed.status, confirmed.prompt) == (Status.NOT_START, "a dog --zoom 1.8")
    again = await submitter.confirm(ModalRequest(sees=None, task_id=task.id, prompt="a fox"))
    assert (again.deduplicated, again.task) == (True, confirmed)


async def test_an_empty_answer_means_the_proposed_prompt(submitter: Submitter, store: Store) -> None:
    parent = await finished_grid(submitter, store)
    task = (await submitter.submit(request(Press(parent.id, FURTHER[2])))).task
    assert (await submitter.confirm(ModalRequest(sees=None, task_id=task.id))).task.prompt == "a cat --v 7.0 --zoom 1.8"


async def test_remix_asks_unless_told_not_to(submitter: Submitter, store: Store, accounts: StandingAccounts) -> None:
    parent = await finished_grid(submitter, store)
    accounts.remixing.add((parent.account_id, Bot.MIDJOURNEY))
    variation = Press(parent.id, f"MJ::JOB::variation::1::{JOB}")
    asked = (await submitter.submit(request(variation))).task
    assert (asked.status, asked.modal) == (Status.MODAL, Modal("a cat --v 7.0", remix=True))
    skipped = (await submitter.submit(request(replace(variation, skip_modal=True)))).task
    assert (skipped.status, skipped.confirmation) == (Status.NOT_START, Confirmation(queue_position=0))
    upscaled = (await submitter.submit(request(Change(parent.id, Action.UPSCALE, 1)))).task
    assert (upscaled.status, upscaled.modal) == (Status.NOT_START, None)


def mask(size: tuple[int, int] = (8, 8), colour: str = "black", spot: str = "white") -> InlineImage:
    buffer = io.BytesIO()
    image = Image.new("RGB", size, colour)
    image.paste(spot, (0, 0, 4, 4))
    image.save(buffer, "PNG")
    return InlineImage(buffer.getvalue())


@pytest.mark.parametrize("wrong", [None, mask((8, 9)), mask(colour="grey"), mask(spot="black"), InlineImage(b"no")])
async def test_a_region_needs_a_good_mask(submitter: Submitter, store: Store, wrong: InlineImage | None) -> None:
    parent = await finished_grid(submitter, store)
    task = (await submitter.submit(request(Press(parent.id, FURTHER[3])))).task
    assert (task.status, task.modal) == (Status.MODAL, Modal("a cat --v 7.0", wants_mask=True))
    with pytest.raises(InvalidField, match="mask"):
        await submitter.confirm(ModalRequest(sees=None, task_id=task.id, mask=wrong))
    confirmed = (await submitter.confirm(ModalRequest(sees=None, task_id=task.id, mask=mask()))).task
    assert confirmed.confirmation is not None
    assert confirmed.confirmation.mask is not None


async def test_somebody_elses_modal_is_not_found(submitter: Submitter, store: Store) -> None:
    parent = await finished_grid(submitter, store, caller="alice")
    task = (await submitter.submit(request(Press(parent.id, FURTHER[2]), caller="alice"))).task
    with pytest.raises(TaskNotFound):
        await submitter.confirm(ModalRequest(sees="bob", task_id=task.id))
