"""What submissions do with prompts: a translator in the place of the real one, everything else as it is."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from mjproxy_server.engine.requests import FollowUp, ImagineRequest, ModalRequest, NewCommand, Options, SubmitRequest
from mjproxy_server.engine.submission import Submitter
from mjproxy_server.engine.wording import Wording, worded
from mjproxy_server.model.command import Imagine, Press, Shorten
from mjproxy_server.model.errors import BannedPrompt, InvalidField
from mjproxy_server.model.facts import Finished
from mjproxy_server.model.task import Button, Picture, Result
from mjproxy_server.model.vocabulary import Mode
from mjproxy_server.prompts.banned import BannedWords
from mjproxy_server.prompts.config import BannedWordsConfig
from mjproxy_server.prompts.languages import Language
from mjproxy_server.prompts.prompts import Prompts
from mjproxy_server.prompts.translator import Translator
from mjproxy_server.store.interface import Store, TaskQuery

ENGLISH = {"一只猫": "a cat", "裸体": "nude", "长": "longer than its text", "大红猫": "big, red cat"}


ZOOM = "MJ::CustomZoom::5f2a1826-7bb0-42c2-b441-98a48a39e760"


def result_with(button: Button, prompt: str = "a cat --v 7.0") -> Result:
    return Result(
        message_id="77",
        content="**a cat** - <@1> (fast)",
        flags=0,
        reference_id="",
        prompt=prompt,
        picture=Picture("https://cdn/cat.png"),
        job_id="5f2a1826-7bb0-42c2-b441-98a48a39e760",
        buttons=(button,),
    )


class Dictionary:
    """Knows a few words."""

    async def translate(self, lines: Sequence[str], into: Language) -> list[str]:
        assert into is Language.ENGLISH
        return [ENGLISH[line] for line in lines]

    async def close(self) -> None:
        pass


@pytest.fixture
def prompts() -> Prompts:
    return Prompts(
        Translator(Dictionary(), timeout_seconds=5), BannedWords(BannedWordsConfig(), monotonic=time.monotonic)
    )


def request(command: NewCommand | FollowUp) -> SubmitRequest:
    return SubmitRequest(caller="", sees=None, options=Options(), command=command, digest=b"")


async def test_a_task_has_its_prompt_in_both_languages(submitter: Submitter) -> None:
    task = (await submitter.submit(request(ImagineRequest("一只猫 --ar 2:3 --relax")))).task
    assert (task.prompt, task.prompt_en) == ("一只猫 --ar 2:3 --relax", "a cat --ar 2:3 --relax")
    assert task.description == "/imagine 一只猫 --ar 2:3 --relax"
    assert task.command == Imagine("一只猫 --ar 2:3 --relax", ())
    assert task.mode is Mode.RELAX


async def test_a_prompt_to_shorten_is_translated(submitter: Submitter) -> None:
    task = (await submitter.submit(request(Shorten("一只猫")))).task
    assert (task.prompt, task.prompt_en) == ("一只猫", "a cat")


@pytest.mark.parametrize("command", [ImagineRequest("裸体 --ar 2:3"), Shorten("裸体 --ar 2:3")])
async def test_a_banned_word_is_refused_with_the_english_prompt(
    submitter: Submitter, store: Store, command: NewCommand
) -> None:
    with pytest.raises(BannedPrompt) as refused:
        await submitter.submit(request(command))
    assert (refused.value.prompt_en, refused.value.banned_word) == ("nude --ar 2:3", "nude")
    assert not (await store.list(TaskQuery())).tasks


async def test_what_must_not_be_drawn_may_be_named(submitter: Submitter) -> None:
    assert (await submitter.submit(request(ImagineRequest("一只猫 --no 裸体")))).task.prompt_en == "a cat --no nude"


async def test_the_answer_to_a_modal_is_worded_as_a_prompt_is(submitter: Submitter, store: Store) -> None:
    grid = (await submitter.submit(request(ImagineRequest("a cat")))).task
    await store.record(grid.id, Finished(2000, result_with(Button(ZOOM, label="Custom Zoom"))))
    task = (await submitter.submit(request(Press(grid.id, ZOOM)))).task
    with pytest.raises(BannedPrompt):
        await submitter.confirm(ModalRequest(sees=None, task_id=task.id, prompt="裸体"))
    confirmed = (await submitter.confirm(ModalRequest(sees=None, task_id=task.id, prompt="一只猫 --zoom 2"))).task
    assert (confirmed.prompt, confirmed.prompt_en) == ("一只猫 --zoom 2", "a cat --zoom 2")


async def test_none_of_the_suggested_prompts_is_drawn_if_one_has_a_banned_word(
    submitter: Submitter, store: Store
) -> None:
    parent = (await submitter.submit(request(ImagineRequest("a cat")))).task
    button = Button("MJ::Job::PicReader::all", label="Imagine all")
    result = result_with(button, "1\ufe0f\u20e3 a cat\n\n2\ufe0f\u20e3 a nude body")
    await store.record(parent.id, Finished(2000, result))
    with pytest.raises(BannedPrompt, match="nude"):
        await submitter.submit(request(Press(parent.id, button.custom_id)))
    assert (await store.list(TaskQuery())).tasks[1:] == ()


async def test_a_translation_that_asks_for_several_jobs_is_refused(submitter: Submitter) -> None:
    with pytest.raises(InvalidField, match="several jobs"):
        await submitter.submit(request(ImagineRequest("{大红猫}")))


async def test_a_translation_that_is_too_long_is_not_used(prompts: Prompts) -> None:
    assert await worded(prompts, "长", longest=20) == Wording("长", "longer than its text")
    assert await worded(prompts, "长", longest=19) == Wording("长", "长")
