"""The commands against a whole service with the simulator, as their users run them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mjproxy
from tests.client.commands import Commands, Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.stack import Stack

Drawn = tuple[str, str]


@pytest.fixture(scope="module")
def drawn(stack: Stack) -> Drawn:
    """A grid, and a picture out of it."""
    with mjproxy.Client(stack.grpc) as client:
        grid = client.imagine("a lighthouse in fog").result()
        return grid.id, grid.upscale(1).result().id


@pytest.mark.parametrize(
    ("words", "action"),
    [
        (("blend", "cat.png", "dog.png", "--shape", "portrait"), "blend"),
        (("swap", "cat.png", "dog.png"), "swap_face"),
        (("zoom", "PICTURE", "2"), "zoom"),
        (("zoom", "PICTURE", "1.3", "--prompt", "a museum"), "zoom"),
        (("pan", "PICTURE", "left"), "pan"),
        (("region", "PICTURE", "mask.png", "--prompt", "a boat"), "variation"),
        (("animate", "PICTURE", "--motion", "high"), "video"),
        (("click", "GRID", "V2"), "variation"),
        (("click", "PICTURE", "Custom Zoom", "--prompt", "a museum --zoom 1.2"), "zoom"),
        (("save", "GRID"), "imagine"),
    ],
)
async def test_result_is_stored(
    real_commands: Commands, folder: Path, drawn: Drawn, words: tuple[str, ...], action: str
) -> None:
    known = dict(zip(("GRID", "PICTURE"), drawn, strict=True))
    ended = await real_commands.run(*(known.get(word, word) for word in words), "--json")
    assert ended.code == 0, ended.err
    last = ended.documents[-1]
    assert (last["action"], last["status"]) == (action, "success")
    assert (folder / str(last["file"])).stat().st_size > 1000


async def test_several_prompts_are_drawn_at_once(real_commands: Commands) -> None:
    terminal = Terminal()
    ended = await real_commands.end(
        await real_commands.start("imagine", "a [red]fox", "an owl", "a hare", stderr=terminal.slave)
    )
    shown = await terminal.read()
    assert ended.code == 0
    files = ended.out.split()
    assert len({real_commands.folder / name for name in files if (real_commands.folder / name).exists()}) == 3
    assert all(prompt in shown for prompt in ("a [red]fox", "an owl", "a hare"))
    assert shown.count("100%") >= 3


async def test_one_that_is_refused_does_not_keep_the_others(real_commands: Commands) -> None:
    ended = await real_commands.run("imagine", "a fox", "", "--quiet")
    assert ended.code == 3
    assert len(ended.out.split()) == 1
    assert ended.err.startswith("Error: 1 of 2 tasks did not succeed:\n  ")


@pytest.mark.parametrize("words", [("describe", "cat.png"), ("shorten", "a very detailed old lighthouse in fog")])
async def test_text_is_printed(real_commands: Commands, folder: Path, words: tuple[str, ...]) -> None:
    ended = await real_commands.run(*words, "--quiet")
    assert ended.code == 0, ended.err
    assert "1️⃣" in ended.out
    assert ended.err == ""


async def test_what_waits_for_an_answer_is_confirmed(real_commands: Commands, drawn: Drawn, stack: Stack) -> None:
    with mjproxy.Client(stack.grpc) as client:
        asked = client.task(drawn[1]).buttons["Custom Zoom"].click()
    ended = await real_commands.run("confirm", asked.id, "--prompt", "a museum --zoom 1.2", "--no-wait")
    assert (ended.code, ended.out) == (0, f"{asked.id}\n")
    watched = await real_commands.run("watch", asked.id, "--json")
    assert (watched.documents[-1]["prompt"], watched.documents[-1]["status"]) == ("a museum --zoom 1.2", "success")


async def test_buttons_are_listed_and_those_that_are_not_there_are_named(real_commands: Commands, drawn: Drawn) -> None:
    listed = await real_commands.run("buttons", drawn[0])
    assert [line.split("\t")[0] or line.split("\t")[1] for line in listed.out.splitlines()] == [
        *("U1", "U2", "U3", "U4", "🔄"),
        *("V1", "V2", "V3", "V4"),
    ]
    refused = await real_commands.run("zoom", drawn[0], "2")
    assert refused.code == 3
    assert refused.err.endswith("does not offer a zoom by 2; it offers U1, U2, U3, U4, 🔄, V1, V2, V3, V4\n")


async def test_button_that_draws_nothing_stores_nothing(real_commands: Commands, drawn: Drawn) -> None:
    pressed = await real_commands.run("click", drawn[1], "❤️", "--json")
    assert pressed.code == 0, pressed.err
    assert (pressed.documents[-1]["action"], pressed.documents[-1]["status"]) == ("bookmark", "success")
    assert pressed.documents[-1]["file"] is None


async def test_seed_and_uploaded_pictures_are_printed(real_commands: Commands, folder: Path, drawn: Drawn) -> None:
    seed = await real_commands.run("seed", drawn[0])
    assert (seed.code, seed.out.strip().isdecimal()) == (0, True)
    uploaded = await real_commands.run("upload", "cat.png", "dog.png")
    assert [line.startswith("http") for line in uploaded.out.splitlines()] == [True, True]


async def test_tasks_are_cancelled(real_commands: Commands, drawn: Drawn) -> None:
    submitted = await real_commands.run("imagine", "a mistake", "--no-wait")
    ended = await real_commands.run("cancel", submitted.out.strip(), drawn[0], "--json")
    assert ended.code == 0
    assert [document["id"] for document in ended.documents] == [submitted.out.strip(), drawn[0]]
    assert ended.documents[1]["status"] == "success"


async def test_picture_is_shown_in_a_terminal(real_commands: Commands, drawn: Drawn) -> None:
    terminal = Terminal()
    process = await real_commands.start("save", drawn[0], "--show", stdin=terminal.slave, stdout=terminal.slave)
    assert (await real_commands.end(process)).code == 0
    shown = await terminal.read()
    assert f"{drawn[0]}.webp" in shown
    assert shown.count("▀") > 100


async def test_accounts_are_added_changed_and_removed(real_commands: Commands) -> None:
    (real_commands.folder / "token").write_text("a-token\n")
    added = await real_commands.run(
        *("accounts", "add", "815", "--token-file", "token", "--disable", "--remark", "spare", "--core-size", "2"),
        *("--fallback-mode", "turbo", "--fallback-mode", "relax", "--json"),
    )
    assert added.code == 0, added.err
    [document] = added.documents
    assert (document["id"], document["enabled"], document["remark"]) == ("815", False, "spare")
    assert (document["core_size"], document["fallback_modes"]) == (2, ["turbo", "relax"])
    assert "a-token" not in added.out + added.err
    changed = await real_commands.run("accounts", "set", "815", "--core-size", "4", "--when-held", "move", "--json")
    assert (changed.documents[0]["core_size"], changed.documents[0]["when_held"]) == (4, "move")
    shown = await real_commands.run("accounts", "show", "815")
    assert "core_size\t4" in shown.out.splitlines()
    assert (await real_commands.run("accounts", "remove", "815", "--yes")).code == 0
    gone = await real_commands.run("accounts", "show", "815")
    assert gone.code == 4


async def test_account_is_disabled_enabled_synchronized_and_set_at_the_bot(real_commands: Commands) -> None:
    account_id = str((await real_commands.run("accounts", "--json")).documents[-1]["id"])
    assert (await real_commands.run("accounts", "disable", account_id, "--json")).documents[0]["enabled"] is False
    assert (await real_commands.run("accounts", "enable", account_id, "--json")).documents[0]["enabled"] is True
    synced = await real_commands.run("accounts", "sync", account_id, "--json")
    assert synced.documents[0]["plan"], json.dumps(synced.documents)
    for remix in ("--remix", "--no-remix"):
        told = await real_commands.run("accounts", "bot-settings", account_id, remix, "--json")
        assert told.documents[0]["remix"] is (remix == "--remix")


async def test_removal_asks_first(real_commands: Commands) -> None:
    ended = await real_commands.run("accounts", "remove", "815")
    assert ended.code == 1
    assert "Remove the account 815?" in ended.err


@pytest.mark.parametrize(("shell", "sign"), [("bash", "complete -o"), ("zsh", "#compdef"), ("fish", "complete --no-")])
async def test_shells_get_a_script_that_completes(real_commands: Commands, shell: str, sign: str) -> None:
    ended = await real_commands.run("completion", shell)
    assert ended.code == 0
    assert sign in ended.out
    assert "_MJPROXY_COMPLETE" in ended.out


@pytest.mark.parametrize(
    ("words", "completed"),
    [("pan 1 l", "left"), ("anim", "animate"), ("accounts en", "enable"), ("accounts set 1 --when", "--when-held")],
)
async def test_the_script_completes_commands_and_values(real_commands: Commands, words: str, completed: str) -> None:
    typed = f"mjproxy {words}"
    place = str(len(typed.split()) - 1)
    environment = {"_MJPROXY_COMPLETE": "zsh_complete", "COMP_WORDS": typed, "COMP_CWORD": place}
    assert completed in (await real_commands.run(**environment)).out.split()
