"""Text that is not UTF-8 is known by its letters."""

from __future__ import annotations

import pytest

from sonde.data.formats.encodings import encoding_of, text_of

WESTERN = "Zeit;Temperatur;Größe;Ort\n" + "".join(
    f"2024-01-{day:02};{day}.5;{size};{place}\n"
    for day, (size, place) in enumerate(
        [("groß", "Köln"), ("mäßig", "Gießen"), ("größer", "Süßen"), ("weiß", "Orléans")] * 5, 1
    )
)
JAPANESE = "時刻;温度;場所\n" + "2024-01-01;1.5;ポンプ室\n2024-01-02;2.5;ひがし工場\n" * 5
CHINESE = "时间;温度;地点\n" + "2024-01-01;1.5;水泵房间\n2024-01-02;2.5;东部工厂\n" * 5
CYRILLIC = "время;температура\n" + "утро;1.5\nвечер;2.5\n" * 5


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1250"])
@pytest.mark.parametrize("letters", ["ß", "ö", "ü", "é", "öß", "üß", ""])
def test_accents_are_neither_chinese_nor_japanese(encoding: str, letters: str) -> None:
    rows = WESTERN + f"2024-02-01;1.5;gro{letters}e;M{letters}n\n" * 12 * bool(letters)
    data = rows.encode(encoding)
    assert sum(byte > 127 for byte in data) >= 8
    assert encoding_of(data) in ("latin-1", "cp1252")
    text, notes = text_of(data, "a.csv")
    assert text == rows
    assert notes == [f"a.csv is not UTF-8; its text was read as {notes[0].split()[-1]}"]


@pytest.mark.parametrize("letters", ["ß", "ö", "ü", "é", "öß", "üß", "éö"])
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1250"])
def test_one_accent_in_every_row_says_nothing_of_the_east(encoding: str, letters: str) -> None:
    rows = "Zeit;Ort\n" + f"1;gro{letters}\n2;M{letters}n\n" * 10
    assert text_of(rows.encode(encoding), "a.csv")[0] == rows


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(JAPANESE, "shift_jis"), (CHINESE, "gb18030"), (CYRILLIC, "cp1251"), (WESTERN, "utf-8")],
    ids=["Japanese", "Chinese", "Cyrillic", "UTF-8"],
)
def test_letters_of_other_alphabets_are_known(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    assert encoding_of(data) == encoding
    assert text_of(data, "a.csv")[0] == text


@pytest.mark.parametrize(("text", "encoding"), [(JAPANESE, "shift_jis"), (CHINESE, "gb18030")])
def test_a_piece_that_ends_within_a_letter_is_known_too(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    ends = [n for n in range(len(data) // 2, len(data) // 2 + 40) if data[n - 1] > 127]
    assert {encoding_of(data[:end]) for end in ends} == {encoding}
