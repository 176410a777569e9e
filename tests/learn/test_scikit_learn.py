"""scikit-learn's own checks and tools, over what ``sonde.create`` returns."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import sonde
from sonde.learn import Detector, create, find, names

ONE_DIMENSION = "a one-dimensional array is one column here (a series of one channel)"
ORDER = "rows are a series: a row's score depends on the rows around it"

# Checks that cannot apply, each with its reason.
NOT_FOR_ALL = {"check_fit1d": ONE_DIMENSION}
NOT_FOR_SERIES = NOT_FOR_ALL | {
    "check_methods_subset_invariance": ORDER,
    "check_methods_sample_order_invariance": ORDER,
}


def estimator(name: str, **more: Any) -> Any:
    known = find(name).__dataclass_fields__  # type: ignore[attr-defined]
    return create(name, **({"random_state": 0} if "random_state" in known else {}) | more)


def checks() -> list[Any]:
    found = []
    for name in names():
        made = estimator(name)
        if made.family == "features":
            continue  # each row is a whole series, and the checks' rows are shorter than a window
        expected = NOT_FOR_ALL if made.reads == "rows" else NOT_FOR_SERIES
        with warnings.catch_warnings():
            # Not being a BaseEstimator is the point: the base install has no scikit-learn.
            warnings.simplefilter("ignore")
            generated = list(estimator_checks_generator(made, legacy=True))
        for _, check in generated:
            title = check.func.__name__
            marks = [pytest.mark.skip(reason=expected[title])] if title in expected else []
            found.append(pytest.param(made, check, id=f"{name}-{title}", marks=marks))
    return found


@pytest.mark.parametrize(("made", "check"), checks())
@pytest.mark.filterwarnings("ignore")  # the checks themselves warn about estimators not of theirs
def test_passes_the_estimator_checks(made: Any, check: Any) -> None:
    check(made.__sklearn_clone__())


@pytest.mark.parametrize("name", names())
def test_clone_copies_parameters_only(name: str) -> None:
    made = estimator(name)
    shape = (10, 100) if made.family == "features" else (100, 2)
    made.fit(np.random.default_rng(0).normal(size=shape))
    copy = clone(made)
    assert copy.get_params() == made.get_params()
    assert not copy.__sklearn_is_fitted__()


def labelled_rows() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(300, 3)), np.zeros(300, dtype=int)
    rows[::30] += 4.0
    labels[::30] = 1
    return rows, labels


def test_works_in_their_pipeline() -> None:
    rows, labels = labelled_rows()
    theirs = make_pipeline(StandardScaler(), estimator("ecod", contamination=10 / 300)).fit(rows)
    assert (theirs.predict(rows) == -1).sum() == 10
    scaled = StandardScaler().fit_transform(rows)
    ours = estimator("ecod", contamination=10 / 300).fit(scaled)
    np.testing.assert_array_equal(theirs.predict(rows), ours.predict(scaled))
    assert roc_auc_score(labels, -theirs.decision_function(rows)) > 0.99


def outlier_auc(labels: Any, normality: Any) -> float:
    return float(roc_auc_score(labels, -normality))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_works_in_their_grid_search(n_jobs: int) -> None:
    rows, labels = labelled_rows()
    scorer = make_scorer(outlier_auc, response_method="decision_function")
    search = GridSearchCV(
        estimator("isolation_forest"), {"n_estimators": [2, 50]}, scoring=scorer, n_jobs=n_jobs
    )
    search.fit(rows, labels)
    assert search.best_params_ == {"n_estimators": 50}
    assert search.best_score_ > 0.95


def test_our_pipeline_takes_nested_parameters_in_a_grid_search() -> None:
    rows, labels = labelled_rows()
    pipeline = sonde.make_pipeline(create("robust_scaler"), create("knn"))
    scorer = make_scorer(outlier_auc, response_method="decision_function")
    search = GridSearchCV(pipeline, {"knn__n_neighbors": [1, 5]}, scoring=scorer, n_jobs=2)
    assert isinstance(search.fit(rows, labels).best_estimator_, Detector)


def test_unfitted_is_their_error_too() -> None:
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        estimator("ecod").predict([[1.0]])
