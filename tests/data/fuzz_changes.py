"""Bytes to throw at the readers: noise, text that is nearly CSV, and valid files damaged."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from random import Random

from .fuzz_seeds import members_of, seeds, zipped, zstd

PIECES = (
    *",;\t|: ^~\"'\\#%@{}[]()=?*\n\r",
    "\r\n", "\n\n", "\x00", "\x1a", "\x1f", "\x85", "\u2028", "\ufeff", "\u00a0",
    "\u200b", "\ud7ff",
    '""', '"\n', "0", "1", "-1", "+5", "1.5", "1,5", "1.234,5", "1e5", "1e999", "-1e-400", "0x1F",
    "1_000", "007", "9" * 19, "9" * 40, "9223372036854775808", "-9223372036854775809",
    "NaN", "inf",
    "-Infinity", "NA", "null", "None", "-", "true", "False", "yes", "12%", "$3", "5 kg",
    "٣", "½", "Ⅷ",
    "2024-01-01", "2024-02-30", "2024-13-01", "0000-00-00", "9999-12-31", "1600-01-01",
    "01/02/2024",
    "31.12.2024", "12:30", "25:61", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00+25:00",
    "10:00 PM",
    "2024-03-31 02:30:00", "2024-W01-1", "Jan 5, 2024", "1704067200", "1704067200000",
    "1e18", "20240101",
    "2024-01-01 00:00:00 Europe/Berlin", "2024-01-01 00:00:60", "Q1 2024", "2024",
    "a", "b", "time", "timestamp", "date", "id", "value", "label", "sensor", "ä", "日本",
    "\U0001f600",
    "sep=;", "@data", "@relation r", "@attribute a numeric", "{", "[1,2]",
    '{"a":1}', "<a>", "\\N",
)  # fmt: skip
_BYTES = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff" * 4,
    b"\xff" * 8,
    b"\x00" * 8,
    b"\n",
    b'"',
    b",",
)
_ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "latin-1",
    "cp1251",
    "shift_jis",
)
_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd,
    "zip": lambda content: zipped({"a.csv": content}),
    "gz in zip": lambda content: zipped({"a.csv.gz": gzip.compress(content)}),
}


def noise(random: Random) -> bytes:
    """Arbitrary bytes, often behind the first bytes of a known format."""
    begin = b""
    if random.random() < 0.5:
        begin = random.choice(list(seeds().values()))[: random.randrange(1, 40)]
    return begin + random.randbytes(random.randrange(200))


def text(random: Random) -> bytes:
    """Rows of pieces of CSV, often of one width, in some encoding, at times packed."""
    delimiter = random.choice(",,,,;\t|: ")
    width = random.randrange(1, 6)
    rows = []
    for _ in range(random.randrange(1, 25)):
        n = width if random.random() < 0.9 else random.randrange(8)
        rows.append(delimiter.join(_cell(random) for _ in range(n)))
    end = random.choice(("\n", "\n", "\n", "\r\n", "\r"))
    made = end.join(rows) + random.choice((end, end, ""))
    data = made.encode(random.choice(("utf-8",) * 6 + _ENCODINGS), "replace")
    return _PACKERS[random.choice(list(_PACKERS))](data) if random.random() < 0.05 else data


def columns(random: Random) -> bytes:
    """A table of text whose columns each hold one kind of cell, with a few that do not fit."""
    kinds = [random.sample(PIECES, random.randrange(1, 4)) for _ in range(random.randrange(1, 6))]
    header = [
        random.choice(("time", "date", "id", "value", "a", "b", "sensor", "x y", "")) for _ in kinds
    ]
    delimiter = random.choice(",,;\t|")
    rows = [delimiter.join(header)] if random.random() < 0.8 else []
    for i in range(random.randrange(1, 30)):
        cells = []
        for kind in kinds:
            cell = random.choice(kind)
            roll = random.random()
            if roll < 0.4:
                cell = str(i * 10 ** random.randrange(3))
            elif roll < 0.45:
                cell = random.choice(PIECES)
            if any(sign in cell for sign in (delimiter, "\n", "\r", '"')):
                cell = '"' + cell.replace('"', '""') + '"'
            cells.append(cell)
        rows.append(delimiter.join(cells))
    return "\n".join(rows).encode("utf-8", "replace")


def damaged(random: Random) -> bytes:
    """A valid file of some format with bytes flipped, cut, put in, doubled or of another file."""
    name = random.choice(list(seeds()))
    data = seeds()[name]
    if name in ("xlsx", "ods", "npz", "zip") and random.random() < 0.7:
        # A flipped bit of a packed member is only ever a wrong checksum.
        members = members_of(data)
        inner = random.choice(list(members))
        members[inner] = changed(random, members[inner])
        return zipped(members)
    data = changed(random, data)
    if random.random() < 0.05:
        return _PACKERS[random.choice(list(_PACKERS))](data)
    return data


def changed(random: Random, data: bytes) -> bytes:
    """``data`` after one to four changes."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        data = random.choice(_CHANGES)(random, data)
    return data


def _cell(random: Random) -> str:
    roll = random.random()
    if roll < 0.5:
        return str(random.choice(PIECES))
    if roll < 0.8:
        return str(random.randrange(-1000, 1000) / random.choice((1, 10)))
    made = "".join(random.choice(PIECES) for _ in range(random.randrange(4)))
    return '"' + made.replace('"', '""') + '"' if random.random() < 0.5 else made


def _flip(random: Random, data: bytes) -> bytes:
    if not data:
        return data
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        made[random.randrange(len(made))] ^= 1 << random.randrange(8)
    return bytes(made)


def _overwrite(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    put = random.choice((*_BYTES, random.randbytes(random.randrange(1, 9))))
    return data[:at] + put + data[at + len(put) :]


def _insert(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    put = random.choice((*_BYTES, random.choice(PIECES).encode(), random.randbytes(3)))
    return data[:at] + put * random.choice((1, 1, 1, 50)) + data[at:]


def _cut(random: Random, data: bytes) -> bytes:
    first, last = sorted(random.randrange(len(data) + 1) for _ in range(2))
    return data[:first] if random.random() < 0.5 else data[:first] + data[last:]


def _double(random: Random, data: bytes) -> bytes:
    first, last = sorted(random.randrange(len(data) + 1) for _ in range(2))
    return data[:last] + data[first:last] * random.choice((1, 1, 3)) + data[last:]


def _splice(random: Random, data: bytes) -> bytes:
    other = random.choice(list(seeds().values()))
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other)) :]


_CHANGES = (_flip, _flip, _flip, _overwrite, _overwrite, _insert, _cut, _double, _splice)
KINDS: dict[str, Callable[[Random], bytes]] = {
    "noise": noise,
    "text": text,
    "columns": columns,
    "damaged": damaged,
}
