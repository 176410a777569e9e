"""Every setting, with unit and range. The only module that reads the environment."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import InvalidInput


class Settings(BaseSettings):
    """Settings of one process, read once from ``SONDE_…`` variables.

    >>> Settings(max_model_mb=100).max_model_mb
    100
    """

    model_config = SettingsConfigDict(
        env_prefix="SONDE_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("sonde")),
        description="Folder for keys and models; made at first need.",
    )
    max_model_mb: int = Field(
        4096, ge=1, le=1_000_000, description="Largest model file that is opened, in megabytes."
    )
    parts_above_mb: int = Field(
        2048,
        ge=1,
        le=10_000_000,
        description="Files that would take more memory than this, in megabytes, are read part by "
        "part where the detector allows it.",
    )
    memory_mb: int | None = Field(
        None,
        ge=16,
        le=10_000_000,
        description="Most memory that reading a file whole may take, in megabytes; what would take "
        "more is refused. Half of what is free when not set.",
    )


def read_settings() -> Settings:
    """The settings of this process.

    Raises
    ------
    InvalidInput : a variable holds what can't be used; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "SONDE_" + "__".join(str(part) for part in first["loc"]).upper()
        raise InvalidInput(f"setting {name}: {first['msg']}", setting=name) from None
