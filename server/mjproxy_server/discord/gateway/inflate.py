"""Transport compression of the gateway, `zlib-stream` (Discord API reference, "Transport Compression").

One zlib stream runs through all binary frames of a connection. The server flushes it at the end of each message, and a
flush leaves a mark at the end of the bytes; a message may be spread over several frames.
"""

import zlib

FLUSH_MARK = b"\x00\x00\xff\xff"


class Inflater:
    """The inflating end of one connection's stream; a new connection needs a new one."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._pending = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Take one binary frame; return the message that it completes, or None if more frames belong to it.

        Raises:
            zlib.error: If the bytes are no zlib stream. The connection is then of no use any more.
        """
        self._pending += data
        if not self._pending.endswith(FLUSH_MARK):
            return None
        message = self._stream.decompress(self._pending)
        self._pending.clear()
        return message
