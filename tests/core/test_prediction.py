"""What a person may write to name a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonde.core import ModelRef
from sonde.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pump", ModelRef("pump")),
        ("pump@champion", ModelRef("pump", alias="champion")),
        ("pump:3", ModelRef("pump", version="3")),
        ("pump:spring-2024", ModelRef("pump", version="spring-2024")),
        ("pump.sonde", ModelRef("pump.sonde")),
        ("a:b@c.sonde", ModelRef("a:b@c.sonde")),
        ("models/pump@1", ModelRef("models/pump@1")),
        ("C:\\models\\pump", ModelRef("C:\\models\\pump")),
    ],
)
def test_files_names_aliases_and_versions_are_told_apart(text: str, expected: ModelRef) -> None:
    assert ModelRef.parse(text) == expected
    assert str(ModelRef.parse(text)) == text


def test_a_file_in_this_folder_comes_before_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not ModelRef.parse("pump").is_file
    (tmp_path / "pump").write_bytes(b"")
    assert ModelRef.parse("pump").is_file
    (tmp_path / "pump").unlink()
    (tmp_path / "pump").mkdir()
    assert not ModelRef.parse("pump").is_file


@pytest.mark.parametrize("text", ["", "@champion", ":3", "pump@", "pump:", "a@b:3", "a:3@b", "a@@"])
def test_what_names_no_model_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="a file, name, name@alias or name:version"):
        ModelRef.parse(text)


@pytest.mark.parametrize("text", ["x\0y", "x" * 5000])
def test_what_can_be_no_path_is_no_file(text: str) -> None:
    assert not ModelRef.parse(text).is_file
