"""What the matrix profile of a series says, as numbers for a classifier."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Panel, Series, Table, refuse_missing
from ...core.progress import tell
from ...data import Policy, examine
from ...data.arrays import matrix_from
from ...data.frames import is_frame
from ...errors import InvalidInput, TooShort
from .. import parameters as check
from ..estimator import Estimator, State
from ..profiles.compute import matrix_profile
from ..profiles.profile import Profile
from ..profiles.window import SHORTEST, proposed_window
from ..randomness import threads_for
from ..stored_state import whole

Floats = NDArray[np.float64]

_LOOKED_AT = 64  # series that are looked at for a window
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_NAMES = (
    *("minimum", "maximum", "mean", "deviation"),
    *(f"quantile_{round(100 * q)}" for q in _QUANTILES),
    *("motif_place", "motif_gap", "discord_place", "discord_gap"),
    *("mean_gap", "mutual_share", "left_mean", "right_mean"),
    *("arcs_minimum", "arcs_place", "arcs_mean", "constant_share"),
)


@dataclass(eq=False, kw_only=True)
class MatrixProfileFeatures(Estimator):
    """A row of numbers for each series of a collection: statistics of its matrix profile.

    How much of a series repeats, how well, how far apart, where it is unlike the rest, and where it
    changes. They tell series apart by what recurs within them, and are blind to level and size.

    For each channel by itself: minimum, maximum, mean, deviation and quantiles of the distances, in
    units of the distance of windows that do not correlate; place of the motif and of the discord
    and the gap to their neighbours, mean gap, all as shares of the length; share of windows that
    are their neighbour's neighbour; mean distance to the left and to the right; least value, place
    and mean of the arc curve; share of constant windows.

    Parameters
    ----------
    window : rows of a window, 3 or more; None takes the one that suits most of the series learned
        from, and never more than a quarter of the shortest.
    n_jobs : threads, over the series; None is 1, −1 all cores. The features do not depend on it.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(4, 120)); x[:2] = np.sin(np.arange(120) / 3)
    >>> features = MatrixProfileFeatures(window=15).fit_transform(x)
    >>> features.shape
    (4, 21)
    >>> features[:, 2].round(1).tolist()
    [0.0, 0.0, 0.7, 0.7]
    """

    name: ClassVar[str] = "matrix_profile_features"
    family: ClassVar[str] = "features"
    reads: ClassVar[Any] = "whole"
    kernels: ClassVar[tuple[str, ...]] = ("profile_join", "windows")

    window: int | None = None
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        if self.window is not None:
            check.whole(self.name, "window", self.window, SHORTEST)
        check.n_jobs(self.name, self.n_jobs)

    @property
    def min_rows(self) -> int:
        return 1

    def _fit(self, X: Any, policy: Policy | None = None, step_ns: int | None = None) -> Any:
        learned = super()._fit(X, policy, step_ns)
        # The schema says what each series is, however many there are.
        self._replace(schema=replace(self.schema_, kind="series"))
        return learned

    def _take(self, X: Any) -> Panel:
        """A collection: a Panel, an array (n, t) or (n, channels, t), a list of series, a frame."""
        if isinstance(X, Series):
            return Panel.of([X])
        if isinstance(X, Panel):
            return X
        if isinstance(X, Table):
            raise InvalidInput(
                f"{self.name} takes a collection of series, and a table has none; give a Panel or "
                "an array (n_series, n_points) or (n_series, n_channels, n_points)"
            )
        if isinstance(X, list | tuple) and len(X) and not isinstance(X[0], dict):
            if all(isinstance(one, Series) for one in X):
                return Panel.of(X)
            if len({len(one) for one in X if hasattr(one, "__len__")}) > 1:
                return Panel.of([Series(matrix_from(one)) for one in X])
        elif is_frame(X):
            return self._take(examine(X).data)
        return Panel.from_array(X)

    def _learn(self, data: Panel) -> State:
        window = self.window
        shortest = int(np.diff(data.offsets).min())
        if window is None:
            step = -(-len(data) // _LOOKED_AT)
            found = [proposed_window(data[i])[0] for i in range(0, len(data), step)]
            window = max(SHORTEST, min(int(np.median(found)), shortest // 4))
        self._refuse_short(data, int(window))
        return {"window": np.int64(window)}

    def _refuse_short(self, data: Panel, window: int) -> None:
        needed = window + -(-window // 4) + 1
        lengths = np.diff(data.offsets)
        if lengths.min() < needed:
            worst = int(np.argmin(lengths))
            raise TooShort(
                f"{self.name}: series {data.ids[worst]!r} has {lengths[worst]} rows, and a window "
                f"of {window} needs {needed} or more; take a shorter window or leave it out",
                needed=needed,
                got=int(lengths[worst]),
            )

    def _check_state(self, state: State, n_columns: int) -> None:
        whole(state, "window", SHORTEST, check.MOST)

    def transform(self, X: Any) -> Floats:
        """(n_series, 21 · n_channels) float64, finite; a row for each series.

        Raises
        ------
        NotFitted, SchemaMismatch : before fit; other channels than those learned from.
        MissingValues, TooShort : a series with gaps, or shorter than a window and a neighbour.
        """
        fitted = self._need()
        data: Panel = fitted.schema.check(self._take(X), type(self).__name__)
        refuse_missing(data)
        window = int(fitted.state["window"])
        self._refuse_short(data, window)
        d = len(data.channels)
        out = np.empty((len(data), d * len(_NAMES)))

        def work(i: int) -> None:
            series = data[i].values
            each = [_features(matrix_profile(series[:, c], window)) for c in range(d)]
            out[i] = np.concatenate(each)

        with ThreadPoolExecutor(threads_for(self.n_jobs)) as pool:
            for i, _ in enumerate(pool.map(work, range(len(data)))):
                tell("profiles of the series", (i + 1) / len(data))
        return out

    def fit_transform(self, X: Any, y: Any = None) -> Floats:
        """``fit`` and ``transform`` of the same series."""
        return self.fit(X, y).transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """What each column of ``transform`` is: the channel, and what was measured of it."""
        channels = self._need().schema.channels
        return np.array([f"{one}_{name}" for one in channels for name in _NAMES], dtype=object)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(three_d_array=True),
        )


def _features(profile: Profile) -> Floats:
    """(21,) in the order of ``_NAMES``."""
    assert profile.left_distances is not None
    assert profile.right_distances is not None
    n, unit = profile.n_windows, np.sqrt(2.0 * profile.window)
    distances = np.minimum(profile.distances, 2.0 * unit) / unit  # without a neighbour: far
    place = np.arange(n)
    gaps = np.abs(profile.indices - place) / n
    is_mutual = profile.indices[profile.indices] == place
    motif, discord = int(np.argmin(distances)), int(np.argmax(distances))
    arcs = profile.arc_curve
    least = int(np.argmin(arcs))
    windows = np.lib.stride_tricks.sliding_window_view(profile.values, profile.window)
    sides = [
        float(side[np.isfinite(side)].mean()) / unit if np.isfinite(side).any() else 2.0
        for side in (profile.left_distances, profile.right_distances)
    ]
    return np.array(
        [
            *(distances[motif], distances[discord], distances.mean(), distances.std()),
            *np.quantile(distances, _QUANTILES),
            *(min(motif, profile.indices[motif]) / n, gaps[motif]),
            *(discord / n, gaps[discord]),
            *(gaps.mean(), is_mutual.mean()),
            *sides,
            *(arcs[least], least / n, arcs.mean()),
            (windows.max(axis=1) == windows.min(axis=1)).mean(),
        ]
    )
