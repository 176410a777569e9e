"""The archives' formats, beside what aeon reads from the same files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonde.core import Panel, Table
from sonde.data.formats.archives import read_archive
from sonde.data.formats.files import load, read_frame
from sonde.errors import InvalidInput

HEAD = "# made by hand\n@problemName x\n@timeStamps false\n"


def archive(text: str) -> Any:
    return read_archive(io.BytesIO(text.encode()))


def test_reads_series_of_different_lengths_and_missing_values() -> None:
    X, y = archive(HEAD + "@classLabel true up down\n@data\n1,2,?:up\n4,NaN:down\n\n5:up\n")
    assert [s.values.ravel().tolist() for s in X][2] == [5.0]
    np.testing.assert_array_equal(X.values.ravel(), [1, 2, np.nan, 4, np.nan, 5])
    assert X.offsets.tolist() == [0, 3, 5, 6]
    assert y.tolist() == ["up", "down", "up"]


def test_reads_channels_and_targets() -> None:
    X, y = archive(HEAD + "@targetLabel true\n@data\n1,2:3,4:0.5\n5:6:-1\n")
    assert X.values.tolist() == [[1, 3], [2, 4], [5, 6]]
    assert (y.dtype, y.tolist()) == (np.float64, [0.5, -1.0])


def test_reads_series_without_labels() -> None:
    X, y = archive(HEAD + "@classLabel false\n@data\n1,2\n3,4\n")
    assert (len(X), y) == (2, None)


@pytest.mark.parametrize(
    ("stamps", "ns"),
    [
        (("2024-01-01 00:00:00", "2024-01-01 00:00:01"), 1_704_067_200_000_000_000),
        (("5", "6"), 5_000_000_000),
    ],
)
def test_reads_moments(stamps: tuple[str, str], ns: int) -> None:
    a, b = stamps
    X, y = archive(
        f"@timeStamps true\n@classLabel true a b\n@data\n({a},1),({b},2):({a},3),({b},?):a\n"
    )
    assert X.time.tolist() == [ns, ns + 10**9]
    np.testing.assert_array_equal(X.values, [[1, 3], [2, np.nan]])
    assert y.tolist() == ["a"]


def test_load_gives_the_panel_and_its_points() -> None:
    text, _ = load(io.BytesIO(b"@classLabel true a b\n@data\n1,2:a\n3:b\n"))
    assert text.labelled is not None
    assert isinstance(text.labelled.X, Panel)
    assert text.frame.rows() == [("0", 1.0, "a"), ("0", 2.0, "a"), ("1", 3.0, "b")]
    assert text.frame.columns == ["series", "c0", "class"]


def test_reads_an_arff_of_ordinary_rows() -> None:
    text = """% Weka
