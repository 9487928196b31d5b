import pytest

from mjproxy_server.discord.gateway.close_codes import RESUMABLE_CLOSE, Verdict, meaning_of


@pytest.mark.parametrize(
    ("codes", "verdict"),
    [
        ([1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008], Verdict.RESUME),
        ([4003, 4006, 4007, 4009], Verdict.NEW_SESSION),
        ([4004, 4010, 4011, 4012, 4013, 4014, 4015], Verdict.FATAL),
        ([1005, 1011, 3000, 4999], Verdict.RESUME),
    ],
)
def test_verdicts(codes: list[int], verdict: Verdict) -> None:
    assert {meaning_of(code).verdict for code in codes} == {verdict}


def test_own_close_code_does_not_end_the_session() -> None:
    assert RESUMABLE_CLOSE not in {1000, 1001}
