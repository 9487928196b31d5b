"""Answers that are sent while they come to be."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Send


class OwnedStream(StreamingResponse):
    """A stream whose source is closed as soon as it is not sent any longer: at its end, or because its reader left."""

    def __init__(
        self,
        content: AsyncIterator[bytes],
        close: Callable[[], Awaitable[None]],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        """Prepares a stream.

        Args:
            content: What is sent.
            close: Closes the source of the content. Called once, even if nothing was read.
            status: The HTTP status.
            headers: The headers.
            media_type: The content type, if the headers have none.
        """
        self._close = close
        super().__init__(content, status, headers, media_type)

    async def stream_response(self, send: Send) -> None:
        """Sends the stream."""
        try:
            await super().stream_response(send)
        finally:
            await self._close()
