"""What a file is, by how it begins."""

from __future__ import annotations

import re
from typing import Literal

from ...errors import InvalidInput

FileKind = Literal[
    "csv",
    "parquet",
    "arrow",
    "arrow stream",
    "npy",
    "zip",
    "old workbook",
    "json",
    "ts",
    "arff",
]

_MAGIC: dict[bytes, FileKind] = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow stream",
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "old workbook",
}

_AS_TEXT = "save it as CSV or Parquet"
_CODE = "a file that can run code when it is opened, which is not done here"
# How other kinds of files begin: what they are, and what to do about it.
_NOT_READ: dict[bytes, tuple[str, str]] = {
    b"FEA1": ("a Feather file of version 1", "write it again with any newer library (version 2)"),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", _AS_TEXT + ", for example with pandas or h5py"),
    b"CDF\x01": ("a NetCDF file", _AS_TEXT + ", for example with xarray"),
    b"CDF\x02": ("a NetCDF file", _AS_TEXT + ", for example with xarray"),
    b"%PDF": ("a PDF", "look for the data the PDF was made from"),
    b"Obj\x01": ("an Avro file", _AS_TEXT),
    b"ORC": ("an ORC file", _AS_TEXT),
    b"SQLite format 3\x00": (
        "an SQLite database",
        "read a table of it with --query and a URL such as sqlite:///FILE",
    ),
    b"MATLAB 5.0 MAT-file": ("a MATLAB file", "write it as CSV from MATLAB, or with scipy.io"),
    b"\x89PNG\r\n\x1a\n": ("a PNG image", "look for the data the image was made from"),
    b"\xff\xd8\xff": ("a JPEG image", "look for the data the image was made from"),
    b"GIF8": ("a GIF image", "look for the data the image was made from"),
    b"II*\x00": ("a TIFF image", "look for the data the image was made from"),
    b"MM\x00*": ("a TIFF image", "look for the data the image was made from"),
    b"RIFF": ("a sound, film or image (RIFF)", "save its samples as .npy or CSV"),
    b"fLaC": ("a FLAC sound", "save its samples as .npy or CSV"),
    b"OggS": ("an Ogg sound or film", "save its samples as .npy or CSV"),
    b"ID3": ("an MP3 sound", "save its samples as .npy or CSV"),
    b"\x7fELF": ("a program", "name a file of data"),
    b"MZ\x90": ("a program", "name a file of data"),
    b"LZIP": ("packed with lzip", "unpack it first, or pack it with xz or gzip"),
    b"\x1f\x9d": ("packed with compress", "unpack it first, or pack it with gzip"),
    b"{\\rtf": ("a text document (RTF)", "save its table as CSV"),
    b"\x00asm": ("a program", "name a file of data"),
    b"\xca\xfe\xba\xbe": ("a program", "name a file of data"),
    b"RDX": ("an R data file", "write it with write.csv from R"),
    b"RDA": ("an R data file", "write it with write.csv from R"),
    b"X\n\x00\x00\x00": ("an R data file", "write it with write.csv from R"),
    b"<stata_dta>": ("a Stata file", "save it as CSV from Stata, or with pandas"),
    b"$FL2@(#)": ("an SPSS file", "save it as CSV from SPSS, or with pandas"),
    b"version https://git-lfs": (
        "a pointer of Git LFS in place of a file",
        "fetch the file itself with git lfs pull",
    ),
    b"HEADER RECORD*******": ("a SAS file", "save it as CSV from SAS, or with pandas"),
}
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x8a\x8c\x95\x00-\x1f(}\]cXKNGU.]", re.DOTALL)
_MARKUP = re.compile(rb"<(\?xml|!doctype|!--|html|[a-z][\w:.-]*[\s>/])", re.IGNORECASE)
_JSON = re.compile(
    rb"\{\s*[\"}]|\{\s*$|\[\s*$|"
    rb"\[\s*(-?\d[\d.eE+-]*\s*[,\]]|-?\d[\d.eE+-]*\s*$|[\[{\"\]]|(null|true|false|NaN|-?Infinity)\b)"
)
_TS = re.compile(
    rb"@(problemname|timestamps|missing|univariate|dimensions?|equallength|serieslength|"
    rb"classlabel|targetlabel|data)\b",
    re.IGNORECASE,
)
_ARFF = re.compile(rb"@(relation|attribute)\b", re.IGNORECASE)
_COMMENT_LINE = re.compile(rb"[ \t]*[#%][^\r\n]*(\r\n|\r|\n|$)")


def kind_of_file(begin: bytes, source: str) -> FileKind:
    """What the file ``source`` is that begins with ``begin``; text that is nothing else is CSV.

    Raises
    ------
    InvalidInput : a kind of file that is not read here; the message names it and a way out.

    Examples
    --------
    >>> kind_of_file(b"PAR1...", "x"), kind_of_file(b"a,b", "x"), kind_of_file(b'[{"a": 1}]', "x")
    ('parquet', 'csv', 'json')
    """
    for magic, kind in _MAGIC.items():
        if begin.startswith(magic):
            return kind
    text = _plain(begin)
    _refuse_others(begin, text, source)
    if _JSON.match(text):
        return "json"
    while (comment := _COMMENT_LINE.match(text)) and comment.end() > 0:
        text = text[comment.end() :].lstrip()
    if _ARFF.match(text):
        return "arff"
    return "ts" if _TS.match(text) else "csv"


def _plain(begin: bytes) -> bytes:
    """The text's beginning without marks and blanks before it, in one byte per letter."""
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        begin = begin[: len(begin) // 4 * 4].decode("utf-16", "replace").encode()
    return begin.removeprefix(b"\xef\xbb\xbf").lstrip()


def _refuse_others(begin: bytes, text: bytes, source: str) -> None:
    for magic, (what, remedy) in _NOT_READ.items():
        if begin.startswith(magic):
            raise _refusal(source, what, remedy)
    if begin[257:262] == b"ustar":
        raise _refusal(source, "a tar archive", "unpack it first, and name a file in it")
    if begin[4:8] == b"ftyp":
        raise _refusal(source, "a film or image", "save its samples as .npy or CSV")
    if _PICKLE.match(begin):
        raise _refusal(source, f"a pickle, {_CODE}", _AS_TEXT)
    if _MARKUP.match(text):
        raise _refusal(source, "XML or HTML", "export its table as CSV")


def _refusal(source: str, what: str, remedy: str) -> InvalidInput:
    return InvalidInput(f"{source} is {what}, which cannot be read here; {remedy}", source=source)
