"""Runs the command in this process: sixty files in the time that six processes take."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from sonde.cli.main import main
from tests.cli.run import Ran


def here(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Ran:
    """What ``sonde WORDS`` prints, and its exit code.

    A warning of a library is an error here, as everywhere in the tests; the command's own way of
    showing warnings is taken back afterwards.
    """
    capsys.readouterr()
    with warnings.catch_warnings(), pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    told = capsys.readouterr()
    code = left.value.code
    assert isinstance(code, int)
    return Ran(code, told.out, told.err)
