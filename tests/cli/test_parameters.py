"""What a detector's parameters may be, as the command checks them before any work."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonde.cli import options
from sonde.cli.exit_codes import UsageMistake, checking_usage
from sonde.core.progress import listening, tell
from sonde.errors import InvalidInput
from sonde.learn import create, find, names
from sonde.learn.randomness import over_rows, seed_of
from tests.cli.run import refused, sonde

BAD = {
    "seasonal_residual": {
        "window": ["abc", "[9]", "NaN", "12345678901234567890", "8.7", "1e9", "true", "0", "-9"],
        "period": ["0", "-1", "2.5", "abc", "1000000000", "true", "[24]"],
    },
    "ewma": {
        "warmup": ["abc", "1.5", "0", "null", "1000000000"],
        "smoothing_level": ["nan", "NaN", "abc", "null", "[1]", "true", "0", "1.1", "Infinity"],
        "smoothing_seasonal": ["{}"],
        "smoothing_scale": ["-1"],
        "period": ["0", "-1", "2.5", "abc", "1000000000"],
    },
    "isolation_forest": {
        "n_estimators": ["abc", "null", "0", "1e3", "true", "99999999"],
        "max_samples": ["all", "1", "0.5", "null", "true"],
        "random_state": ["99999999999999999999", "-1", "abc", "1.5", "true"],
        "n_jobs": ["0", "-2", "abc", "true", "1.0", "100000"],
    },
    "knn": {
        "n_neighbors": ["true", "1e9", "1000000000", "0", "abc"],
        "method": ["[1]", "median", "1"],
    },
    "discord": {"window": ["50.0", "3", "abc"]},
    "ecod": {"n_jobs": ["many"]},
}
CASES = [
    (name, parameter, text)
    for name, parameters in BAD.items()
    for parameter, texts in parameters.items()
    for text in texts
]
DETECTORS = sorted(BAD)


@pytest.mark.parametrize(("name", "parameter", "text"), CASES)
def test_a_bad_parameter_is_refused_by_name(name: str, parameter: str, text: str) -> None:
    given = options.read_parameters([f"{parameter}={text}"])
    with pytest.raises(UsageMistake, match=f"{name}: {parameter} must be"), checking_usage():
        options.check_detector(name, given)


@pytest.mark.parametrize("text", ["abc", "0", "0.6", "true", "NaN", "[0.1]", "-0.1"])
@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_checks_its_contamination(name: str, text: str) -> None:
    given = options.read_parameters([f"contamination={text}"])
    with pytest.raises(InvalidInput, match="contamination must be above 0"):
        options.check_detector(name, given)


GOOD: dict[str, dict[str, Any]] = {
    "seasonal_residual": {"window": np.int64(8), "period": 1_000_000},
    "ewma": {"warmup": 1, "smoothing_level": 1, "smoothing_scale": np.float32(0.5), "period": 1},
    "isolation_forest": {"random_state": np.int64(2**62), "max_samples": np.int32(2), "n_jobs": -1},
    "knn": {"n_neighbors": np.int8(1), "method": "mean", "contamination": None},
    "discord": {"window": 4, "contamination": np.float64(0.5)},
    "ecod": {"n_jobs": np.int64(2)},
}


@pytest.mark.parametrize("name", DETECTORS)
def test_what_may_be_given_is_taken(name: str) -> None:
    options.check_detector(name, GOOD[name])
    options.check_detector(name, {})


def test_the_message_says_that_a_number_is_not_whole() -> None:
    with pytest.raises(InvalidInput, match=r"whole number, 4 or more; 50\.0 is not"):
        options.check_detector("discord", {"window": 50.0})


def test_checking_does_not_draw_from_a_generator() -> None:
    rng, untouched = np.random.default_rng(0), np.random.default_rng(0)
    create("isolation_forest", random_state=rng)._check_parameters()
    assert rng.integers(2**60) == untouched.integers(2**60)


@pytest.mark.parametrize("name", ["robust_scaler", "standard_scaler"])
def test_a_scaler_takes_true_and_false_only(name: str) -> None:
    for field in create(name).get_params():
        with pytest.raises(InvalidInput, match=f"{name}: {field} must be true or false"):
            find(name)(**{field: "no"}).fit([[1.0], [2.0]])


@pytest.mark.parametrize("steps", ["abc", None, [1], [("a", 1)], [(1, create("ecod"))], []])
def test_a_pipeline_takes_named_estimators_only(steps: Any) -> None:
    with pytest.raises(InvalidInput, match="steps"):
        create("pipeline", steps=steps)._check_parameters()


@pytest.mark.parametrize("name", ["per_series", "pipeline"])
def test_what_is_made_of_other_estimators_cannot_be_named(name: str) -> None:
    assert name not in names()
    with pytest.raises(UsageMistake, match="made of other estimators"), checking_usage():
        options.check_detector(name, {})


def test_text_that_nests_too_deep_stays_text() -> None:
    deep = "[" * 100_000
    assert options.read_parameters([f"window={deep}"]) == {"window": deep}


@pytest.mark.parametrize("seed", [2**63, 2**200, -1, True, 1.5, "7"])
def test_a_seed_that_is_none_is_refused(seed: Any) -> None:
    with pytest.raises(InvalidInput, match="random_state must be"):
        seed_of(seed)


@pytest.mark.parametrize("seed", [0, 2**63 - 1, np.int64(5), np.uint64(5)])
def test_a_seed_is_taken_as_it_is(seed: Any) -> None:
    assert seed_of(seed) == int(seed)


def test_threads_tell_of_progress() -> None:
    heard: list[str] = []
    with ExitStack() as stack:
        stack.enter_context(listening(lambda stage, share: heard.append(stage)))
        over_rows(lambda start, stop: tell(f"{start}", 0.0), 4096, 2)
    assert len(heard) > 1


WORDS = [
    (["--detector", "seasonal_residual", "--param", "window=abc"], "window must be"),
    (["--detector", "pipeline"], "made of other estimators"),
    (["--seed", "99999999999999999999"], "--seed"),
    (["--jobs", "100000"], "--jobs"),
]


@pytest.mark.parametrize(("words", "part"), WORDS)
def test_the_command_refuses_before_it_reads(words: list[str], part: str, tmp_path: Path) -> None:
    assert part in refused(sonde("detect", tmp_path / "nowhere.csv", *words), 2)
