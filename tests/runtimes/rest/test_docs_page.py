"""The page at /docs: everything of the document is on it, and nothing comes from elsewhere."""

from __future__ import annotations

import re
import shlex
from html import escape, unescape
from typing import Any

import pytest

from sonde.runtimes.rest.openapi import docs_page, document
from sonde.runtimes.rest.openapi.spoken import about, example_call, fields_of, kind_of
from sonde.settings import Settings


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return document(Settings())


@pytest.fixture(scope="module")
def page(told: dict[str, Any]) -> str:
    return docs_page(told).decode()


def test_every_operation_status_and_shape_is_on_the_page(told: dict[str, Any], page: str) -> None:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            shown = f"{method.upper()}</span><code>{escape(path)}</code><span>"
            assert f"{shown}{escape(operation['summary'])}" in page
            assert escape(example_call(path, method, operation)) in page
    for name, schema in told["components"]["schemas"].items():
        assert f'id="{name}"' in page
        for field, _, _, said in fields_of(schema):
            assert f"<code>{field}</code>" in page
            assert said.replace("`", "") in unescape(re.sub(r"</?code>", "", page))


def test_links_stay_on_the_page(page: str) -> None:
    ids = set(re.findall(r'id="(\w+)"', page))
    for target in re.findall(r'href="([^"]+)"', page):
        assert target == "openapi.json" or target.removeprefix("#") in ids
    assert not re.findall(r"<script|src=|@import|url\(", page)


def test_what_the_document_says_makes_no_markup(told: dict[str, Any]) -> None:
    evil = "<img src=x onerror=alert(1)>"
    path = {"get": told["paths"]["/health"]["get"] | {"summary": evil}}
    shown = docs_page(told | {"paths": {f"/{evil}": path}}).decode()
    assert "<img" not in shown
    assert escape(evil) in shown


def test_calls_are_lines_that_a_shell_reads(told: dict[str, Any]) -> None:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            words = shlex.split(example_call(path, method, operation))
            assert words[0] == "curl"
            assert words[-1].startswith("http://127.0.0.1:8000/")
            assert ("Authorization: Bearer $KEY" in words) == (operation.get("security") != [{}])


def test_kinds_and_ranges_in_words() -> None:
    assert kind_of({}) == "anything"
    assert kind_of({"type": "object", "additionalProperties": {"type": "string"}}) == (
        "object of name: text"
    )
    assert kind_of({"enum": ["a", "b"]}) == "a or b"
    assert about({"description": "Items.", "minimum": 1, "maximum": 1000}) == "Items; 1 to 1,000"
