import pytest
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from mjproxy.terms import Action, Bot, Mode, Status, Term
from mjproxy.v1 import task_pb2 as pb


@pytest.mark.parametrize(
    ("terms", "enumeration", "prefix"),
    [
        (Status, pb.TaskStatus, "TASK_STATUS_"),
        (Action, pb.Action, "ACTION_"),
        (Mode, pb.Mode, "MODE_"),
        (Bot, pb.BotType, "BOT_TYPE_"),
    ],
)
def test_terms_are_the_names_of_the_contract(terms: type[Term], enumeration: EnumTypeWrapper, prefix: str) -> None:
    contract = {number: name.removeprefix(prefix).lower() for name, number in enumeration.items()}
    contract[0] = "unknown"
    assert {term.number: str(term) for term in terms} == contract


def test_number_of_a_newer_server_is_unknown() -> None:
    assert Status.of(99) is Status.UNKNOWN
    assert not Status.of(99).ended


def test_words_are_parsed_but_for_unknown() -> None:
    assert [Mode.parse(word) for word in Mode.words()] == [Mode.FAST, Mode.RELAX, Mode.TURBO]
    with pytest.raises(ValueError, match="none of fast, relax, turbo"):
        Mode.parse("unknown")


def test_ends_are_those_of_the_contract() -> None:
    assert {status for status in Status if status.ended} == {Status.SUCCESS, Status.FAILURE, Status.CANCELLED}
