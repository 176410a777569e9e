"""Every object of a serving process, built once from the settings."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ...app import bring_up
from ...core import ModelRef
from ...errors import Forbidden, InvalidInput, SondeError, Unavailable
from ...learn import Detector
from ...learn.catalogue import describe
from ...registry.blobs import open_blobs
from ...registry.queries import estimators_in
from ...registry.served import RegistryModels
from ...registry.versions import Registry
from ...security import Keyring
from ...security.addresses import networks
from ...security.keys import Keys, first_key_text, pepper_of
from ...security.rates import Rates, parse_rate
from ...serving import Predictor
from ...serving.batching import Batcher
from ...serving.cache import CachedPredictor
from ...serving.computers import Computers
from ...settings import Settings
from ...storage import database_of
from ...telemetry.logs import RequestLog, log
from ...telemetry.metrics import Metrics
from ...telemetry.traces import Tracer
from ...wire.limits import Limits
from .costs import Costs
from .once import Once
from .requests import Bodies, Places, Request
from .served_file import ServedFile
from .warming import Warming

if TYPE_CHECKING:
    from ...serving.measure import Cost

T = TypeVar("T")
OPEN = "open"  # who asks where no keys are wanted
_OFF = "off"
_AGAIN_S = 1.0  # between two tries to start
_SAID_S = 1.0  # for which the quality of a data set need not be said again
_MOST_DATASETS = 1000


class Ready(NamedTuple):
    """A model with its version, and what it costs."""

    answer: tuple[Detector, str]
    cost: Cost

    @property
    def model(self) -> Detector:
        return self.answer[0]


class Parts:
    """What handlers work with. Nothing is connected to before it is used.

    ``keys`` is None where the service is open to all; ``rates`` where nothing is counted.
    ``served`` is the model of ``POST /predict``, ``file`` its file where it is one.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        *,
        is_open: bool,
        computers: Computers,
        served: ModelRef | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.log = log("sonde.service")
        self.requests_log = RequestLog(settings.log.requests)
        self.tracer = Tracer(
            settings.traces.endpoint, settings.traces.share, settings.traces.service_name
        )
        # Whether anybody hears what is known of a request.
        self.is_logging, self.is_tracing = settings.log.requests, self.tracer.is_on
        self.keyring = Keyring(settings.home / "keys", settings.registry.signing)
        self.database = database_of(settings)
        self.blobs = open_blobs(settings.blobs.url, settings.home)
        self.registry = Registry(
            self.database, self.blobs, self.keyring, settings.max_model_mb * 2**20
        )
        self.served = served
        self.file = None
        if served is not None and served.is_file:
            self.file = ServedFile(served, self.keyring, settings.max_model_mb * 2**20)
        self.models = RegistryModels(lambda: self.registry, settings.registry.models_mb, self.file)
        self.starting: str | None = "the service is starting"
        self._served_problem: str | None = None
        self._closing = threading.Event()
        predictor = Predictor(self.models)
        self.predictor: Any = predictor
        if settings.cache.entries:
            self.predictor = CachedPredictor(
                predictor,
                self.models,
                entries=settings.cache.entries,
                seconds=settings.cache.seconds,
                mb=settings.cache.mb,
            )
        self.threads = ThreadPoolExecutor(settings.server.threads, "sonde-predict")
        self.helpers = ThreadPoolExecutor(8, "sonde-helper")
        # Of their own, so that bodies that take long keep no key and no alias waiting.
        self.decoders = ThreadPoolExecutor(2, "sonde-decoder")
        self.batcher = None
        if settings.batching.enabled:
            self.batcher = Batcher(
                self.predictor.predict_many, self.threads, settings.batching.most_rows
            )
        self.costs = Costs()
        self._qualities: dict[str, tuple[float, float]] = {}  # what was said, and until when
        self.computers = computers
        self.places = Places(settings.server.concurrency)
        self.limits = Limits.of(settings.limits)
        self.limits_dict = asdict(self.limits)
        self.bodies = Bodies(
            settings.limits.body_mb * 2**20, settings.limits.body_seconds, self.places
        )
        self.proxies = networks(settings.server.trusted_proxies)
        self.keys = None if is_open else self._keys()
        self.rates = self._rates()
        self.is_counted_afar = settings.redis.url is not None
        self.once = Once(self)
        self.warming = Warming(self.log)

    def _keys(self) -> Keys:
        given = self.settings.keys
        keys = Keys(self.database, pepper_of(_secret(given.pepper), self.settings.home))
        self._first_key = first_key_text(_secret(given.first), given.first_file)
        return keys

    def _rates(self) -> Rates | None:
        given = self.settings.rates
        for name, text in given:  # also those that nobody counts by here
            parse_rate(text, f"SONDE_RATES__{name.upper()}")
        if self.keys is None and given.per_address == _OFF:
            return None
        return Rates(
            given.per_key,
            given.per_address,
            given.failures,
            _secret(self.settings.redis.url),
            self.settings.redis.timeout_s,
        )

    # --- what every handler asks -------------------------------------------------------------

    def allow(self, request: Request, scope: str) -> None:
        """Raise Forbidden where the caller's key lacks a scope; fine where the service is open."""
        if self.keys is None:
            return
        if request.key is None or not request.key.allows(scope):
            raise Forbidden(
                f"this key lacks the scope {scope!r}; make one that has it: "
                f"sonde keys create --scope {scope}",
                scope=scope,
            )

    def who(self, request: Request) -> str:
        """Whom records name: the key's id, never the key."""
        return OPEN if request.key is None else f"key {request.key.id}"

    async def aside(self, is_slow: bool, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """``work`` in a thread where it may wait for something, else here."""
        if not is_slow:
            return work(*args, **named)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self.helpers, partial(copy_context().run, work, *args, **named)
        )

    async def decoding(self, work: Callable[..., T], *args: Any) -> T:
        """``work`` in one of the threads that read and write bodies."""
        return await asyncio.get_running_loop().run_in_executor(self.decoders, work, *args)

    def at_hand(self, ref: ModelRef, key: str | None) -> Ready | None:
        """What ``model_for`` gives, where that is in memory and measured."""
        answer: Any = self.models.known(ref, key)
        if answer is None and self.file is not None:
            answer = self.file.at_hand(ref)
        # Nothing but a detector is measured.
        cost = None if answer is None else self.costs.of(answer[0])
        return None if answer is None or cost is None else Ready(answer, cost)

    async def model_for(self, ref: ModelRef, key: str | None) -> Ready:
        """The model and what it costs; loaded and measured at the first request.

        Raises
        ------
        InvalidInput : it is no detector.
        """
        model, version = await self.aside(True, self.models.resolve, ref, key)
        self.metrics.active_models(len(self.models.in_use()))
        if not isinstance(model, Detector):
            raise InvalidInput(f"{ref} is no detector but {model.name}")
        cost = self.costs.of(model)
        if cost is None:
            cost = await self.aside(True, self.costs.learn, model)
        return Ready((model, version), cost)

    def tell_quality(self, dataset: str, usable: float) -> None:
        """The share of a data set's cells that hold a number, to Prometheus."""
        if not self.metrics.is_on:
            return
        now = time.monotonic()
        share, until = self._qualities.get(dataset, (-1.0, 0.0))
        if share == usable and now < until:
            return  # said a moment ago
        if len(self._qualities) >= _MOST_DATASETS:
            self._qualities.clear()
        self._qualities[dataset] = usable, now + _SAID_S
        self.metrics.quality(dataset, usable)

    # --- from start to end -------------------------------------------------------------------

    def start(self) -> None:
        """Bring the database to this version where that is wanted, and follow the registry.

        Where the database is away or lacks tables, it is tried again until it is there; the
        service is not ready meanwhile, and ``starting`` says why.
        """
        self._begin()
        self.models.follow(self.settings.registry.poll_s)
        if self.starting is not None:
            threading.Thread(target=self._begin_later, name="sonde-start", daemon=True).start()

    def served_problem(self) -> str | None:
        """Why the model of ``POST /predict`` does not answer; None where it does or none is."""
        if self.served is None:
            return None
        if self.file is not None:
            return self.file.problem
        if self.models.is_ready:
            return None
        return self.models.problem or self._served_problem

    def _begin(self) -> None:
        try:
            bring_up(self.database, self.settings.database)
            if self.keys is not None and self._first_key is not None:
                self.keys.use_first(self._first_key)
            estimators = self._estimators()
        except Unavailable as error:
            if self.starting != str(error):
                self.log.error("the service can't start yet", why=str(error))
            self.starting = str(error)
            return
        self.warming.start(estimators, then=self._warm_served)
        self.starting = None

    def _begin_later(self) -> None:
        while self.starting is not None and not self._closing.wait(_AGAIN_S):
            try:
                self._begin()
            except Exception as error:  # it must be told, and may go well when somebody mends it
                self.starting = str(error)
                self.log.error("the service can't start", why=str(error))

    def _estimators(self) -> set[str]:
        """Of the models that may be asked: those in the registry, and the one of ``--model``."""
        found = self.registry.estimators()
        if self.file is not None and self.served is not None:
            with suppress(SondeError):  # whoever asks whether the service is ready hears of it
                found |= estimators_in(describe(self.file.resolve(self.served, None)[0]))
        return found

    def _warm_served(self) -> None:
        served = self.served
        if served is None:
            return
        try:
            if self.file is None:
                self.models.warm([served])
            model, _ = self.models.resolve(served, None)
            if isinstance(model, Detector):
                self.costs.learn(model)
        except SondeError as error:
            # Its followers try again; whoever asks whether the service is ready hears of it.
            self._served_problem = str(error)
            self.log.error("the model of --model can't be used yet", why=str(error))

    def close(self) -> None:
        """Finish what was accepted, then let go of everything."""
        self._closing.set()
        self.warming.close()
        self.computers.close(self.settings.server.shutdown_s)
        self.threads.shutdown(wait=True)
        self.models.stop()
        self.helpers.shutdown(wait=True)
        self.decoders.shutdown(wait=True)
        if self.rates is not None:
            self.rates.close()
        if self.keys is not None:
            self.keys.close()
        self.tracer.close()
        self.database.close()

    def tell_request(self, request: Request, status: int, seconds: float) -> None:
        """The line of a request in the log."""
        self.requests_log.write(
            request.id,
            request.method,
            request.route or "unmatched",
            status,
            seconds,
            key_id=None if request.key is None else request.key.id,
            **request.about,
        )


def _secret(value: Any) -> str | None:
    return None if value is None else str(value.get_secret_value())
