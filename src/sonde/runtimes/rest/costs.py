"""What each model in use costs, measured once when it is first asked for."""

from __future__ import annotations

from threading import Lock
from weakref import WeakKeyDictionary

from ...learn import Detector, Estimator
from ...serving.measure import Cost, measure


class Costs:
    """The cost of every model that was asked, by the object itself, for as long as it is kept.

    A model that is loaded anew is measured anew.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Estimator, Cost] = WeakKeyDictionary()
        self._lock = Lock()

    def of(self, model: Estimator) -> Cost | None:
        """The cost, where it was measured."""
        return self._known.get(model)

    def learn(self, model: Detector) -> Cost:
        """Measure, and keep; warms the model's kernels too."""
        with self._lock:
            known = self._known.get(model)
            if known is None:
                known = self._known[model] = measure(model)
        return known
