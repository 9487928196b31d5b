"""The configuration in force: the file, the environment over it, and the command line's flags over both.

The keys of the file belong to the parts; the launcher checks none of them by itself. Each part is given the keys that
its settings have, and a key that no part knows is refused.
"""

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from mjproxy.launcher import problems
from mjproxy.launcher.errors import ConfigurationRefused
from mjproxy.launcher.origins import Origins, variable
from mjproxy.launcher.parts import Parts

DEFAULT_FILE: Final = Path("mjproxy.toml")


@dataclass(frozen=True)
class Configuration:
    """Checked settings.

    Attributes:
        settings: Each part's settings, by the part's name.
        origins: Where each value came from.
    """

    settings: Mapping[str, BaseSettings]
    origins: Origins

    def value(self, key: str) -> object:
        """The value of a top-level key, from the first part that has it.

        Raises:
            KeyError: No part has it.
        """
        for settings in self.settings.values():
            if key in type(settings).model_fields:
                value: object = getattr(settings, key)
                return value
        raise KeyError(key)


def load(parts: Parts, used: Iterable[str], file: Path | None, flags: Mapping[str, str]) -> Configuration:
    """Reads and checks the configuration.

    Args:
        parts: The parts whose keys may be in the file; an unknown key is refused if these are all.
        used: The names of those that will run; values are checked for these.
        file: The configuration file; `None` for `mjproxy.toml`, if there is one.
        flags: Values given on the command line, by key.

    Raises:
        PartNotInstalled: A part that is to run is not there.
        ConfigurationRefused: The file cannot be read or has an unknown key, or a value is wrong wherever it came from.
    """
    document = _read(file or DEFAULT_FILE, must_exist=file is not None)
    environment = {name.upper(): value for name, value in os.environ.items()}
    origins = Origins(flags, environment, str(file or DEFAULT_FILE), document)
    faults = list(_unknown_keys(parts, origins))
    settings: dict[str, BaseSettings] = {}
    with _as_variables(flags):
        for name in used:
            try:
                settings[name] = _make(parts.require(name).Settings, origins)
            except ConfigurationRefused as refused:
                faults += refused.problems
    if faults:
        raise ConfigurationRefused(faults)
    return Configuration(settings, origins)


def _unknown_keys(parts: Parts, origins: Origins) -> Iterator[str]:
    if not parts.is_complete:
        return
    known = {key for part in parts.installed.values() for key in part.Settings.model_fields}
    for key in origins.document:
        if key not in known:
            yield problems.unknown_key(origins.file_name, (key,), known)


def _make(settings: type[BaseSettings], origins: Origins) -> BaseSettings:
    own: dict[str, Any] = {key: value for key, value in origins.document.items() if key in settings.model_fields}
    try:
        return settings(**own)
    except ValidationError as error:  # The causes are cut off below: they quote the input, and may quote a secret.
        raise ConfigurationRefused(problems.invalid_values(error, settings, origins)) from None
    except SettingsError as error:
        raise ConfigurationRefused([problems.undecodable(error)]) from None


def _read(file: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError:
        if not must_exist:
            return {}
        raise ConfigurationRefused([f"{file}: there is no such file"]) from None
    except OSError as error:
        raise ConfigurationRefused([f"{file}: cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise ConfigurationRefused([f"{file}: is no TOML: {error}"]) from error


@contextmanager
def _as_variables(flags: Mapping[str, str]) -> Iterator[None]:
    """Puts the flags above the environment, by being the environment while the settings are made."""
    before = dict(os.environ)
    os.environ.update({variable((key,)): value for key, value in flags.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
