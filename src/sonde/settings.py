"""Every setting, with unit and range. The only module that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import InvalidInput

PREFIX = "SONDE_"
# What other programs call the same thing: read where ours is not set.
FALL_BACKS = {
    "DATABASE_URL": ("database", "url"),
    "REDIS_URL": ("redis", "url"),
    "LOG_LEVEL": ("log", "level"),
    "MODEL_PATH": ("server", "model"),
}


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(_Group):
    """Where models, versions, aliases and keys are recorded."""

    url: SecretStr | None = Field(
        None,
        description="SQLite or PostgreSQL (`postgresql+psycopg://user:password@host/name`); a file "
        "in SONDE_HOME when not set.",
    )
    pool_size: int = Field(5, ge=1, le=1000, description="Connections each process keeps open.")
    timeout_s: float = Field(
        5.0, gt=0, le=600, description="Longest wait for a connection or lock."
    )
    upgrade: bool | None = Field(
        None,
        description="Bring the tables to this version at start; when not set, SQLite files are "
        "and PostgreSQL is left to `sonde db upgrade`.",
    )


class BlobSettings(_Group):
    """Where the bytes of models lie."""

    url: str | None = Field(
        None,
        description="A folder or `s3://bucket/prefix`; `blobs` in SONDE_HOME when not set.",
    )


class RedisSettings(_Group):
    """What several machines count together."""

    url: SecretStr | None = Field(
        None, description="`redis://host:6379/0`; rate limits are counted here when set."
    )
    timeout_s: float = Field(0.25, gt=0, le=60, description="Longest wait for an answer of Redis.")


class ServerSettings(_Group):
    """The service and its processes."""

    host: str = Field("127.0.0.1", description="The address that `sonde serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Its port; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that answer.")
    model: str | None = Field(
        None, description="The model that `POST /predict` asks: a file, or a name of the registry."
    )
    open: bool = Field(False, description="Serve without keys on an address that others can reach.")
    shutdown_s: float = Field(
        20.0, gt=0, le=3600, description="Time that accepted requests get to finish at the end."
    )
    concurrency: int = Field(
        256,
        ge=1,
        le=100_000,
        description="Requests a process takes at once; more are told to come back (503).",
    )
    threads: int = Field(
        2, ge=1, le=256, description="Threads of a process for predictions that take long."
    )
    computers: int = Field(
        1, ge=1, le=64, description="Processes for detecting and training, beside each worker."
    )
    computer_mb: int = Field(
        4096,
        ge=64,
        le=10_000_000,
        description="Megabytes that one detection or training may take; Linux only.",
    )
    waiting: int = Field(
        32, ge=0, le=100_000, description="Detections and trainings that may wait for their turn."
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses (or networks) whose X-Forwarded-For is believed, by commas.",
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="A port of its own for /metrics, beside the service's."
    )


class LimitSettings(_Group):
    """How much one request may ask for. Each is named in the error of whoever passes it."""

    body_mb: int = Field(64, ge=1, le=100_000, description="Megabytes of a body as it is sent.")
    unpacked_mb: int = Field(
        512, ge=1, le=1_000_000, description="Megabytes of a body once it is unpacked."
    )
    rows: int = Field(1_000_000, ge=1, description="Rows of one data set.")
    columns: int = Field(10_000, ge=1, description="Columns of one data set.")
    points: int = Field(20_000_000, ge=1, description="Rows times columns of one data set.")
    depth: int = Field(32, ge=4, le=500, description="Brackets within brackets of a JSON body.")
    data_sets: int = Field(100, ge=1, description="Data sets of one request to detect.")
    seconds: float = Field(30.0, gt=0, le=86_400, description="Seconds of work for one request.")
    body_seconds: float = Field(
        30.0, gt=0, le=86_400, description="Seconds that sending a body may take."
    )


class KeySettings(_Group):
    """Who may ask."""

    first: SecretStr | None = Field(
        None, description="A first key with all scopes, for containers; made by `sonde keys create`"
    )
    first_file: Path | None = Field(None, description="The same in a file.")
    pepper: SecretStr | None = Field(
        None,
        description="Secret mixed into stored keys, the same on all machines; a file in "
        "SONDE_HOME when not set.",
    )


class RateSettings(_Group):
    """How often one may ask; `off` for no limit."""

    per_key: str = Field("off", description="`600/minute`: of each key.")
    per_address: str = Field("off", description="`100/minute`: of each address without a key.")
    failures: str = Field(
        "20/minute", description="Wrong keys of one address before it is told to wait."
    )


class LogSettings(_Group):
    """What is written while the service runs."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least important message that is written."
    )
    format: Literal["json", "text"] | None = Field(
        None, description="JSON lines, or text for a person; by whether it is a terminal."
    )
    requests: bool = Field(True, description="A line for each request.")


