"""The client for programs that wait."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import httpx

from ..errors import SondeError
from . import operations
from .addresses import below
from .carrier import Carrier
from .connection import Verify, httpx_options, line_to
from .many import with_detectors
from .payloads import check_format
from .results import Detected, Health, ModelRecord, Predicted, Readiness, VersionRecord
from .retrying import Policy


class Client:
    """A service, asked over HTTP. Connections are kept and reused; threads may share a client.

    Parameters
    ----------
    base_url : where the service is, ``"https://host:8000"``; without user and password.
    api_key : who asks; read from nowhere else. It is sent to this scheme, host and port only,
        and stands in no message, log or ``repr``.
    timeout : seconds of one attempt; where a file is sent or fetched, of each silence in it.
    deadline : seconds of an operation with all attempts and waits.
    max_retries : further attempts after connection errors, time-outs and the statuses 408, 425,
        429, 500, 502, 503 and 504.
    retry_delay : longest wait before the second attempt, in seconds; doubled with each one. The
        wait is a random share of it, and never shorter than the service asks for (Retry-After).
    max_delay : longest wait. Where the service asks for more the error is raised at once and says
        when to come back.
    format : how data and answers travel. ``"auto"`` takes JSON for few cells and Arrow for many;
        the numbers are the same to the bit.
    verify : False for any certificate, or a file, folder or ``ssl.SSLContext`` of those that are
        trusted instead of the usual ones.
    headers : sent with every request.
    transport : an httpx transport in place of the usual one, for a proxy or a Unix socket.
        Proxies are not taken from the environment.

    Raises
    ------
    InvalidInput : an argument that can't be used.

    Every method raises what the service refuses as the error of ``sonde.errors`` that the same
    mistake raises here, with ``status`` and ``request_id``; Unavailable where no answer came, and
    TimeLimit where none came in time.

    Examples
    --------
    >>> from sonde.client import Client
    >>> with Client("http://localhost:8000", api_key="sk_secret") as client:
    ...     print(client)
    Client('http://localhost:8000')
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        timeout: float = 30.0,
        deadline: float = 120.0,
        max_retries: int = 3,
        retry_delay: float = 0.5,
        max_delay: float = 30.0,
        format: str = "auto",
        verify: Verify = True,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        policy = Policy(timeout, deadline, max_retries, retry_delay, max_delay)
        line = line_to(base_url, api_key, headers, policy)
        self._format = check_format(format)
        self._carrier = Carrier(httpx.Client(**httpx_options(line, verify, transport)), line)

    def __repr__(self) -> str:
        return f"Client({self._carrier.address!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds connections and a key; make one in each process")

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the client can't be used any more."""
        self._carrier.close()

    def detect(self, data: Any, **options: Any) -> Detected:
        """What is strange in ``data``, learned from the data themselves.

        Parameters
        ----------
        data : the path of a file, an open binary file, a frame (pandas, Polars, Arrow), a dict of
            columns, an array (n_rows,) or (n_rows, n_columns), or a Series, Panel or Table. CSV,
            Parquet and Arrow files are sent as they are, in pieces; others are read here.
        options : those of ``sonde.detect``, by the same names; ``detector`` by its name.
        """
        return self._carrier.done(operations.detect(data, options, self._format))

    def detect_many(
        self, data: Sequence[Any], detector: str | Sequence[str] = "auto", **options: Any
    ) -> list[Detected | SondeError]:
        """``detect`` for each data set; a failure is an error in its place and the rest goes on.

        ``detector`` is one for all, or a list with one for each.
        """
        answers: list[Detected | SondeError] = []
        for one, name in with_detectors(data, detector):
            try:
                answers.append(self.detect(one, detector=name, **options))
            except SondeError as error:
                answers.append(error)
        return answers

    def train(
        self,
        name: str,
        data: Any = None,
        task: str = "detect",
        model: str = "auto",
        *,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> VersionRecord:
        """Train a model on ``data`` and register it as the next version of ``name``.

        Parameters
        ----------
        data : as for ``detect``; None where ``source=`` says where the service finds them.
        model : a name of ``sonde detectors``, or ``"auto"``.
        idempotency_key : names this training; the same key again gives the same version and
            trains nothing. A new one for each call when left out.
        options : those of ``detect``.
        """
        asked = {"task": task, "model": model, **options}
        return self._carrier.done(
            operations.train(name, data, asked, self._format, idempotency_key)
        )

    def predict(
        self,
        name: str,
        data: Any,
        *,
        version: int | str | None = None,
        alias: str | None = None,
        key: str | None = None,
        **options: Any,
    ) -> Predicted:
        """What a registered model says of ``data``.

        Parameters
        ----------
        version, alias : which one; when left out the alias ``champion``, or else the latest.
        key : keeps a user with one side of a split deployment.
        options : ``time`` and ``id`` where the columns are called otherwise than in training.
        """
        asked = {"key": key, **options}
        steps = operations.predict(name, data, asked, version, alias, self._format)
        return self._carrier.done(steps)

    def models(self, **filters: Any) -> Iterator[ModelRecord]:
        """All registered models, asked for page by page.

        ``filters``: ``task``, ``tag``, ``prefix``, and ``limit``, the records of one page.
        """
        return self._carrier.pages(below("models"), filters, ModelRecord)

    def versions(self, name: str, **filters: Any) -> Iterator[VersionRecord]:
        """All versions of a model; ``limit`` as for ``models``."""
        return self._carrier.pages(below("models", name, "versions"), filters, VersionRecord)

    def model(self, name: str) -> ModelRecord:
        """One registered model."""
        return self._carrier.done(operations.model(name))

    def version(
        self, name: str, version: int | str | None = None, *, alias: str | None = None
    ) -> VersionRecord:
        """One version of a model; when neither is given the one that would answer."""
        return self._carrier.done(operations.version(name, version, alias))

    def delete(self, name: str, version: int | str | None = None) -> None:
        """Delete one version, or the whole model where none is named."""
        self._carrier.done(operations.delete(name, version))

    def alias(self, name: str, alias: str, version: int) -> ModelRecord:
        """Let ``alias`` stand for the version of this number from now on."""
        return self._carrier.done(operations.set_alias(name, alias, version))

    def drop_alias(self, name: str, alias: str) -> None:
        """Take an alias away; the version stays."""
        self._carrier.done(operations.drop_alias(name, alias))

    def describe(
        self,
        name: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ModelRecord:
        """Change the description or the tags of a model; what is None stays."""
        return self._carrier.done(
            operations.describe(name, {"description": description, "tags": tags})
        )

    def evaluation(
        self, name: str, version: int | str | None = None, *, alias: str | None = None
    ) -> dict[str, Any]:
        """How well a version did when it was measured, as plain values."""
        return self._carrier.done(operations.evaluation(name, version, alias))

    def card(
        self,
        name: str,
        version: int | str | None = None,
        *,
        alias: str | None = None,
        format: str = "markdown",
    ) -> str:
        """The model card of a version, as ``"markdown"`` or ``"html"``."""
        return self._carrier.done(operations.card(name, version, alias, format))

    def export(
        self,
        name: str,
        path: str | os.PathLike[str],
        version: int | str | None = None,
        *,
        alias: str | None = None,
    ) -> Path:
        """Save the model's file at ``path``, which is there whole or not at all; its checksum
        is compared."""
        return self._carrier.done(operations.export(name, Path(path), version, alias))

    def upload(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> VersionRecord:
        """Register the model file at ``path`` as the next version of ``name``.

        ``options``: ``label`` and others that the service takes; ``idempotency_key`` as for
        ``train``.
        """
        return self._carrier.done(operations.upload(name, Path(path), options, idempotency_key))

    def health(self) -> Health:
        """Whether the process is alive."""
        return self._carrier.done(operations.health())

    def ready(self) -> Readiness:
        """Whether it can answer now, and what is missing where not; no error then."""
        return self._carrier.done(operations.ready())

    def detect_anomalies(
        self,
        data: Any,
        algorithm: str = "isolation_forest",
        contamination: float = 0.1,
        **parameters: Any,
    ) -> Detected:
        """``detect`` by the name of an earlier guide; ``parameters`` are the detector's."""
        return self.detect(
            data, detector=algorithm, contamination=contamination, parameters=parameters or None
        )

    def train_model(
        self, training_data: Any, algorithm: str, model_name: str, **parameters: Any
    ) -> VersionRecord:
        """``train`` by the name of an earlier guide; ``parameters`` are the detector's."""
        return self.train(model_name, training_data, model=algorithm, parameters=parameters or None)

    def predict_with_model(self, model_name: str, data: Any) -> Predicted:
        """``predict`` by the name of an earlier guide."""
        return self.predict(model_name, data)

    def health_check(self) -> Health:
        """``health`` by the name of an earlier guide."""
        return self.health()
