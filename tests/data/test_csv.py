"""CSV in all the ways people write it, and the sentence for each way of getting it wrong."""

from __future__ import annotations

import io
from typing import Any

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

from sonde.data.formats import csv_files
from sonde.data.formats.csv_files import read_csv
from sonde.data.formats.files import load, read_frame
from sonde.data.inputs.sources import open_source
from sonde.errors import InvalidInput, SondeError


def frame_of(text: str | bytes) -> pl.DataFrame:
    data = text.encode() if isinstance(text, str) else text
    return read_frame(io.BytesIO(data))[0]


def notes_of(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    return load(io.BytesIO(data))[0].notes


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        pytest.param("a,b\n1,2.5\n3,4\n", ["a", "b"], (1, 2.5), id="commas"),
        pytest.param("a;b\n1;2,5\n3;4\n", ["a", "b"], (1, 2.5), id="semicolons and decimal commas"),
        pytest.param("a;b\n1;2.5\n3;4\n", ["a", "b"], (1, 2.5), id="semicolons and points"),
        pytest.param("a\tb\n1\t2,5\n", ["a", "b"], (1, 2.5), id="tabs and decimal commas"),
        pytest.param("a|b\n1|2.5\n", ["a", "b"], (1, 2.5), id="bars"),
        pytest.param("1,2.5\n3,4\n", ["c0", "c1"], (1, 2.5), id="no header"),
        pytest.param("1,5;2\n3,5;4\n", ["c0", "c1"], (1.5, 2), id="no header, decimal commas"),
        pytest.param("1.5\n2.5\n", ["c0"], (1.5,), id="one column without a header"),
        pytest.param("x\n1.5\n2.5\n", ["x"], (1.5,), id="one column"),
        pytest.param("\ufeffa,b\r\n1,2\r\n", ["a", "b"], (1, 2), id="byte order mark and CRLF"),
        pytest.param("a,b\r1,2\r3,4\r", ["a", "b"], (1, 2), id="carriage returns alone"),
        pytest.param("a, b\n1, 2.5\n", ["a", "b"], (1, 2.5), id="blanks after commas"),
        pytest.param("\n\na,b\n\n1,2\n\n\n", ["a", "b"], (1, 2), id="blank lines"),
        pytest.param('a,b\n"1,5","2,25"\n', ["a", "b"], (1.5, 2.25), id="quoted decimal commas"),
        pytest.param('a,b\n"1,500","2,500.5"\n', ["a", "b"], (1500, 2500.5), id="thousands"),
        pytest.param("a;b\n1.500,5;2\n", ["a", "b"], (1500.5, 2), id="thousands with points"),
        pytest.param("a,b\ntrue,1\nfalse,2\n", ["a", "b"], (True, 1), id="booleans"),
        pytest.param('a,b\n"x\ny",1\n', ["a", "b"], ("x\ny", 1), id="line end in quotes"),
        pytest.param('"a\nb",c\n7,1\n', ["a\nb", "c"], (7, 1), id="line end in the header"),
        pytest.param("a,b\n1,2\n3,4", ["a", "b"], (1, 2), id="no line end at the end"),
        pytest.param(",a\n0,1.5\n1,2.5\n", ["Unnamed: 0", "a"], (0, 1.5), id="unnamed index"),
        pytest.param("t,v\n2024-01-01,1\n", ["t", "v"], ("2024-01-01", 1), id="dates stay text"),
        pytest.param("2024-01-01,1\n2024-01-02,2\n", ["c0", "c1"], ("2024-01-01", 1), id="dates"),
        pytest.param("a\n1\n99999999999999999999\n", ["a"], (1.0,), id="integers beyond 64 bits"),
    ],
)
def test_reads(text: str, columns: list[str], first: tuple[Any, ...]) -> None:
    frame = frame_of(text)
    assert frame.columns == columns
    assert frame.row(0) == first


@pytest.mark.parametrize(
    "cell", ["", "NA", "N/A", "na", "n/a", "NaN", "nan", "null", "NULL", "None", "-", "?", " NA "]
)
def test_takes_a_cell_as_missing(cell: str) -> None:
    frame = frame_of(f"a,b\n1.5,1\n{cell},2\n3.5,3\n")
    assert frame["a"].dtype == pl.Float64
    assert frame["a"].to_list() == [1.5, None, 3.5]


def test_keeps_infinity() -> None:
    assert frame_of("a\n1\ninf\n-Infinity\n")["a"].to_list() == [1.0, np.inf, -np.inf]


