import pytest

from mjproxy_server.discord.browser import Browser

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/136.0.0.0 Safari/537.36",
            ("Chrome", "136.0.0.0", "Windows"),
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/136.0.0.0 Safari/537.36 Edg/136.0.1.2",
            ("Edge", "136.0.1.2", "Windows"),
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", ("Firefox", "128.0", "Linux")),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15",
            ("Safari", "17.4", "Mac OS X"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Safari/604.1",
            ("Safari", "17.4", "iOS"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} Chrome/124.0.0.0 Mobile Safari/537.36",
            ("Chrome", "124.0.0.0", "Android"),
        ),
        ("curl/8.5", ("", "", "")),
    ],
)
def test_user_agent_tells_browser_version_and_system(user_agent: str, expected: tuple[str, str, str]) -> None:
    browser = Browser.from_user_agent(user_agent)
    assert (browser.name, browser.version, browser.system) == expected
