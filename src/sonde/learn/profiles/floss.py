"""Where a series that goes on has changed its behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...kernels.arcs import later_arcs
from .. import parameters as check
from .stream import MatrixProfileStream
from .window import SHORTEST

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EDGE = 5  # windows' lengths at both ends that say nothing, as in the sources


class RegimeStream:
    """How surely a series has changed its behaviour at each of its last points (FLOSS).

    Each window has an arc to its nearest later window, a window of the same behaviour as a rule:
    few arcs pass over the place where one behaviour ends and another begins. The score of a place
    is the share of the arcs that are missing there, 0 where as many pass as chance would have it,
    1 where none does. Five windows at either end say nothing and have 0: a change is told about
    five windows after it happened. Memory and the time for a point do not grow.

    Parameters
    ----------
    history : (n,) numbers to begin with, NaN for missing ones; as many points are kept. More than
        ten windows.
    window : points of a window, 3 or more: about one cycle, the shapes of which are compared.

    Raises
    ------
    InvalidInput : values that are no numbers, a history too short to say anything.

    Source
    ------
    Gharghabi et al. (2017), "Matrix profile VIII: domain agnostic online semantic segmentation at
    superhuman performance levels", ICDM, and (2019), Data Mining and Knowledge Discovery 33. Arcs
    go to later windows only, so that none loses its end when the oldest point leaves. Theirs are
    compared with a fitted curve; ours with the exact expectation.

    Examples
    --------
    >>> t = np.arange(900)
    >>> x = np.where(t < 600, np.sin(t / 5), np.sign(np.sin(t / 5)))
    >>> stream = RegimeStream(x[:500], window=30)
    >>> told = [stream.update(value) for value in x[500:]]
    >>> score, place = told[-1]
    >>> score > 0.5, 570 <= place <= 630
    (True, True)
    """

    def __init__(self, history: Any, window: int) -> None:
        check.whole("RegimeStream", "window", window, SHORTEST)
        profile = MatrixProfileStream(history, window)
        needed = 2 * EDGE * window + window
        if len(profile) < needed:
            raise InvalidInput(
                f"to tell changes, windows of {window} points need a history of at least {needed},"
                f" got {len(profile)}; give more points, or a shorter window",
                needed=needed,
                got=len(profile),
            )
        self._profile = profile

    def update(self, value: float) -> tuple[float, int]:
        """One more point: the highest score now, and the point where the change is.

        The point counts from the first of the history. (0, −1) where nothing has changed.
        """
        self._profile.update(value)
        return self._clearest()

    def extend(self, values: Any) -> tuple[float, int]:
        """Many points: what ``update`` returns of the last."""
        self._profile.extend(values)
        return self._clearest()

    def _clearest(self) -> tuple[float, int]:
        scores = self.scores
        i = int(np.argmax(scores))
        return (float(scores[i]), self.first + i) if scores[i] > 0.0 else (0.0, -1)

    @property
    def first(self) -> int:
        """The point that entry 0 of ``scores`` and ``curve`` is about, from the first of all."""
        return self._profile.first + self._profile.window // 2

    @property
    def curve(self) -> Floats:
        """(k,) the corrected arc curve, 0–1: arcs that pass over the middle of each window, as a
        share of those that chance would have; 1 at both ends.
        """
        later, whole = self._profile.arcs()
        passing, expected = later_arcs(later, whole, -(-self._profile.window // 4))
        curve = np.ones(len(later))
        np.divide(passing, expected, out=curve, where=expected > 0.0)
        np.minimum(curve, 1.0, out=curve)
        edge = EDGE * self._profile.window
        curve[:edge] = 1.0
        curve[len(curve) - edge :] = 1.0
        return curve

    @property
    def scores(self) -> Floats:
        """(k,) how surely the behaviour changes there: 1 − ``curve``."""
        return np.asarray(1.0 - self.curve)

    def changes(self, k: int) -> list[tuple[float, int]]:
        """The ``k`` clearest changes, as (score, point), clearest first, five windows apart."""
        check.whole("RegimeStream", "k", k, 1)
        scores, apart = self.scores, EDGE * self._profile.window
        found: list[tuple[float, int]] = []
        while len(found) < k and scores.max() > 0.0:
            i = int(np.argmax(scores))
            found.append((float(scores[i]), self.first + i))
            scores[max(0, i - apart) : i + apart + 1] = 0.0
        return found

    def state(self) -> dict[str, NDArray[Any]]:
        """As ``MatrixProfileStream.state``."""
        return self._profile.state()

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> RegimeStream:
        """As ``MatrixProfileStream.from_state``."""
        stream = cls.__new__(cls)
        stream._profile = MatrixProfileStream.from_state(state)
        return stream

    def __repr__(self) -> str:
        profile = self._profile
        return f"<regime stream: {len(profile)} points, windows of {profile.window}>"
