"""Options of detect and train."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.errors import InvalidInput, NotFound, SondeError
from sonde.learn import rule_from
from sonde.wire.bodies import Body
from sonde.wire.options import DetectOptions, TrainOptions, detect_options, train_options


def of_body(**options: Any) -> DetectOptions:
    return detect_options(Body(options=options))


def of_query(**query: str) -> DetectOptions:
    return detect_options(Body(), query)


def test_nothing_is_needed() -> None:
    assert of_body() == DetectOptions()
    assert of_body().recipe() == DetectOptions().recipe()


def test_every_option_has_the_name_it_has_in_python() -> None:
    import inspect

    import sonde

    ours = set(DetectOptions.__dataclass_fields__)
    assert ours == set(inspect.signature(sonde.detect).parameters) - {"data"}


def test_options_make_a_recipe() -> None:
    options = of_body(
        detector="hbos",
        parameters={"n_bins": 20},
        fit_rows=50,
        missing="drop",
        contamination=0.1,
        random_state=7,
        n_jobs=2,
        columns=["a"],
        labels=None,
    )
    recipe = options.recipe()
    assert (recipe.detector, recipe.parameters, recipe.fit_rows) == ("hbos", {"n_bins": 20}, 50)
    assert (recipe.missing, recipe.random_state, recipe.n_jobs) == ("drop", 7, 2)
    assert recipe.rule == rule_from(contamination=0.1)


def test_the_query_says_the_same_in_text() -> None:
    got = detect_options(
        Body(),
        {
            "detector": "hbos",
            "parameters.n_bins": "20",
            "fit_rows": "50",
            "online": "false",
            "contamination": "0.1",
            "columns": "a, b",
            "time": "ts",
            "id": "5",
        },
    )
    assert got == DetectOptions(
        detector="hbos",
        parameters={"n_bins": 20},
        fit_rows=50,
        contamination=0.1,
        columns=["a", "b"],
        time="ts",
        id="5",
    )


def test_names_of_an_earlier_guide_are_taken() -> None:
    got = of_body(algorithm="isolation_forest", contamination=0.1, n_estimators=50, random_state=3)
    assert (got.detector, got.contamination, got.random_state) == ("isolation_forest", 0.1, 3)
    assert got.parameters == {"n_estimators": 50}
    trained = train_options(Body(options={"algorithm": "hbos", "model_name": "pump"}))
    assert (trained.detector, trained.name) == ("hbos", "pump")
    trained = train_options(Body(options={"model": "hbos", "training_data": "s3://b/x.csv"}))
    assert (trained.detector, trained.source) == ("hbos", "s3://b/x.csv")


def test_a_model_that_is_kept_has_more_to_say() -> None:
    got = train_options(
        Body(options={"name": "pump", "task": "detect", "tags": {"site": "x"}, "label": "spring"}),
        {"description": "12", "evaluate": "false"},
    )
    assert got == TrainOptions(
        name="pump", tags={"site": "x"}, label="spring", description="12", evaluate=False
    )


@pytest.mark.parametrize(
    ("options", "pointer", "message"),
    [
        ({"contamnation": 0.1}, "/contamnation", "did you mean contamination"),
        ({"detector": "hbos", "n_bin": 3}, "/n_bin", "no parameter of hbos; did you mean n_bins"),
        ({"n_bins": 3}, "/n_bins", "is no option"),
        ({"zzz": 1}, "/zzz", "there are algorithm, categories"),
        ({"detector": 5}, "/detector", "must be text"),
        ({"detector": "hbos", "algorithm": "knn"}, "/algorithm", "given twice"),
        ({"online": 1}, "/online", "is a number: 1; it must be true or false"),
        ({"fit_rows": True}, "/fit_rows", "is true or false: True; it must be a whole number"),
        ({"fit_rows": 1}, "/fit_rows", "must be 2 or more, got 1"),
        ({"fit_rows": 2.0}, "/fit_rows", "a whole number"),
        ({"contamination": True}, "/contamination", "must be a number"),
        ({"contamination": "0.1"}, "/contamination", "must be a number"),
        ({"contamination": 0.9}, "/contamination", "at most 0.5"),
        ({"contamination": float("nan")}, "/contamination", "at most 0.5"),
        ({"contamination": 10**400}, "/contamination", "64 bits"),
        ({"false_alarms": "often"}, "/false_alarms", "2/day"),
        ({"false_alarms": "2/day", "contamination": 0.1}, "/detector", "not several"),
        ({"random_state": -1}, "/random_state", "must be 0 or more"),
        ({"n_jobs": 0}, "/n_jobs", "-1 or a number"),
        ({"kind": "tables"}, "/kind", "must be one of auto, series"),
        ({"missing": None}, "/missing", "must be one of"),
        ({"columns": []}, "/columns", "list of names"),
        ({"columns": ["a", 5]}, "/columns/1", "must be text"),
        ({"columns": "a"}, "/columns", "list of names"),
        ({"labels": [0, 1, 2]}, "/labels/2", "0 or 1"),
        ({"labels": 5}, "/labels", "name of a column"),
        ({"parameters": [1]}, "/parameters", "an object"),
        (
            {"detector": "hbos", "parameters": {"n_bins": {}}},
            "/parameters/n_bins",
            "a number, text",
        ),
        ({"parameters": {"n_bins": 3}}, "/parameters", "need a detector by name"),
        ({"detector": "hbos", "parameters": {"n_bins": 3}, "n_bins": 4}, "/n_bins", "given twice"),
        ({"detector": "hbos", "parameters": {"n_bins": -3}}, "/parameters/n_bins", "2 or more"),
        ({"detector": "hbos", "parameters": {"nope": 3}}, "/parameters/nope", "it has: alpha"),
        ({"detector": "pipeline"}, "/detector", "made of other estimators"),
        ({"detector": "standard_scaler"}, "/detector", "is not a detector"),
        ({"detector": "x" * 20_000}, "/detector", "characters"),
    ],
)
def test_refuses_with_a_pointer(options: dict[str, Any], pointer: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        of_body(**options)
    assert caught.value.facts["pointer"] == pointer
    assert len(str(caught.value)) < 800


def test_a_detector_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(NotFound, match="hbos") as caught:
        of_body(detector="hbosh")
    assert caught.value.facts["pointer"] == "/detector"


def test_what_stands_in_the_body_and_in_the_query_is_given_twice() -> None:
    for options, query in (
        ({"detector": "hbos"}, {"detector": "hbos"}),
        ({"detector": "hbos"}, {"algorithm": "hbos"}),
    ):
        with pytest.raises(InvalidInput, match="twice"):
            detect_options(Body(options=options), query)
    with pytest.raises(InvalidInput, match="time is given in the body and in the query"):
        detect_options(Body(time="ts"), {"time": "ts"})


def test_other_tasks_are_refused() -> None:
    with pytest.raises(InvalidInput, match="must be one of detect"):
        train_options(Body(options={"task": "dance"}))
    with pytest.raises(InvalidInput, match="must be text") as caught:
        train_options(Body(options={"tags": {"a": 1}}))
    assert caught.value.facts["pointer"] == "/tags/a"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = st.sampled_from([*TrainOptions.__dataclass_fields__, "algorithm", "n_bins", "nope", ""])


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_options_are_taken_or_refused(options: dict[str, Any]) -> None:
    for read in (detect_options, train_options):
        try:
            made = read(Body(options=options))
        except SondeError:
            continue
        assert isinstance(made.online, bool)


@given(
    st.dictionaries(NAMES, st.text(max_size=8) | st.sampled_from(["1", "hbos", "{}"]), max_size=4)
)
def test_any_query_is_taken_or_refused(query: dict[str, str]) -> None:
    try:
        made = detect_options(Body(), query)
    except SondeError:
        return
    assert made.kind in ("auto", "series", "table", "panel")
