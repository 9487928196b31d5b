"""Fetching from Discord's CDN by way of a proxy."""

import pytest

from mjproxy_rest.cdn import Cdn, PictureUnreachable, open_http
from tests.socks import socks_proxy


async def test_a_proxy_that_breaks_off_makes_a_picture_unreachable() -> None:
    async with socks_proxy(breaks_off=True) as address, open_http(f"socks5h://{address}") as http:
        with pytest.raises(PictureUnreachable, match="ProxyError at"):
            await Cdn(http).fetch("https://cdn.discordapp.com/attachments/1/2/a.png", "GET", {})
