"""Media types of bodies and answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.errors import Malformed, NotAcceptable, SondeError, Unsupported
from sonde.wire import media as m


@pytest.mark.parametrize(
    ("header", "media"),
    [
        (None, m.JSON),
        ("", m.JSON),
        ("application/json", m.JSON),
        ("Application/JSON; charset=UTF-8", m.JSON),
        ("application/problem+json", m.JSON),
        ("application/vnd.api+json", m.JSON),
        ("text/csv; header=present; charset=latin-1", m.CSV),
        ("application/x-parquet", m.PARQUET),
        ("application/vnd.apache.arrow.stream", m.ARROW),
        ("application/vnd.apache.arrow.file", m.ARROW_FILE),
    ],
)
def test_a_content_type_names_a_medium(header: str | None, media: str) -> None:
    assert m.of_content_type(header) == media


def test_an_unknown_content_type_is_refused_with_those_that_are_read() -> None:
    with pytest.raises(Unsupported, match=r"application/x-www-form-urlencoded.*text/csv"):
        m.of_content_type("application/x-www-form-urlencoded")


def test_json_in_other_letters_is_refused() -> None:
    with pytest.raises(Unsupported, match="send it as UTF-8"):
        m.of_content_type("application/json; charset=utf-16")


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, m.JSON),
        ("", m.JSON),
        ("*/*", m.JSON),
        ("text/html, */*;q=0.1", m.JSON),
        (m.ARROW, m.ARROW),
        (f"{m.ARROW};q=0.9, application/json;q=0.1", m.ARROW),
        ("application/*", m.JSON),
        ("*/*, application/json;q=0.1", m.ARROW),
        ("text/*, application/json;q=0.5", m.CSV),
        ("application/json;q=0, */*", m.ARROW),
        ("text/csv;q=1;level=2", m.CSV),
    ],
)
def test_accept_chooses_what_it_likes_best(accept: str | None, media: str) -> None:
    assert m.negotiate(accept) == media


def test_who_accepts_nothing_that_is_offered_is_told_what_is() -> None:
    with pytest.raises(NotAcceptable, match="text/csv") as caught:
        m.negotiate("image/png")
    assert caught.value.facts["offered"] == list(m.ANSWERS)
    with pytest.raises(NotAcceptable):
        m.negotiate("application/json;q=0")


@pytest.mark.parametrize("accept", ["json", "text/csv;q=2", "text/csv;q=nan", "a/b," * 100])
def test_nonsense_in_accept_is_malformed(accept: str) -> None:
    with pytest.raises(Malformed):
        m.negotiate(accept)


@given(st.text(max_size=60))
def test_any_header_gives_a_medium_or_a_refusal(header: str) -> None:
    for read in (m.of_content_type, m.negotiate):
        try:
            found = read(header)
        except SondeError as error:
            found = "" if len(str(error)) < 500 else "a long message"
        assert found in ("", *m.BODIES)
