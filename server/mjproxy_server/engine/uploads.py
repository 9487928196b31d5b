"""Uploading images for the sake of their URLs, which prompts may then hold."""

from collections.abc import Sequence
from typing import Final

from mjproxy_server.discord.errors import DiscordError
from mjproxy_server.discord.rest.types import UploadFile
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.images import GivenImage, check_stored
from mjproxy_server.model.account import AccountFilter
from mjproxy_server.model.errors import InvalidField, NoAccount, Unavailable

MOST_UPLOADED: Final = 10


class Uploads:
    """Posts images into the channel of an account."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def upload(self, images: Sequence[GivenImage], wanted: AccountFilter) -> list[str]:
        """Returns a URL for each image, in order.

        Raises:
            InvalidField: There is none, or one is wrong; the error names it.
            NoAccount: No enabled account matches.
            Unavailable: Discord did not take them.
        """
        if not 1 <= len(images) <= MOST_UPLOADED:
            raise InvalidField("images", f"expected 1 to {MOST_UPLOADED}, got {len(images)}")
        checked = await check_stored("images", images, most=MOST_UPLOADED)
        chosen = next(self._fleet.choose(wanted), None)
        if chosen is None:
            raise NoAccount
        self._fleet.take(chosen, 0)
        account = chosen.account
        rest = self._fleet.lane(account.id).link.rest
        files = [
            UploadFile(f"image-{number + 1}.{image.media_type.partition('/')[2]}", image.data, image.media_type)
            for number, image in enumerate(checked)
        ]
        try:
            return await rest.send_attachment_message(account.id, await rest.upload(account.id, files))
        except DiscordError as error:
            raise Unavailable(f"Discord did not take the images: {error}") from error