def test_keeps_leading_zeros_of_text_and_large_integers_exact() -> None:
    frame = frame_of("k,t\nA07,1600000000123456789\nB08,1600000000123456790\n")
    assert frame["k"].to_list() == ["A07", "B08"]
    assert frame["t"].to_list() == [1600000000123456789, 1600000000123456790]


def test_a_blank_line_is_a_missing_value_in_a_file_of_one_column() -> None:
    assert frame_of("a\n1\n\n3\n\n")["a"].to_list() == [1, None, 3]
    assert frame_of("a\n\n\n3\n1\n")["a"].to_list() == [None, None, 3, 1]


def test_numbers_repeated_names_and_says_so() -> None:
    assert frame_of("a,a,b\n1,2,3\n").columns == ["a", "a_2", "b"]
    assert notes_of("a,a,b\n1,2,3\n") == ["the header repeats 'a'; later ones got a number"]


def test_reads_latin_1_and_says_so() -> None:
    data = "größe,b\n1,é\n".encode("latin-1")
    assert frame_of(data).rows() == [(1, "é")]
    assert notes_of(data) == ["file object is not UTF-8; its text was read as Latin-1"]


def test_reads_latin_1_that_shows_only_late() -> None:
    data = ("a,b\n" + "1,x\n" * 40_000 + "2,é\n").encode("latin-1")
    assert frame_of(data).row(-1) == (2, "é")


