"""Files that a caller may name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonde.errors import Forbidden, InvalidInput, NotFound
from sonde.security.guard import confined


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An open folder with a file and ways out, beside a secret."""
    (tmp_path / "secret.csv").write_text("secret")
    (tmp_path / "open-too").mkdir()
    (tmp_path / "open-too" / "other.csv").write_text("other")
    opened = tmp_path / "open"
    (opened / "sub").mkdir(parents=True)
    (opened / "a.csv").write_text("a")
    (opened / "within.csv").symlink_to(opened / "a.csv")
    (opened / "out.csv").symlink_to(tmp_path / "secret.csv")
    (opened / "way-out").symlink_to(tmp_path)
    (opened / "nowhere.csv").symlink_to(opened / "gone.csv")
    (opened / "circle").symlink_to(opened / "circle")
    os.mkfifo(opened / "pipe")
    return opened


@pytest.mark.parametrize("path", ["a.csv", "./sub/../a.csv", "within.csv", "way-out/open/a.csv"])
def test_a_file_inside_is_found(folder: Path, path: str) -> None:
    assert confined(path, [folder]) == folder / "a.csv"
    assert confined(str(folder / path), [folder]) == folder / "a.csv"


def test_the_first_folder_that_has_it_counts(folder: Path) -> None:
    other = folder.parent / "open-too"
    assert confined("other.csv", [folder, other]) == other / "other.csv"
    assert confined(str(other / "other.csv"), [folder, other]) == other / "other.csv"


def test_a_folder_that_is_a_link_itself_works(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert confined("a.csv", [tmp_path / "link"]) == folder / "a.csv"
    assert confined(str(tmp_path / "link" / "a.csv"), [tmp_path / "link"]) == folder / "a.csv"


OUTSIDE = [
    "../secret.csv",
    "sub/../../secret.csv",
    "out.csv",
    "way-out/secret.csv",
    "../open-too/other.csv",
    "/etc/passwd",
    "/no/such/file",
    "../gone.csv",
    "/proc/self/environ",
    "..",
    "/",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_file_outside_is_refused_whether_there_is_one_or_not(folder: Path, path: str) -> None:
    with pytest.raises(Forbidden, match="SONDE_SOURCES__FOLDERS") as refused:
        confined(path, [folder])
    assert str(folder) not in str(refused.value)


def test_a_folder_whose_name_begins_alike_is_outside(folder: Path) -> None:
    with pytest.raises(Forbidden):
        confined(str(folder.parent / "open-too" / "other.csv"), [folder])


@pytest.mark.parametrize("path", ["gone.csv", "nowhere.csv", "circle", "x" * 5000, "a.csv/b", "~"])
def test_what_is_not_there_is_not_found(folder: Path, path: str) -> None:
    with pytest.raises(NotFound):
        confined(path, [folder])


@pytest.mark.parametrize("path", ["a.csv\0.txt", "\0", "a\ud800.csv", "pipe", "sub", "", "."])
def test_what_is_no_file_is_refused(folder: Path, path: str) -> None:
    with pytest.raises(InvalidInput, match="is no "):
        confined(path, [folder])


def test_no_folder_means_no_file(folder: Path) -> None:
    with pytest.raises(Forbidden, match="SONDE_SOURCES__FOLDERS"):
        confined(str(folder / "a.csv"), [])
    with pytest.raises(NotFound):
        confined("a.csv", [folder / "gone"])