@RELATION 'of things'
@ATTRIBUTE 'size in m' REAL
@ATTRIBUTE n INTEGER
@ATTRIBUTE note STRING
@ATTRIBUTE day DATE "yyyy-MM-dd"
@ATTRIBUTE kind {'a b', c}
@DATA
1.5, 2, 'it\\'s, so', "2024-01-01", 'a b'
% between
?,3,?,2024-01-02,c, {5}
"""
    frame = read_frame(io.BytesIO(text.encode()))[0]
    assert frame.columns == ["size in m", "n", "note", "day", "kind"]
    assert frame.rows() == [
        (1.5, 2, "it's, so", "2024-01-01", "a b"),
        (None, 3, None, "2024-01-02", "c"),
    ]
    X, y = archive(text)
    assert isinstance(X, Table)
    assert X.channels == ("size in m", "n")
    assert y.tolist() == ["a b", "c"]


def test_reads_arff_series_of_one_channel_and_of_several() -> None:
    points = "".join(f"@attribute att{i} numeric\n" for i in range(9))
    cells = ",".join("123456789")
    flat = f"@relation x\n{points}@attribute target {{0,1}}\n@data\n{cells},1\n{cells},0\n"
    X, y = archive(flat)
    assert ([len(s) for s in X], y.tolist()) == ([9, 9], ["1", "0"])
    inner = f"@relation x\n@attribute r relational\n{points}@end r\n@attribute k {{a,b}}\n@data\n"
    X, y = archive(inner + f"'{cells}\\n{cells[::-1]}',a\n'{cells}\\n?{cells[1:]}',b\n")
    assert X.values.shape == (18, 2)
    assert X.values[0].tolist() == [1.0, 9.0]
    assert np.isnan(X.values[9, 1])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "@classLabel true a\n1,2:a\n", "line 5: '1,2:a' stands before @data"),
        (HEAD, "has no line @data"),
        (HEAD + "@data\n", "no series after @data"),
        (HEAD + "@classLabel true a b\n@data\n1,2:c\n", "class 'c' is not one of"),
        (
            HEAD + "@classLabel true a\n@data\n1:2:a\n1:a\n",
            "series 1 has 1 channels where series 0",
        ),
        (HEAD + "@classLabel true a\n@data\n1:2:a\n1:2,3:a\n", "series 1: its channels have 1, 2"),
        (
            HEAD + "@classLabel true a\n@data\n1,2:a\n1,x:a\n",
            "piece 1, value 1: 'x' is not a number",
        ),
        (HEAD + "@targetLabel true\n@data\n1,2:high\n", "target 'high' is not a number"),
        ("@timestamps true\n@data\n(1,2),3\n", "is not a list of points"),
        ("@timestamps true\n@data\n(1,2):(2,2)\n", "channel 1 has other times"),
        ("@timestamps true\n@data\n(soon,2),(later,3)\n", "neither a date like the others"),
        ("@relation x\n@data\n1\n", "no @attribute"),
        ("@relation x\n@attribute a\n@data\n1\n", "names no type"),
        ("@relation x\n@attribute a colour\n@data\n1\n", "no type that ARFF knows"),
        ("@relation x\n@attribute a real\n@data\n{0 1}\n", "row 0: '{0 1}' is sparse"),
        ("@relation x\n@attribute a real\n@data\n1\n1,2\n", "row 1 has 2 cells where 1"),
        ("@relation x\n@attribute a real\n@data\n1\nx\n", "row 1, column 'a': 'x' is not a number"),
        ("a,b\n1,2\n", "neither .ts nor .arff"),
    ],
)
def test_refuses_with_the_place(text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        archive(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_reads_what_aeon_reads(subtests_of: Callable[[str], list[Path]]) -> None:
    datasets = pytest.importorskip("aeon.datasets", reason="compares with aeon's own reader")
    paths = subtests_of("*_TRAIN.ts")
    assert len(paths) > 5
    for path in paths:
        if "TimeStamps" in path.name:  # aeon refuses these
            continue
        theirs, labels = datasets.load_from_ts_file(str(path), return_type="auto")
        X, y = read_archive(path)
        assert y is not None
        assert len(X) == len(theirs)
        for series, other in zip(X, theirs, strict=True):
            np.testing.assert_allclose(series.values.T, other, rtol=1e-15)
        # aeon puts the whole file into small letters, so its classes lose their capitals.
        pairs = zip(y.tolist(), labels.tolist(), strict=True)
        assert all(a == b or str(a).lower() == b for a, b in pairs)


def test_reads_arff_as_the_same_series_in_ts(subtests_of: Callable[[str], list[Path]]) -> None:
    paths = subtests_of("*_TRAIN.arff")
    assert paths
    for path in paths:
        X, y = read_archive(path)
        same, labels = read_archive(path.with_suffix(".ts"))
        assert y is not None
        assert labels is not None
        np.testing.assert_allclose(X.values, same.values, rtol=1e-6)
        assert y.tolist() == labels.tolist()


@pytest.fixture
def subtests_of() -> Callable[[str], list[Path]]:
    aeon = pytest.importorskip("aeon", reason="reads the files that aeon ships")
    data = Path(aeon.__file__).parent / "datasets" / "data"
    return lambda pattern: sorted(data.glob(f"*/{pattern}"))
