"""The simulator's settings."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mjproxy_simulator.limits import Limits
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.applications import BotName
from mjproxy_simulator.model.members import Plan
from mjproxy_simulator.uncertain import USUAL, Uncertain


class SimulatorSection(BaseModel):
    """The section `[simulator]`: who lives in the simulated world, and by which rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accounts: int = Field(default=3, ge=1, le=10_000, description="How many accounts there are.")
    profile: Profile = Field(default=Profile.OF_2026, description="How the bot ends a job: as in 2023, or as in 2026.")
    seed: str = Field(
        default="mjproxy", min_length=1, description="Decides accounts, ids and tokens; the same ones forever."
    )
    plan: Plan = Field(default=Plan.MEGA, description="What the users pay for.")
    concurrency: int | None = Field(
        default=None, ge=1, description="How many jobs of one account run at the same time, in place of the plan's."
    )
    queue: int = Field(default=10, ge=0, description="How many jobs of one account may wait.")
    bots: tuple[BotName, ...] = Field(
        default=("midjourney", "niji", "insightface"), min_length=1, description="The bots whose commands are listed."
    )
    limits: Limits = Field(default=Limits(), description="The limits that Discord sets.")
    uncertain: Uncertain = Field(default=USUAL, description="How what is not known of the real ones is played.")


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; an IPv6 host stands in brackets.

    Raises:
        ValueError: The address has another form.
    """
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) <= 65535):
        raise ValueError("expected HOST:PORT, such as 127.0.0.1:8090, with a port from 0 (any that is free) to 65535")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _checked_address(address: str) -> str:
    split_address(address)
    return address


class Settings(BaseSettings):
    """All settings of the simulator; the environment (`MJPROXY_SPEED`) wins over what is given in code."""

    model_config = SettingsConfigDict(
        env_prefix="MJPROXY_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    simulator: SimulatorSection = SimulatorSection()
    data: Path = Field(
        default=Path("data"), description="The simulator keeps its things in the folder `simulator` in here."
    )
    simulator_listen: Annotated[str, AfterValidator(_checked_address)] = "127.0.0.1:8090"
    speed: float = Field(
        default=1.0, gt=0, le=1_000_000, description="How many times faster than in life the bot's jobs run."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win, and read no other source."""
        return env_settings, init_settings