def test_reads_utf_16() -> None:
    assert frame_of("a,b\n1,ü\n".encode("utf-16")).rows() == [(1, "ü")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b,c\n1,2,3\n4,5\n", "row 1 has 2 cells where the header has 3: '4,5'"),
        ("a,b\n1,2\n3,4,5\n", "row 1 has 3 cells where the header has 2: '3,4,5'"),
        ("1,2\n3,4\n5\n", "row 2 has 1 cell where the first row has 2"),
        ("a,b\n1,2\n\n4,5\n6\n", "row 2 has 1 cell"),
        ("a,b\n", "has a header and no rows"),
        ("\n \n", "holds only blank lines"),
        ('a,b\n"x,1\ny,2\n', "row 0: the text cannot be cut into cells"),
        ("a\n1\n2\n3\nx\n", "row 3, column 'a': 'x' is not a number, while 75% of the column is"),
        ("a\n" + "1\n" * 399 + "x\n", "'x' is not a number, while 399 of 400 cells are; correct"),
        ("a\n1\n2\n" + "x" * 999, f"'{'x' * 60}…' is not a number"),
        ("a" * 999 + "\n1\n2\nx\n", f"column '{'a' * 60}…'"),
        ('a,b\n1,2\n"x,1\n', "mark that is not closed"),
        ("a,b\n1,2\n3\r4,5,6\n", "row 1 has 3 cells"),
        ("a,b\n1,\x00x\n", "neither CSV nor Parquet"),
        ("a b\n1 2\n3 4\n5\n", "row 2 has 1 cell where the header has 2: '5'"),
    ],
)
def test_refuses_with_the_place(text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        frame_of(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_refusal_tells_programs_the_row_the_column_and_the_cell() -> None:
    with pytest.raises(InvalidInput) as refused:
        frame_of("a,b\n1,2\n2,oops\n3,4\n")
    assert refused.value.facts == {
        "source": "file object",
        "row": 1,
        "column": "b",
        "cell": "oops",
    }


def test_text_with_some_numbers_in_it_is_text() -> None:
    assert frame_of("a,b\n1,x\n2,y\n3,7\n")["b"].dtype == pl.String


# In blocks of a few bytes every trouble meets a block's edge.

columns = st.sampled_from(["whole", "float", "text", "flag", "mostly missing"])
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    n = draw(st.integers(2, 40))
    made: dict[str, pl.Series] = {}
    for i, kind in enumerate(draw(st.lists(columns, min_size=1, max_size=4))):
        cells: st.SearchStrategy[Any] = {
            "whole": st.integers(-(2**53), 2**53),
            "float": st.floats(allow_nan=False, allow_infinity=False),
            "text": texts.map(lambda text: f'é"{text},\n'),
            "flag": st.booleans(),
            "mostly missing": st.sampled_from([None, None, None, 2.5]),
        }[kind]
        values = draw(st.lists(cells, min_size=n, max_size=n))
        made[f"c {i}"] = pl.Series(values, strict=False)
    # Never a row without a cell: in a file of several columns that is a blank line.
    return pl.DataFrame({"k": pl.Series([f"k{i}" for i in range(n)]), **made})


@given(frames(), st.integers(8, 200))
def test_reads_back_what_polars_wrote_whatever_the_size_of_a_block(
    frame: pl.DataFrame, size: int
) -> None:
    written = io.BytesIO()
    frame.write_csv(written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_files, "_BLOCK", size)
        patch.setattr(csv_files, "_SAMPLE", size)
        text = read_csv(open_source(io.BytesIO(written.getvalue())))
    assert text.frame.columns == frame.columns
    for name in frame.columns:
        before, after = frame[name], text.frame[name]
        if before.dtype in (pl.String, pl.Boolean):
            after = after.cast(pl.String).str.to_lowercase()
            before = before.cast(pl.String).str.to_lowercase()
            assert before.to_list() == after.to_list()
        else:
            wanted, got = (s.cast(pl.Float64).to_numpy() for s in (before, after))
            np.testing.assert_array_equal(got, wanted)


@given(st.lists(st.sampled_from(["", "", "1.5", "2.5"]), min_size=1, max_size=60))
def test_reads_one_column_with_blank_lines_whatever_the_size_of_a_block(cells: list[str]) -> None:
    text = "\n".join(["a", *cells, "7.5"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_files, "_BLOCK", 9)
        read = frame_of(text)["a"].to_list()
    assert read == [float(cell) if cell else None for cell in [*cells, "7.5"]]


@pytest.mark.parametrize(
    ("last", "dtype"), [("2.5", pl.Float64), ("2", pl.Int64), ("99999999999999999999", pl.Float64)]
)
def test_a_column_of_integers_becomes_floats_when_a_late_row_needs_it(
    last: str, dtype: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "_BLOCK", 50)
    monkeypatch.setattr(csv_files, "_SAMPLE", 50)
    frame = frame_of("a,b\n" + "1,1\n" * 100 + f"{last},1\n")
    assert frame["a"].dtype == dtype
    assert frame["a"][-1] == float(last)
    assert frame["b"].dtype == pl.Int64


def test_names_the_row_of_a_fault_in_a_late_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "_BLOCK", 50)
    rows = "1,1\n" * 100
    for fault, says in (("7,x\n", "row 100, column 'b': 'x'"), ("7\n", "row 100 has 1 cell")):
        with pytest.raises(InvalidInput, match=says):
            frame_of("a,b\n" + rows + fault + rows)


def test_reads_many_columns_that_become_floats_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_files, "_BLOCK", 60)
    monkeypatch.setattr(csv_files, "_SAMPLE", 60)
    width = 12
    rows = [["1"] * width for _ in range(10 * width)]
    for i in range(width):
        rows[10 * i + 9][i] = "1.5"
    text = "\n".join([",".join(f"x{i}" for i in range(width)), *map(",".join, rows)])
    frame = frame_of(text)
    assert frame.dtypes == [pl.Float64] * width
    assert frame.sum().row(0) == (10 * width + 0.5,) * width


@given(st.binary(max_size=200) | st.text('1a,;"\n\r -.é', max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused_in_a_sentence(data: bytes) -> None:
    try:
        said = f"{frame_of(data).height} rows"
    except SondeError as refused:
        said = str(refused)
    assert "\n" not in said
    assert said != "0 rows"


def test_leaves_the_parsers_advice_out_of_a_refusal() -> None:
    with pytest.raises(InvalidInput) as refused:
        frame_of('a,b\n1,2\n"x,1\n')
    assert str(refused.value).endswith("look for a quotation mark that is not closed")


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        pytest.param("a b\n1 2.5\n3 4\n", ["a", "b"], [(1, 2.5), (3, 4)], id="blanks"),
        pytest.param("  a    b\n  1  2.5\n 10   3\n", ["a", "b"], [(1, 2.5), (10, 3)], id="runs"),
        pytest.param("1.5\t 2\n2.5\t 3\n", ["c0", "c1"], [(1.5, 2), (2.5, 3)], id="tabs, blanks"),
        pytest.param("1,5 2\n3,5 4\n", ["c0", "c1"], [(1.5, 2), (3.5, 4)], id="blanks, commas"),
        pytest.param("a^b\n1^2\n3^4\n", ["a", "b"], [(1, 2), (3, 4)], id="carets"),
        pytest.param("1:2\n3:4\n", ["c0", "c1"], [(1, 2), (3, 4)], id="colons"),
        pytest.param("t\n12:00\n12:01\n", ["t"], [("12:00",), ("12:01",)], id="hours are whole"),
        pytest.param(
            "2024-01-01 00:00\n2024-01-02 00:00\n",
            ["c0"],
            [("2024-01-01 00:00",), ("2024-01-02 00:00",)],
            id="dates with hours are whole",
        ),
        pytest.param("'a','b'\n'x,y','2'\n", ["a", "b"], [("x,y", 2)], id="single quotes"),
        pytest.param(
            'a,b\n"say \\"hi\\", you",1\n"no",2\n',
            ["a", "b"],
            [('say "hi", you', 1), ("no", 2)],
            id="quotes behind backslashes",
        ),
        pytest.param(
            'a,b\n"C:\\",1\n"D:\\",2\n', ["a", "b"], [("C:\\", 1), ("D:\\", 2)], id="backslash"
        ),
        pytest.param('a,b\n"x ""y""",1\n', ["a", "b"], [('x "y"', 1)], id="doubled quotes"),
        pytest.param("# x\n# y\na,b\n1,2\n# z\n3,4\n", ["a", "b"], [(1, 2), (3, 4)], id="#"),
        pytest.param("% x\n1 2\n3 4\n", ["c0", "c1"], [(1, 2), (3, 4)], id="%"),
        pytest.param("// x\na,b\n1,2\n", ["a", "b"], [(1, 2)], id="//"),
        pytest.param("# t v\n1 2\n3 4\n", ["t", "v"], [(1, 2), (3, 4)], id="header in a comment"),
        pytest.param("#t,v\n1,2\n3,4\n", ["t", "v"], [(1, 2), (3, 4)], id="header behind #"),
        pytest.param("%idle,v\n1,2\n3,4\n", ["%idle", "v"], [(1, 2), (3, 4)], id="% in a name"),
        pytest.param("c,a\n#fff,1\n#000,2\n", ["c", "a"], [("#fff", 1), ("#000", 2)], id="colours"),
        pytest.param(
            "a,b\n1,2\n#N/A,3\n4,5\n5,6\n",
            ["a", "b"],
            [(1, 2), (None, 3), (4, 5), (5, 6)],
            id="a row that begins like a comment",
        ),
        pytest.param(
            "a,b,\n1,2,\n3,4,\n", ["a", "b"], [(1, 2), (3, 4)], id="delimiters at the end"
        ),
        pytest.param("a,b\n1,2,\n3,4,\n", ["a", "b"], [(1, 2), (3, 4)], id="below the header only"),
        pytest.param("sep=;\na;b\n1;2\n", ["a", "b"], [(1, 2)], id="sep="),
        pytest.param('"sep=|"\na|b\n1|2\n', ["a", "b"], [(1, 2)], id="sep= in quotes"),
        pytest.param("a,b\n1,2\0\0\n3,4\n\0\0", ["a", "b"], [(1, 2), (3, 4)], id="filled up"),
        pytest.param(
            "a,,\n1,2,3\n", ["a", "Unnamed: 1", "Unnamed: 2"], [(1, 2, 3)], id="empty names"
        ),
        pytest.param("a,b\n5%,1\n6%,2\n", ["a", "b"], [("5%", 1), ("6%", 2)], id="percent is text"),
        pytest.param("a,b\n$5,1\n$6,2\n", ["a", "b"], [("$5", 1), ("$6", 2)], id="money is text"),
        pytest.param("a,b\nyes,1\nno,2\n", ["a", "b"], [("yes", 1), ("no", 2)], id="yes is text"),
        pytest.param(
            "msg;v\nhello, you;1\nbye, me;2\n",
            ["msg", "v"],
            [("hello, you", 1), ("bye, me", 2)],
            id="commas in text",
        ),
        pytest.param(
            "date time v\n2024-01-01 00:00:00 1\n2024-01-01 00:01:00 2\n",
            ["date", "time", "v"],
            [("2024-01-01", "00:00:00", 1), ("2024-01-01", "00:01:00", 2)],
            id="date and time between blanks",
        ),
    ],
)
def test_understands(text: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    frame = frame_of(text)
    assert frame.columns == columns
    assert frame.rows() == rows


@pytest.mark.parametrize(
    ("text", "columns", "rows", "says"),
    [
        (
            "Station: Berlin\nDate: 2024-01-01\n\nt;v;w\n1;2,5;3\n2;3,5;4\n3;4,5;5\n",
            ["t", "v", "w"],
            [(1, 2.5, 3), (2, 3.5, 4), (3, 4.5, 5)],
            "2 lines before the table were skipped",
        ),
        (
            "t;v\ns;degC\n1;2\n2;3\n",
            ["t", "v"],
            [(1, 2), (2, 3)],
            "the row below the header was read as units: t [s], v [degC]",
        ),
        (
            "a,b\n1,2.5\na,b\n3,4.5\n",
            ["a", "b"],
            [(1, 2.5), (3, 4.5)],
            "the header comes once more amid the rows; those rows were dropped",
        ),
        (
            '"a" "b"\n"r1" 1.5 2\n"r2" 2.5 3\n',
            ["Unnamed: 0", "a", "b"],
            [("r1", 1.5, 2), ("r2", 2.5, 3)],
            "the header names one column less than the rows have; the first got none",
        ),
        (
            "x\n1_5 and 2\n3_4 and 5\n",
            ["x"],
            [("1_5 and 2",), ("3_4 and 5",)],
            "file object was read as one column of text, 'x': no delimiter cuts its lines evenly",
        ),
    ],
)
def test_says_what_it_understood(
    text: str, columns: list[str], rows: list[tuple[Any, ...]], says: str
) -> None:
    assert (frame_of(text).columns, frame_of(text).rows()) == (columns, rows)
    assert notes_of(text) == [says]


@pytest.mark.parametrize(
    ("encoding", "text", "called"),
    [
        ("cp1252", "a,b\n“x”,1\n€,2\n", "Windows-1252"),
        ("cp1251", "Имя,Число\nМосква,1\nТверь,2\n", "Windows-1251 (Cyrillic)"),
        ("shift_jis", "名前,値\nテストです,1\nデータ,2\n", "Shift-JIS (Japanese)"),
        ("gb18030", "名称,数值\n北京市,1\n上海市,2\n", "GB 18030 (Chinese)"),
        ("utf-8-sig", "a,b\nü,1\nx,2\n", None),
        ("utf-16-le", "a,b\nü,1\nx,2\n", None),
        ("utf-16-be", "a,b\nü,1\nx,2\n", None),
        ("utf-32", "a,b\nü,1\nx,2\n", None),
    ],
)
def test_reads_an_encoding(encoding: str, text: str, called: str | None) -> None:
    data = text.encode(encoding)
    delimiter_and_rows = [tuple(line.split(",")) for line in text.splitlines()]
    frame = frame_of(data)
    assert [tuple(frame.columns), *((a, str(b)) for a, b in frame.rows())] == delimiter_and_rows
    said = [f"file object is not UTF-8; its text was read as {called}"] if called else []
    assert notes_of(data) == said


def test_comments_and_headers_that_come_late_are_left_out_whatever_the_size_of_a_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_files, "_BLOCK", 16)
    monkeypatch.setattr(csv_files, "_SAMPLE", 16)
    rows = "".join(f"{i},{i}.5\n" for i in range(40))
    frame = frame_of("# begin\na,b\n" + rows + "# pause\n" + rows + "a,b\n" + rows)
    assert frame["a"].to_list() == [*range(40)] * 3
    assert frame["b"].sum() == 3 * sum(i + 0.5 for i in range(40))


@pytest.mark.parametrize("cell", ["{} Jan 2024", "Jan {} 2024", "pump {} 2"])
def test_blanks_within_the_cells_of_a_plain_file_cut_nothing(cell: str) -> None:
    frame = frame_of("date,count\n" + "".join(f"{cell.format(i)},{90 - i}\n" for i in range(1, 31)))
    assert frame.columns == ["date", "count"]
    assert frame.row(29) == (cell.format(30), 60)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1.130", "1.240"], [1130, 1240]),
        (["1.234", "999"], [1234, 999]),
        (["1.234.567", "12.000"], [1_234_567, 12_000]),
        (["0.130", "1.240"], [0.13, 1.24]),
        (["1.13", "1.240"], [1.13, 1.24]),
    ],
)
def test_points_amid_decimal_commas_are_those_of_thousands_where_they_can_be(
    cells: list[str], wanted: list[float]
) -> None:
    text = "t;a;b;n\n" + "".join(f"2024-01-0{i};1,5;2,25;{c}\n" for i, c in enumerate(cells, 1))
    assert frame_of(text)["n"].to_list() == wanted
    is_grouped = wanted[0] >= 1000
    assert notes_of(text) == ["column 'n': points read as thousands"] * is_grouped


def test_one_column_of_decimal_commas_is_enough_to_tell_thousands() -> None:
    text = "t;a;n\n2024-01-01;1,5;1.130\n2024-01-02;1,7;1.240\n"
    assert frame_of(text).row(0) == ("2024-01-01", 1.5, 1130)
    # Where every comma may be one of thousands, points stay decimal.
    assert frame_of("a;b\n1,234;1.500\n1,345;2.500\n").row(0) == (1234, 1.5)
