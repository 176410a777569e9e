"""How two evaluations differ."""

from __future__ import annotations

from typing import Any

LARGER_IS_BETTER = {
    "precision": True,
    "recall": True,
    "f1": True,
    "roc_auc": True,
    "average_precision": True,
    "ks_distance": False,
}


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """How two sets of metrics differ: of two versions of a model, say.

    Parameters
    ----------
    before, after : numbers by name, as ``Evaluation.to_dict`` gives them; other entries, and
        those that only one has, are left aside.

    Returns
    -------
    By metric: ``before``, ``after``, ``change``, and ``is_better`` (None where they are equal).

    Examples
    --------
    >>> differences({"f1": 0.5, "precision": None}, {"f1": 0.75, "precision": 1.0})
    {'f1': {'before': 0.5, 'after': 0.75, 'change': 0.25, 'is_better': True}}
    """
    told: dict[str, dict[str, Any]] = {}
    for name in LARGER_IS_BETTER:
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            continue
        is_better = None if new == old else (new > old) == LARGER_IS_BETTER[name]
        told[name] = {"before": old, "after": new, "change": new - old, "is_better": is_better}
    return told
