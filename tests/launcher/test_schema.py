"""What a setting expects, in words."""

from typing import Annotated

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings

from mjproxy.launcher.schema import SettingsSchema


class Bounded(BaseSettings):
    either: Annotated[int, Field(ge=1)] = 1
    both: Annotated[int, Field(ge=1, le=100)] = 1
    open_below: Annotated[float, Field(gt=0, le=30)] = 1
    text: Annotated[str, Field(min_length=1, max_length=64)] = "a"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("either", "a whole number of at least 1"),
        ("both", "a whole number from 1 to 100"),
        ("open_below", "a number greater than 0 and at most 30"),
        ("text", "text of 1 to 64 characters"),
    ],
)
def test_bounds_are_told_together(name: str, expected: str) -> None:
    assert SettingsSchema(Bounded).expected((name,)) == expected
