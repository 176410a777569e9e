"""No output may be written over another file of the same command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonde.cli import options
from sonde.errors import InvalidInput
from tests.cli.run import refused, sonde


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "in.csv").write_text("a\n1\n2\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "in.csv")
    os.link(tmp_path / "in.csv", tmp_path / "hard.csv")
    (tmp_path / "here").symlink_to(tmp_path)
    (tmp_path / "new.csv").symlink_to(tmp_path / "out.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "scores", ["in.csv", "./in.csv", "link.csv", "hard.csv", "here/in.csv", "here/../in.csv"]
)
def test_the_input_is_never_written_over(place: Path, scores: str) -> None:
    name = str(place / "in.csv") if scores.startswith("here/..") else scores
    with pytest.raises(InvalidInput, match="is read from"):
        options.check_outputs(Path(name), None, read=("in.csv",))


@pytest.mark.parametrize("other", ["out.csv", "./out.csv", "here/out.csv", "new.csv"])
def test_two_outputs_are_never_one_file(place: Path, other: str) -> None:
    with pytest.raises(InvalidInput, match="written twice"):
        options.check_outputs(Path("out.csv"), Path(other))


def test_different_files_are_fine(place: Path) -> None:
    options.check_outputs(Path("a.csv"), Path("b.csv"), report=Path("c.html"), read=("in.csv", "-"))


@pytest.mark.parametrize("part", ["a.csv/b.csv", "no/b.csv", f"{'x' * 300}.csv"])
def test_a_place_that_cannot_be_is_a_mistake_of_the_command(place: Path, part: str) -> None:
    assert refused(sonde("detect", "in.csv", "--scores", part, cwd=place), 2)


def test_every_command_refuses(place: Path) -> None:
    (place / "m.sonde").write_text("a\n1\n2\n")
    (place / "page.html").symlink_to(place / "in.csv")
    (place / "model.csv").symlink_to(place / "m.sonde")
    for words in (
        ["detect", "in.csv", "--scores", "link.csv"],
        ["detect", "in.csv", "--report", "page.html"],
        ["detect", "in.csv", "--scores", "x.csv", "--anomalies", "x.csv"],
        ["score", "m.sonde", "in.csv", "--anomalies", "model.csv"],
        ["score", "m.sonde", "in.csv", "--scores", "in.csv"],
        ["train", "m.sonde", "--output", "m.sonde"],
    ):
        refused(sonde(*words, cwd=place), 2)
    assert (place / "in.csv").read_text() == "a\n1\n2\n"
