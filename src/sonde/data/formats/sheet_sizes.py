"""How large the sheets of a workbook would be in memory, known before they are read."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from typing import IO

from ...errors import InvalidInput
from ..inputs.sources import Source

# A reader holds every cell between the corners of a sheet, filled or not. A filled one takes at
# least ten bytes of XML; one that lies far from the others makes billions of empty ones.
_MOST_CELLS = 20_000_000
_CHUNK = 1 << 20
_LONGEST_PLACE = 64
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,8})([0-9]{1,20})["']""")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


def refuse_vast(source: Source) -> None:
    """Raise InvalidInput for a workbook that would take far more memory than its file.

    Workbooks that are no zip of XML (``.xls``, and the sheets of ``.xlsb``) are passed over.
    """
    most = max(source.most_unpacked, 200 * source.size)
    with source.start() as stream:
        if source.read(stream, 2) != b"PK":
            return
    try:
        with source.start() as stream, zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > most:
                raise source.too_much()
            for entry in entries:
                with archive.open(entry) as packed:  # to its end: the size it states may be a lie
                    is_sheet = entry.filename.startswith("xl/worksheets/")
                    cells = _cells(packed) if is_sheet else _drained(packed)
                if cells > max(_MOST_CELLS, entry.file_size):
                    raise InvalidInput(
                        f"{source.name} has a sheet ({entry.filename[:60]!r}) of {cells:,} cells, "
                        "nearly all of them empty; delete what stands far from the table, or save "
                        "the table as CSV",
                        source=source.name,
                    )
    except InvalidInput:
        raise
    except _BROKEN:
        raise InvalidInput(
            f"{source.name} is damaged, cut off or no workbook; open it in a spreadsheet and save "
            "it again",
            source=source.name,
        ) from None


def _cells(sheet: IO[bytes]) -> int:
    """Cells from the first to the furthest row and column that the sheet mentions."""
    rows, columns = 0, 0
    held = b""
    while chunk := sheet.read(_CHUNK):
        held = held[-_LONGEST_PLACE:] + chunk
        places = _PLACE.findall(held)
        rows = max(rows, *map(int, {digits for _, digits in places}), 0)
        columns = max(columns, *map(_column, {letters for letters, _ in places}), 0)
    return rows * max(columns, 1)


def _column(letters: bytes) -> int:
    """``A`` is 1, ``AA`` is 27."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _drained(stream: IO[bytes]) -> int:
    while stream.read(_CHUNK):
        pass
    return 0
