"""What each model in use costs, measured once when it is first asked for."""

from __future__ import annotations

from threading import Lock

from ...learn import Detector
from ...serving.measure import Cost, measure

MOST_KEPT = 256


class Costs:
    """The cost of every model that was asked, by the object itself.

    A model that is loaded anew is measured anew.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Detector, Cost]] = {}
        self._lock = Lock()

    def of(self, model: Detector) -> Cost | None:
        """The cost, where it was measured."""
        known = self._known.get(id(model))
        # A model that is gone may have left its number to another.
        return known[1] if known is not None and known[0] is model else None

    def learn(self, model: Detector) -> Cost:
        """Measure, and keep; warms the model's kernels too."""
        with self._lock:
            known = self.of(model)
            if known is None:
                known = measure(model)
                if len(self._known) >= MOST_KEPT:
                    self._known.pop(next(iter(self._known)))
                self._known[id(model)] = (model, known)
        return known
