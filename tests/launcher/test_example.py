"""The example configuration, with the parts themselves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from mjproxy.launcher import configuration
from mjproxy.launcher.parts import Parts

EXAMPLE = Path(__file__).parents[2] / "mjproxy.example.toml"
PARTS = ["server", "rest", "simulator"]


@pytest.fixture
def uncommented(tmp_path: Path) -> Path:
    """The example with every setting in force: a setting has its `#` at once before it, prose a space between."""
    file = tmp_path / "mjproxy.toml"
    file.write_text(re.sub(r"^#(?! |$)", "", EXAMPLE.read_text(), flags=re.MULTILINE))
    return file


def test_the_example_is_accepted_with_everything_uncommented(uncommented: Path) -> None:
    configuration.load(Parts.find(), PARTS, uncommented, {})


def test_the_example_says_nothing_as_it_is() -> None:
    assert configuration.load(Parts.find(), PARTS, EXAMPLE, {}).origins.document == {}


def test_the_example_names_every_key_of_every_part(uncommented: Path) -> None:
    loaded = configuration.load(Parts.find(), PARTS, uncommented, {})
    assert [key for settings in loaded.settings.values() for key in unset(settings)] == []


def unset(model: BaseModel, path: str = "") -> Iterator[str]:
    """The keys that got no value.

    Left out are an account's, which `account_defaults` has too, and the limits, which are the simulator's to explain.
    """
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name not in model.model_fields_set:
            yield path + name
        for table in value if isinstance(value, tuple) else (value,):
            if isinstance(table, BaseModel) and name not in {"accounts", "limits"}:
                yield from unset(table, f"{path}{name}.")
