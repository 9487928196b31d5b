import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.discord.gateway.inflate import Inflater


def compressed(messages: list[bytes]) -> list[bytes]:
    stream = zlib.compressobj()
    return [stream.compress(message) + stream.flush(zlib.Z_SYNC_FLUSH) for message in messages]


@given(messages=st.lists(st.binary(min_size=1, max_size=200), max_size=8), data=st.data())
def test_messages_survive_any_split_into_frames(messages: list[bytes], data: st.DataObject) -> None:
    inflater = Inflater()
    inflated = []
    for packet in compressed(messages):
        cut = data.draw(st.integers(min_value=1, max_value=len(packet) - 1))
        frames = [packet[:cut], packet[cut:]]
        inflated.append([inflater.feed(frame) for frame in frames])
    assert inflated == [[None, message] for message in messages]


def test_error_when_the_bytes_are_no_zlib_stream() -> None:
    with pytest.raises(zlib.error):
        Inflater().feed(b"nonsense\x00\x00\xff\xff")


def test_second_connections_stream_cannot_continue_the_first() -> None:
    _, second = compressed([b"one", b"two"])
    with pytest.raises(zlib.error):
        Inflater().feed(second)
