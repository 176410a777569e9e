from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import sonde
from sonde import errors


def test_import_brings_nothing_heavy() -> None:
    code = "import sys, sonde; print(sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    for heavy in ("numpy", "numba", "polars", "pydantic", "rich", "typer", "sklearn", "pandas"):
        assert f"'{heavy}'" not in done.stdout


def test_help_does_not_wait_for_the_numerics() -> None:
    code = (
        "import sys\nfrom sonde.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('LOADED', [m for m in ('numba','polars','numpy') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "LOADED []" in done.stdout


def test_public_names_are_there() -> None:
    for name in sonde.__all__:
        assert getattr(sonde, name) is not None
    assert set(dir(sonde)) == set(sonde.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sonde.nothing


def all_errors() -> list[type[errors.SondeError]]:
    return [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SondeError)
    ]


@pytest.mark.parametrize("kind", all_errors())
def test_errors_travel_between_processes(kind: type[errors.SondeError]) -> None:
    error = kind("need 3, got 1", needed=3, got=1)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.facts) == (kind, "need 3, got 1", {"needed": 3, "got": 1})


def test_error_codes_differ() -> None:
    codes = [kind.code for kind in all_errors()]
    assert len(set(codes)) == len(codes)


def test_not_fitted_travels_although_it_is_also_theirs() -> None:
    import sklearn.exceptions

    error = errors.not_fitted("knn")
    assert isinstance(error, sklearn.exceptions.NotFittedError)
    assert type(pickle.loads(pickle.dumps(error))) is errors.NotFitted
