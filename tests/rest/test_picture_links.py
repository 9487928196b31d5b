from hypothesis import given
from hypothesis import strategies as st

from mjproxy_rest.picture_links import OwnLinks, holds, moved, picture_name
from mjproxy_rest.picture_store import kept_name
from tests.rest.rest_server import running

PATH = "https://cdn.discordapp.com/attachments/1/2/a_cat_5f2a1826.png"


def signed(expiry: int) -> str:
    return f"{PATH}?ex={expiry:x}&is=6a1eb1be&hm=02bb&"


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_a_name_does_not_depend_on_host_or_signature(one: int, other: int) -> None:
    assert picture_name(signed(one)) == picture_name(moved(signed(other), "https://mirror.example"))


@given(st.text(), st.text())
def test_every_text_has_a_name_that_can_be_kept_and_others_have_others(one: str, other: str) -> None:
    url, another = f"https://cdn.discordapp.com/{one}", f"https://cdn.discordapp.com/{other}"
    assert kept_name("1", picture_name(url))
    assert kept_name("1", picture_name(one))
    assert (picture_name(url) == picture_name(another)) == (one.partition("?")[0] == other.partition("?")[0])


def test_a_mirrors_path_stands_before_the_links_own() -> None:
    assert moved(signed(1), "https://m.example/cdn/") == signed(1).replace(
        "https://cdn.discordapp.com", "https://m.example/cdn"
    )


def test_a_link_holds_until_a_minute_before_its_end() -> None:
    assert holds(signed(1061), 1000)
    assert not holds(signed(1060), 1000)


def test_a_link_that_is_not_signed_holds_always() -> None:
    assert holds(PATH, 10**12)
    assert holds(f"{PATH}?ex=zz", 10**12)


def test_where_a_shown_link_leads_is_remembered_while_it_holds() -> None:
    now = 1000.0
    links = OwnLinks("https://mj.example/", lambda: now)
    task = running("1")
    assert links.image_url(task) is None
    task.image_url = signed(2000)
    name = picture_name(PATH)
    assert links.image_url(task) == f"https://mj.example/mj/image/1/{name}"
    assert links.source("1", name) == signed(2000)
    assert links.source("2", name) is None
    now = 1990.0
    assert links.source("1", name) is None


def test_so_many_links_are_remembered_and_the_oldest_go_first() -> None:
    links = OwnLinks("https://mj.example", lambda: 0)
    task = running("1")
    for number in range(10_000):
        task.image_url = f"https://cdn.discordapp.com/{number}.png"
        links.image_url(task)
    remembered = [
        number
        for number in range(10_000)
        if links.source("1", picture_name(f"https://cdn.discordapp.com/{number}.png")) is not None
    ]
    assert remembered == list(range(10_000 - 8192, 10_000))
