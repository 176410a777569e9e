"""Profiles as frames, and as Parquet files that give them back to the bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import BadArtifact, InvalidInput, NotFound
from .profile import Profile

# Polars is imported where a frame is met: a profile of an array must not wait for it.
if TYPE_CHECKING:
    import polars as pl

_KEY = "sonde.profile"
_VERSION = 1
_SIDES = ("", "left_", "right_")


def frame_of(profile: Profile) -> pl.DataFrame:
    """As ``Profile.to_frame``."""
    import polars as pl

    columns = [pl.Series("start", np.arange(profile.n_windows))]
    if profile.time is not None:
        clock = pl.Series("time", profile.time[: profile.n_windows])
        columns.append(clock.cast(pl.Datetime("ns", "UTC")))
    return pl.DataFrame(columns + [pl.Series(*one) for one in _of_windows(profile).items()])


def save(profile: Profile, path: Path) -> Path:
    """As ``Profile.save``.

    One line for each point: the values (``x_1`` …), those of ``other``, the time, and what begins
    there. Columns that are shorter end in nulls; the lengths are in the file's metadata.
    """
    import polars as pl

    from ...data.formats.writing import refused_write

    if path.suffix.lower() != ".parquet":
        raise InvalidInput(f"{path}: a profile is saved as Parquet; use the ending .parquet")
    columns = _all_of(profile)
    height = max(len(column) for column in columns.values())
    frame = pl.DataFrame(
        [
            pl.Series(name, one).extend_constant(None, height - len(one))
            for name, one in columns.items()
        ]
    )
    about = {
        "version": _VERSION,
        "window": profile.window,
        "n": len(profile.values),
        "n_other": None if profile.other is None else len(profile.other),
        "channels": list(profile.channels),
        "has_time": profile.time is not None,
        "has_sides": profile.left_distances is not None,
        "why": profile.why,
    }
    about["digest"] = _digest(about, columns)
    try:
        frame.write_parquet(path, metadata={_KEY: json.dumps(about)})
    except (OSError, pl.exceptions.PolarsError) as refused:
        raise refused_write(path, refused) from None
    return path


def holds_profile(path: Path) -> bool:
    """True when ``save`` wrote the file, as its metadata tell; False for other tables."""
    import polars as pl

    try:
        return _KEY in pl.read_parquet_metadata(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return False  # whoever reads it as a table says what is wrong


def load(path: Path) -> Profile:
    """As ``Profile.load``. Nothing in the file is run, and nothing is believed unchecked."""
    import polars as pl

    from ...data.formats.parquet_footer import is_sound

    try:
        if not path.exists():
            raise NotFound(f"there is no file {path}", path=str(path))
        if not path.is_file():
            raise _wrong(path, "it is a folder or a device; name a file that Profile.save wrote")
        with path.open("rb") as stream:
            if not is_sound(stream):
                raise _wrong(path, "it is no Parquet file, or a damaged one")
    except OSError as said:  # a name too long, no permission
        raise _wrong(path, f"it can't be read: {said.strerror}") from None
    try:
        told = pl.read_parquet_metadata(path).get(_KEY)
        if told is None:
            raise _wrong(path, "it holds a table, and no profile that Profile.save wrote")
        about = _checked(path, json.loads(told))
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
    except (
        *(pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError),
        RecursionError,  # brackets within brackets in the description
    ) as said:
        if isinstance(said, BadArtifact):
            raise
        raise _wrong(path, f"it can't be read: {next(iter(str(said).splitlines()), '')}") from None
    return _rebuilt(path, frame, about)


def _rebuilt(path: Path, frame: pl.DataFrame, about: dict[str, Any]) -> Profile:
    n, m, d = about["n"], about["window"], len(about["channels"])
    n_other = about["n_other"]

    def column(name: str, length: int, kind: type) -> NDArray[Any]:
        if name not in frame.columns:
            raise _wrong(path, f"column {name!r} is missing")
        cells = frame[name][:length]
        values = cells.to_numpy() if cells.null_count() == 0 else np.empty(0, object)
        if values.shape != (length,) or values.dtype != kind:
            raise _wrong(path, f"column {name!r} does not hold {length} values of {kind.__name__}")
        return values

    def of_windows(name: str, kind: type) -> NDArray[Any]:
        if d == 1:
            return column(name, n - m + 1, kind)
        return np.stack([column(f"{name}_{k + 1}", n - m + 1, kind) for k in range(d)])

    def of_values(name: str, length: int) -> NDArray[np.float64]:
        each = [column(f"{name}_{c + 1}", length, np.float64) for c in range(d)]
        return each[0] if d == 1 else np.ascontiguousarray(np.stack(each, axis=1))

    found: dict[str, Any] = {}
    for side in _SIDES:
        found |= {f"{side}distances": None, f"{side}indices": None}
        if side and not about["has_sides"]:
            continue
        places = of_windows(f"{side}index", np.int64)
        last = (n if n_other is None else n_other) - m
        if places.size and (places.min() < -1 or places.max() > last):
            raise _wrong(path, f"column '{side}index' names windows that do not exist")
        distances = of_windows(f"{side}distance", np.float64)
        if not (distances >= 0.0).all() or ((places < 0) != np.isinf(distances)).any():
            raise _wrong(path, f"column '{side}distance' holds what is no distance")
        found[f"{side}distances"] = distances
        found[f"{side}indices"] = places
    profile = Profile(
        **found,
        window=m,
        values=of_values("x", n),
        other=None if n_other is None else of_values("other", n_other),
        channels=tuple(about["channels"]),
        time=column("time", n, np.int64) if about["has_time"] else None,
        why=about["why"],
    )
    if _digest(about, _all_of(profile)) != about["digest"]:
        raise _wrong(path, "what it holds is not what was saved; compute it again")
    return profile


def _all_of(profile: Profile) -> dict[str, NDArray[Any]]:
    """Each column of the file, before they are made equally long."""
    columns = _of_windows(profile) | _of_values("x", profile.values)
    if profile.other is not None:
        columns |= _of_values("other", profile.other)
    if profile.time is not None:
        columns["time"] = profile.time
    return columns


def _digest(about: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> str:
    """Of the description and all numbers, to the bit: Parquet itself tells of no flipped bit."""
    told = {name: value for name, value in about.items() if name != "digest"}
    found = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for name, values in columns.items():
        found.update(f"{name} {len(values)} ".encode())
        found.update(np.ascontiguousarray(values).data)
    return found.hexdigest()


def _of_windows(profile: Profile) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {}
    for side in _SIDES:
        for name, field in (("distance", "distances"), ("index", "indices")):
            values = getattr(profile, side + field)
            if values is None:
                continue
            if values.ndim == 1:
                columns[side + name] = values
            else:
                columns |= {f"{side}{name}_{k + 1}": row for k, row in enumerate(values)}
    return columns


def _of_values(name: str, values: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    matrix = values[:, np.newaxis] if values.ndim == 1 else values
    return {f"{name}_{c + 1}": np.ascontiguousarray(column) for c, column in enumerate(matrix.T)}


def _checked(path: Path, about: Any) -> dict[str, Any]:
    """What the file says of itself, if it can be true."""
    if not isinstance(about, dict) or about.get("version") != _VERSION:
        raise _wrong(path, "another version wrote it; save the profile again with this one")
    names: Any = about.get("channels")
    lengths: list[Any] = [about.get("n"), about.get("n_other")]
    lengths = lengths[:1] if lengths[1] is None else lengths
    is_sound = (
        all(_is_count(one) for one in (about.get("window"), *lengths))
        and about["window"] <= min(lengths)
        and isinstance(names, list)
        and names
        and all(isinstance(name, str) for name in names)
        and all(isinstance(about.get(key), bool) for key in ("has_time", "has_sides"))
        and all(isinstance(about.get(key), str) for key in ("why", "digest"))
    )
    if not is_sound:
        raise _wrong(path, "its description is damaged")
    return about


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _wrong(path: Path, why: str) -> BadArtifact:
    return BadArtifact(f"{path} is no saved profile: {why}", path=str(path))
