import pytest

from mjproxy_server.midjourney.content import Verb, parse
from mjproxy_server.midjourney.custom_id import Manner, meaning
from mjproxy_server.midjourney.families import Ending, Family, family_of, strangers_family
from mjproxy_server.model.task import Task
from tests.server.midjourney.midjourney_tasks import BUTTONS, blend, describe, imagine, press, shorten


@pytest.mark.parametrize(
    ("task", "ending"),
    [
        (imagine("A"), Ending.PICTURE),
        (blend("A"), Ending.PICTURE),
        (describe("A"), Ending.TEXT),
        (shorten("A"), Ending.TEXT),
        (press("A", "zoom"), Ending.PICTURE),
        (press("A", "retry"), Ending.REWRITE),
        (press("A", "details"), Ending.REWRITE),
        (press("A", "bookmark"), Ending.NOTE),
    ],
)
def test_with_what_a_job_ends(task: Task, ending: Ending) -> None:
    assert family_of(task).ending is ending


@pytest.mark.parametrize("kind", BUTTONS)
def test_what_changes_its_message_ends_by_that_and_nothing_else_does(kind: str) -> None:
    task = press("A", kind, 1)
    assert task.source is not None
    pressed = meaning(task.source.custom_id)
    assert pressed is not None
    assert (pressed.manner is Manner.IN_PLACE) == (family_of(task).ending is Ending.REWRITE)


@pytest.mark.parametrize(
    ("kind", "text", "may_say"),
    [
        ("zoom", "**p** - <@1> (Waiting to start)", True),
        ("zoom", "**p** - <@1> (20%) (fast)", False),
        ("zoom", "**p** - Zoom Out by <@1> (20%) (fast)", True),
        ("animate", "Creating video with prompt **p** - <@1> (Waiting to start)", True),
        ("animate", "**p** - <@1> (20%) (fast)", True),
        ("variation", "**p** - Variations by <@1> (fast)", True),
        ("variation", "**p** - Remix (Strong) by <@1> (fast)", True),
        ("variation", "**p** - Variations (Region) by <@1> (fast)", False),
        ("region", "**p** - Variations (Region) by <@1> (fast)", True),
        ("upscale subtle", "**p** - Upscaled by <@1> (fast)", True),
        ("upscale subtle", "**p** - Upscaled (Creative) by <@1> (fast)", False),
        ("pan left", "**p** - Pan Left by <@1> (fast)", True),
        ("pan left", "**p** - Pan Up by <@1> (fast)", False),
    ],
)
def test_what_messages_may_say(kind: str, text: str, may_say: bool) -> None:
    content = parse(text)
    assert content is not None
    assert family_of(press("A", kind, 1)).may_say(content) is may_say


@pytest.mark.parametrize("mine", BUTTONS)
@pytest.mark.parametrize("others", BUTTONS)
def test_resemblance_is_mutual(mine: str, others: str) -> None:
    one, other = family_of(press("A", mine, 1)), family_of(press("B", others, 1))
    assert one.resembles(other) == other.resembles(one)


def test_what_a_stranger_may_do_contains_all_that_begins_so() -> None:
    beginning_plainly = strangers_family(Verb.IMAGINE)
    assert {Verb.IMAGINE, Verb.ZOOM_OUT, Verb.PAN, Verb.VARIATIONS} <= beginning_plainly.verbs
    assert strangers_family(Verb.OTHER) == Family(verbs=frozenset({Verb.OTHER}))
