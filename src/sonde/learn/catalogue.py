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
    "auto_channels": "sonde.learn.detectors.auto_channels:AutoChannels",
    "auto_series": "sonde.learn.detectors.auto_series:AutoSeries",
    "auto_online": "sonde.learn.detectors.auto_online:AutoOnline",
    "auto_table": "sonde.learn.detectors.auto_table:AutoTable",
    "cblof": "sonde.learn.detectors.cblof:CBLOF",
    "change_points": "sonde.learn.detectors.change_points:ChangePoints",
    "copod": "sonde.learn.detectors.copod:COPOD",
    "ecod": "sonde.learn.detectors.ecod:ECOD",
    "dbscan": "sonde.learn.detectors.dbscan:DBSCAN",
    "discord": "sonde.learn.detectors.discord:Discord",
    "ewma": "sonde.learn.detectors.ewma:EWMA",
    "extended_isolation_forest": (
        "sonde.learn.detectors.extended_isolation_forest:ExtendedIsolationForest"
    ),
    "half_space_trees": "sonde.learn.detectors.half_space_trees:HalfSpaceTrees",
    "ensemble": "sonde.learn.ensemble:Ensemble",
    "hbos": "sonde.learn.detectors.hbos:HBOS",
    "isolation_forest": "sonde.learn.detectors.isolation_forest:IsolationForest",
    "kmeans_windows": "sonde.learn.detectors.kmeans_windows:KMeansWindows",
    "knn": "sonde.learn.detectors.knn:KNN",
    "lof": "sonde.learn.detectors.lof:LOF",
    "loop": "sonde.learn.detectors.loop:LoOP",
    "kshape_windows": "sonde.learn.detectors.kshape_windows:KShapeWindows",
    "matrix_profile_features": (
        "sonde.learn.transformers.matrix_profile_features:MatrixProfileFeatures"
    ),
    "mcd": "sonde.learn.detectors.mcd:MCD",
    "ocsvm": "sonde.learn.detectors.ocsvm:OCSVM",
    "online_discord": "sonde.learn.detectors.online_discord:OnlineDiscord",
    "pattern_graph": "sonde.learn.detectors.pattern_graph:PatternGraph",
    "pca": "sonde.learn.detectors.pca:PCA",
    "per_series": "sonde.learn.per_series:PerSeries",
    "pipeline": "sonde.learn.pipeline:DetectorPipeline",
    "poly": "sonde.learn.detectors.poly:Poly",
    "random_cut_forest": "sonde.learn.detectors.random_cut_forest:RandomCutForest",
    "robust_scaler": "sonde.learn.transformers.scalers:RobustScaler",
    "seasonal_residual": "sonde.learn.detectors.seasonal_residual:SeasonalResidual",
    "spectral_residual": "sonde.learn.detectors.spectral_residual:SpectralResidual",
    "spot": "sonde.learn.detectors.spot:SPOT",
    "standard_scaler": "sonde.learn.transformers.scalers:StandardScaler",
    "sub_pca": "sonde.learn.detectors.sub_pca:SubPCA",
}
_COMPOSITES = {"ensemble", "per_series", "pipeline"}  # made of other estimators
_LIBRARIES = ("pyod.", "sklearn.")  # what names of their detectors begin with


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


def can_be_named(name: str) -> bool:
    """Whether a name is enough for ``create``: one of ``names``, or several with plus signs.

    A detector of PyOD or scikit-learn also, such as ``pyod.ABOD``.

    >>> can_be_named("ecod"), can_be_named("ecod+knn"), can_be_named("pipeline")
    (True, True, False)
    """
    return all(
        part.startswith(_LIBRARIES) or (part in _ESTIMATORS and part not in _COMPOSITES)
        for part in name.split("+")
    )


def find(name: str) -> type[Estimator]:
    """The class called ``name``; only its own module is imported.

    Several names with plus signs between are an ensemble of detectors; ``pyod.ABOD`` and
    ``sklearn.EllipticEnvelope`` are those of other libraries.
    """
    if isinstance(name, str) and "+" in name:
        for part in name.split("+"):
            find(part)
        return find("ensemble")
    if isinstance(name, str) and name.startswith(_LIBRARIES):
        from .adapters import other_librarys

        return other_librarys(name)
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


def parameter_names(name: str) -> set[str]:
    """What ``create`` takes for ``name``, of an ensemble's members also.

    >>> sorted(parameter_names("ecod"))
    ['contamination', 'n_jobs']
    """
    known = {field.name for field in fields(find(name))}  # type: ignore[arg-type]
    if "+" in name:
        return (known - {"members"}).union(*map(parameter_names, name.split("+")))
    return known


def create(name: str, **parameters: Any) -> Estimator:
    """A fresh, unfitted estimator; of several names with plus signs between, an ensemble.

    Parameters that are not the ensemble's own go to each member that has them; ``knn__method``
    goes to one.

    >>> create("knn", n_neighbors=3).get_params()["n_neighbors"]
    3
    >>> create("knn+lof", n_neighbors=3, combination="rank").get_params()["lof__n_neighbors"]
    3
    """
    kind = find(name)
    if "+" in name:
        return _several(name.split("+"), parameters)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = [key for key in parameters if key not in known]
    if unknown:
        raise InvalidInput(
            f"{name} has no parameter {unknown[0]!r}; it has: {', '.join(sorted(known))}",
            parameter=unknown[0],
        )
    return kind(**parameters)


def _several(parts: list[str], parameters: dict[str, Any]) -> Estimator:
    """An ensemble of the detectors that are named."""
    kind: Any = find("ensemble")
    unable = [part for part in parts if part in _COMPOSITES or parts.count(part) > 1]
    if unable:
        why = "is made of others" if unable[0] in _COMPOSITES else "is named twice"
        raise InvalidInput(
            f"{'+'.join(parts)}: {unable[0]} {why}; build such an ensemble in Python, with "
            "sonde.make_ensemble",
            name=unable[0],
        )
    own = {field.name for field in fields(kind)} - {"members"}
    of_each: dict[str, dict[str, Any]] = {part: {} for part in parts}
    of_all: dict[str, Any] = {}
    for key, value in parameters.items():
        one, nested, rest = key.partition("__")
        if key in own:
            of_all[key] = value
        elif nested and one in of_each:
            of_each[one][rest] = value
        else:
            having = [part for part in parts if key in parameter_names(part)]
            for part in having:
                of_each[part].setdefault(key, value)
            if not having:
                known = sorted(parameter_names("+".join(parts)))
                raise InvalidInput(
                    f"{'+'.join(parts)} has no parameter {key!r}; it has: {', '.join(known)}",
                    parameter=key,
                )
    made: Estimator = kind(
        members=[(part, create(part, **of_each[part])) for part in parts], **of_all
    )
    return made


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
        name = description["estimator"]
        if any(part.startswith(_LIBRARIES) for part in str(name).split("+")):
            raise BadArtifact(f"it is said to be a {name}, and those are never stored")
        kind, parameters = find(name), description["parameters"]
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
