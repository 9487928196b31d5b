from urllib.parse import parse_qs, urlsplit

import pytest

from mjproxy_simulator.discord.links import Links

DAY = 24 * 3600


class Clock:
    time = 1_780_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> Links:
    return Links(b"key", "http://127.0.0.1:8090", clock)


def test_link_has_the_form_of_the_real_one(links: Links) -> None:
    parts = urlsplit(links.attachment(1, 2, "a cat.png"))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == "/attachments/1/2/a%20cat.png"
    assert int(query["ex"], 16) - int(query["is"], 16) == DAY
    assert len(query["hm"]) == 64
    assert parts.query.endswith("&")


def test_link_holds_for_a_day(links: Links, clock: Clock) -> None:
    url = links.attachment(1, 2, "cat.png")
    clock.time += DAY - 1
    assert links.resolves(url)
    clock.time += 1
    assert not links.resolves(url)
    assert links.own(url) == (1, 2, "cat.png")


def test_link_is_renewed_however_old_it_is(links: Links, clock: Clock) -> None:
    urls = links.attachment(1, 2, "a cat.png"), links.ephemeral_attachment(1, 2, "a cat.png")
    clock.time += DAY
    for url in urls:
        renewed = links.renewed(url)
        assert links.resolves(renewed)
        assert urlsplit(renewed).path == urlsplit(url).path
    foreign = "https://example.com/attachments/1/2/cat.png"
    assert links.renewed(foreign) == foreign


@pytest.mark.parametrize(
    ("written", "forged"), [("/1/2/", "/1/3/"), ("cat", "dog"), ("ex=6", "ex=7"), ("hm=", "hm=é"), ("hm=", "no=")]
)
def test_forged_link_does_not_hold(links: Links, written: str, forged: str) -> None:
    url = links.attachment(1, 2, "cat.png")
    assert written in url
    assert not links.resolves(url.replace(written, forged, 1))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/cat.png", True),
        ("https://pictures.invalid/cat.png", False),
        ("https://invalid/cat.png", False),
        ("https://", False),
        ("http://[::1", False),
        ("http://127.0.0.1:8090/elsewhere", False),
    ],
)
def test_other_hosts_are_taken_at_their_word(links: Links, url: str, expected: bool) -> None:
    assert links.resolves(url) is expected
    assert links.own(url) is None
