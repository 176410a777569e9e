"""Which SQL only asks."""

from __future__ import annotations

import re

from ..errors import InvalidInput

_ASKS = ("select", "with", "values", "table")
# PostgreSQL and SQL Server let WITH and SELECT change rows; none of these words is needed to ask.
_CHANGES = {
    "insert", "update", "delete", "merge", "into", "create", "alter", "drop", "truncate", "grant",
    "revoke", "call", "copy", "lock",
}  # fmt: skip
_TABLE = re.compile(r'(?:[^\W\d]\w*|"[^"]+")(?:\.(?:[^\W\d]\w*|"[^"]+"))*')
# Text, names in quotes, comments and dollar quotes: whatever is in them is no statement.
_QUIET = re.compile(
    r"""
    '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]\n]*\]
    | --[^\n]* | /\*.*?\*/ | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    """,
    re.VERBOSE | re.DOTALL,
)


def one_question(query: str) -> str | tuple[str, ...]:
    """``query`` without the semicolon at its end; the parts of the name when it names a table.

    >>> one_question("SELECT * FROM readings;"), one_question("plant.readings")
    ('SELECT * FROM readings', ('plant', 'readings'))

    Raises
    ------
    InvalidInput : empty, several statements, or one that is no question.
    """
    text = query.strip()
    while text.endswith(";"):
        text = text[:-1].rstrip()
    if not text:
        raise InvalidInput("the query is empty; write a SELECT, or the name of a table")
    bare = _QUIET.sub(" ", text).lower().strip()
    if _TABLE.fullmatch(text) and bare not in _ASKS:
        return tuple(part.strip('"') for part in _parts(text))
    if ";" in bare:
        raise InvalidInput("the query has several statements; give one SELECT")
    words = re.findall(r"[a-z_]\w*", bare)
    first = words[0] if words else ""
    if first not in _ASKS:
        raise InvalidInput(
            f"only a question is asked here, a SELECT, WITH, VALUES or TABLE statement or the name "
            f"of a table, and this begins with {first.upper() or text[:20]!r}"
        )
    changing = _CHANGES & set(words)
    if changing and _changes(bare, changing):
        raise InvalidInput(
            f"the query would change the database ({sorted(changing)[0].upper()}); ask with SELECT "
            "alone, and put a column of that name in quotes"
        )
    return text


def _changes(bare: str, words: set[str]) -> bool:
    """True unless each word is a column's (``t.update``, ``update,``) or a function's name."""
    return any(
        re.search(rf"(?<![.\w]){word}\b(?=\s+[\w\s\"]|\s*$)", bare) is not None for word in words
    )


def _parts(text: str) -> list[str]:
    return re.findall(r'"[^"]+"|[^.]+', text)