class MetricsSettings(_Group):
    """What Prometheus reads."""

    enabled: bool = Field(True, description="Count and time requests; answer /metrics.")
    compatibility_names: bool = Field(
        False,
        description="Also `predictions_total`, `prediction_duration_seconds`, `model_accuracy`, "
        "`prediction_errors_total`.",
    )


class TraceSettings(_Group):
    """Spans for OpenTelemetry."""

    endpoint: str | None = Field(
        None, description="OTLP over HTTP: `http://collector:4318/v1/traces`; none when not set."
    )
    share: float = Field(0.01, ge=0, le=1, description="Share of requests that are traced.")
    service_name: str = Field("sonde", description="What traces call this service.")


class SourceSettings(_Group):
    """What the service may read on behalf of a caller."""

    folders: tuple[Path, ...] = Field(
        (), description="Folders that a request may name files in; none when empty."
    )
    hosts: tuple[str, ...] = Field(
        (), description="Hosts that may be fetched from although their address is private."
    )
    seconds: float = Field(30.0, gt=0, le=3600, description="Longest fetch of one source.")
    redirects: int = Field(3, ge=0, le=20, description="Redirects followed for one source.")


class CacheSettings(_Group):
    """Answers that are kept for the same rows of the same version."""

    entries: int = Field(0, ge=0, le=10_000_000, description="Answers kept; 0 for no cache.")
    seconds: float = Field(300.0, gt=0, le=86_400, description="How long an answer is kept.")
    mb: int = Field(64, ge=1, le=1_000_000, description="Megabytes of kept answers at most.")


class BatchingSettings(_Group):
    """Requests for a slow model scored together."""

    enabled: bool = Field(
        True, description="Batch models for which a measurement at load says that it pays."
    )
    most_rows: int = Field(4096, ge=1, description="Rows of one batch at most.")


class RegistrySettings(_Group):
    """Models in use."""

    poll_s: float = Field(
        1.0, gt=0, le=60, description="How often aliases in use are read again, in seconds."
    )
    models_mb: int = Field(
        1024, ge=1, le=1_000_000, description="Megabytes of models kept in memory, by file size."
    )
    signing: Literal["ed25519", "hmac"] = Field(
        "ed25519",
        description="How new models are signed; `hmac` on one machine only, with a secret there.",
    )


class Settings(BaseSettings):
    """Settings of one process, read once from ``SONDE_…`` variables.

    >>> Settings(max_model_mb=100).max_model_mb
    100
    >>> Settings(limits={"rows": 10}).limits.rows
    10
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
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
    database: DatabaseSettings = DatabaseSettings()
    blobs: BlobSettings = BlobSettings()
    redis: RedisSettings = RedisSettings()
    server: ServerSettings = ServerSettings()
    limits: LimitSettings = LimitSettings()
    keys: KeySettings = KeySettings()
    rates: RateSettings = RateSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    traces: TraceSettings = TraceSettings()
    sources: SourceSettings = SourceSettings()
    cache: CacheSettings = CacheSettings()
    batching: BatchingSettings = BatchingSettings()
    registry: RegistrySettings = RegistrySettings()


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process; ``overrides`` (the words of a command) win.

    Raises
    ------
    InvalidInput : a variable holds what can't be used, or is no setting; the message names it.
    """
    given = _with_fall_backs(overrides, os.environ)
    _refuse_unknown(os.environ)
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = variable(*(str(part) for part in first["loc"]))
        raise InvalidInput(f"setting {name} {_fault(first)}", setting=name) from None


def _fault(found: Any) -> str:
    """What is wrong with a value, and the value; secrets have no kind that is shown."""
    said = _FAULTS.get(found["type"])
    if said is None:
        return f"can't be used: {found['msg']}"
    return f"must be {said.format(**found.get('ctx', {}))}, got {str(found['input'])[:40]!r}"


_FAULTS = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "bool_parsing": "true or false",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
}


def variable(*path: str) -> str:
    """The environment variable of a setting.

    >>> variable("limits", "rows")
    'SONDE_LIMITS__ROWS'
    """
    return PREFIX + "__".join(path).upper()


def fields() -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Each setting by its path, groups opened."""
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, _Group):
            for inner, one in group.model_fields.items():
                yield (name, inner), one
        else:
            yield (name,), field


def _with_fall_backs(
    overrides: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, Any]:
    """``overrides``, completed by what other programs call the same settings."""
    given: dict[str, Any] = {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in overrides.items()
    }
    for name, (group, field) in FALL_BACKS.items():
        value = environment.get(name, "")
        if value and not environment.get(variable(group, field)):
            value = value.lower() if field == "level" else value
            given.setdefault(group, {}).setdefault(field, value)
    return given


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {variable(*path) for path, _ in fields()} | {variable(g) for g in Settings.model_fields}
    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InvalidInput(f"setting {name} is unknown{hint}", setting=name)
