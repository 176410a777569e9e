"""Every estimator by name. Written out, so that reading it is enough to know them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from ..errors import BadArtifact, InvalidInput, NotFound
from .estimator import Estimator

_ESTIMATORS = {
    "copod": "sonde.learn.detectors.copod:COPOD",
    "ecod": "sonde.learn.detectors.ecod:ECOD",
    "discord": "sonde.learn.detectors.discord:Discord",
    "ewma": "sonde.learn.detectors.ewma:EWMA",
    "hbos": "sonde.learn.detectors.hbos:HBOS",
    "isolation_forest": "sonde.learn.detectors.isolation_forest:IsolationForest",
    "knn": "sonde.learn.detectors.knn:KNN",
    "matrix_profile_features": (
        "sonde.learn.transformers.matrix_profile_features:MatrixProfileFeatures"
    ),
    "mcd": "sonde.learn.detectors.mcd:MCD",
    "online_discord": "sonde.learn.detectors.online_discord:OnlineDiscord",
    "pca": "sonde.learn.detectors.pca:PCA",
    "per_series": "sonde.learn.per_series:PerSeries",
    "pipeline": "sonde.learn.pipeline:DetectorPipeline",
    "random_cut_forest": "sonde.learn.detectors.random_cut_forest:RandomCutForest",
    "robust_scaler": "sonde.learn.transformers.scalers:RobustScaler",
    "seasonal_residual": "sonde.learn.detectors.seasonal_residual:SeasonalResidual",
    "spectral_residual": "sonde.learn.detectors.spectral_residual:SpectralResidual",
    "standard_scaler": "sonde.learn.transformers.scalers:StandardScaler",
}
_COMPOSITES = {"per_series", "pipeline"}  # made of other estimators


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue."""

    name: str
    family: str
    reads: str
    online: bool
    summary: str


def names() -> list[str]:
    """All estimators that can be created by name alone, sorted.

    >>> "isolation_forest" in names()
    True
    """
    return sorted(set(_ESTIMATORS) - _COMPOSITES)


def find(name: str) -> type[Estimator]:
    """The class called ``name``; only its own module is imported."""
    if name not in _ESTIMATORS:
        near = get_close_matches(str(name), names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        detectors, transformers = (
            ", ".join(one for one in names() if f".{kind}." in _ESTIMATORS[one])
            for kind in ("detectors", "transformers")
        )
        raise NotFound(
            f"no estimator called {name!r}{hint} Detectors: {detectors}; transformers: "
            f"{transformers}",
            name=name,
        )
    module, _, attribute = _ESTIMATORS[name].partition(":")
    found: type[Estimator] = getattr(import_module(module), attribute)
    return found


def create(name: str, **parameters: Any) -> Estimator:
    """A fresh, unfitted estimator.

    >>> create("knn", n_neighbors=3).get_params()["n_neighbors"]
    3
    """
    kind = find(name)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = [key for key in parameters if key not in known]
    if unknown:
        raise InvalidInput(
            f"{name} has no parameter {unknown[0]!r}; it has: {', '.join(sorted(known))}",
            parameter=unknown[0],
        )
    return kind(**parameters)


def detector_entries() -> list[Entry]:
    """What there is to detect with, in the order of the catalogue."""
    from .detector import Detector

    found = [(name, find(name)) for name in names()]
    return [
        Entry(name, kind.family, kind.reads, kind.online, (kind.__doc__ or "").split("\n")[0])
        for name, kind in found
        if issubclass(kind, Detector)
    ]


def describe(estimator: Estimator) -> dict[str, Any]:
    """An estimator's name and parameters as plain JSON values; nested ones too."""
    own = estimator.get_params(deep=False)
    return {
        "estimator": estimator.name,
        "parameters": {name: _plain(estimator, name, value) for name, value in own.items()},
    }


def _plain(owner: Estimator, name: str, value: Any) -> Any:
    if isinstance(value, Estimator):
        return describe(value)
    if isinstance(value, list | tuple):
        return [_plain(owner, name, item) for item in value]
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if name == "random_state":
        return None  # a generator: its draws are in what was learned
    raise InvalidInput(
        f"{owner.name}: parameter {name!r} can't be stored, it is a {type(value).__name__}; "
        "use numbers, text, None or lists of them"
    )


def rebuild(description: Mapping[str, Any]) -> Estimator:
    """The inverse of ``describe``."""
    try:
        kind, parameters = find(description["estimator"]), description["parameters"]
        return kind(**{name: _revived(value) for name, value in parameters.items()})
    except (KeyError, TypeError, NotFound) as error:
        raise BadArtifact(f"the description of the model can't be read: {error}") from None


def _revived(value: Any) -> Any:
    if isinstance(value, Mapping):
        return rebuild(value)
    if isinstance(value, list):
        revived = [_revived(item) for item in value]
        is_step = len(revived) == 2 and isinstance(revived[1], Estimator)
        return tuple(revived) if is_step else revived
    return value
