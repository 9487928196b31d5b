"""Scenarios: what a gateway once told of an account, or might have, written down so that it can be told again.

In the texts of a scenario stand placeholders for what differs from one account to the next: `$CHANNEL`, `$GUILD`,
`$USER`, `$BOT`, `$NONCE` (that of the account's newest interaction) and `$ID1`, `$ID2`, ... (new snowflakes; the same
number stands for the same one everywhere, and the greater number for the greater one).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import orjson
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from mjproxy_simulator.control.answers import Body, bad_request
from mjproxy_simulator.control.complaints import complaint
from mjproxy_simulator.discord.forms import Json
from mjproxy_simulator.discord.readings import Identifier, MessageReading, PartialMessageReading, PlaceReading
from mjproxy_simulator.model.accounts import Account
from mjproxy_simulator.model.applications import MIDJOURNEY

EventType = Literal[
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "INTERACTION_CREATE",
    "INTERACTION_SUCCESS",
    "INTERACTION_FAILURE",
    "INTERACTION_MODAL_CREATE",
    "INTERACTION_IFRAME_MODAL_CREATE",
]

_PLACEHOLDER: Final = re.compile(r"\$(CHANNEL|GUILD|USER|BOT|NONCE|ID[1-9][0-9]{0,8})(?![A-Z0-9])")
_DAY: Final = 86_400.0


class ScenarioEvent(Body):
    """An event; `after` is in seconds after the one before it."""

    after: Annotated[float, Field(ge=0, le=_DAY, allow_inf_nan=False)]
    type: EventType
    data: Json


class Scenario(Body):
    """Events in the order in which they are told."""

    name: str = Field(min_length=1)
    events: tuple[ScenarioEvent, ...]


class _Interaction(BaseModel):
    id: Identifier


_DATA: Final[dict[EventType, type[BaseModel]]] = {
    "MESSAGE_CREATE": MessageReading,
    "MESSAGE_UPDATE": PartialMessageReading,
    "MESSAGE_DELETE": PlaceReading,
    "INTERACTION_CREATE": _Interaction,
    "INTERACTION_SUCCESS": _Interaction,
    "INTERACTION_FAILURE": _Interaction,
    "INTERACTION_MODAL_CREATE": _Interaction,
    "INTERACTION_IFRAME_MODAL_CREATE": _Interaction,
}


@dataclass(frozen=True, slots=True)
class Cast:
    """A scenario with an account in it: nothing stands for anything else any more.

    Attributes:
        ids: The new snowflakes, by their placeholders.
        events: When each event is due, in seconds after the beginning, its type and its data.
    """

    ids: Mapping[str, str]
    events: tuple[tuple[float, EventType, Json], ...]


def cast(scenario: Scenario, account: Account, nonce: str | None, new_id: Callable[[], int]) -> Cast:
    """Return a scenario with an account in it.

    Args:
        scenario: What is told.
        account: Whom it is told to.
        nonce: That of the account's newest interaction; None if it has sent none.
        new_id: Draws snowflakes.

    Raises:
        HTTPException: The scenario makes no sense; it names the place.
    """
    values = {
        "$CHANNEL": str(account.channel_id),
        "$GUILD": str(account.guild_id),
        "$USER": str(account.user.id),
        "$BOT": str(MIDJOURNEY.id),
    }
    if nonce is not None:
        values["$NONCE"] = nonce
    ids = {name: str(new_id()) for name in _ids_in(scenario)}
    events = tuple(_filled_in(scenario, values | ids))
    _check(events, account)
    return Cast(ids, events)


def _ids_in(scenario: Scenario) -> list[str]:
    """Return the placeholders of new snowflakes, in the order of their numbers."""
    found = {name for event in scenario.events for name in _placeholders(event.data)}
    return sorted((name for name in found if name.startswith("$ID")), key=lambda name: int(name.removeprefix("$ID")))


def _placeholders(data: object) -> set[str]:
    return {match[0] for text in _texts(data) for match in _PLACEHOLDER.finditer(text)}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for each in value.values() for text in _texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in _texts(each))


def _filled_in(scenario: Scenario, values: Mapping[str, str]) -> Iterator[tuple[float, EventType, Json]]:
    due = 0.0
    for number, event in enumerate(scenario.events):
        due += event.after
        if "$NONCE" in _placeholders(event.data) - values.keys():
            raise bad_request(
                f"events.{number}.data: $NONCE stands for nothing, for the account has sent no interaction"
            )
        yield due, event.type, {key: _replaced(each, values) for key, each in event.data.items()}


def _replaced(value: object, values: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: values[match[0]], value)
    if isinstance(value, dict):
        return {key: _replaced(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, values) for each in value]
    return value


def _check(events: tuple[tuple[float, EventType, Json], ...], account: Account) -> None:
    channels = {str(channel.id) for channel in account.channels}
    for number, (_, kind, data) in enumerate(events):
        place = ("events", number, "data")
        form: TypeAdapter[BaseModel] = TypeAdapter(_DATA[kind])
        try:
            form.validate_python(data)
            orjson.dumps(data)
        except ValidationError as error:
            raise bad_request(complaint(error, form, place)) from None
        except TypeError as error:
            raise bad_request(f"events.{number}.data: {error}") from None
        if kind.startswith("MESSAGE") and str(data["channel_id"]) not in channels:
            raise bad_request(
                f"events.{number}.data.channel_id: must be a channel of the account, as $CHANNEL is, "
                f"not {data['channel_id']!r}"
            )
