"""JSON Schema in words, for the pages that people read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]
Field = tuple[str, str, bool, str]  # name, kind, whether it must be there, what it is

_WORDS = {
    "null": "null",
    "number": "number",
    "integer": "whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
}


def kind_of(schema: Json) -> str:
    """What a value is.

    >>> kind_of({"type": "array", "items": {"type": ["number", "null"]}})
    'list of (number or null)'
    >>> kind_of({"anyOf": [{"$ref": "#/components/schemas/Anomaly"}, {"type": "null"}]})
    'Anomaly or null'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return _either(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return _either(kind_of(one) for one in schema["anyOf"])
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds == ["array"] and schema.get("items"):
        inner = kind_of(schema["items"])
        return f"list of ({inner})" if " or " in inner else f"list of {inner}"
    inside = schema.get("additionalProperties")
    if kinds == ["object"] and isinstance(inside, dict):
        return f"object of name: {kind_of(inside)}"
    return _either(_WORDS[kind] for kind in kinds) or "anything"


def fields_of(schema: Json) -> list[Field]:
    """The fields of an object, those of every schema that it is made of."""
    found: list[Field] = []
    for part in schema.get("allOf", [schema]):
        required = part.get("required", [])
        found += [
            (name, kind_of(one), name in required, about(one))
            for name, one in part.get("properties", {}).items()
        ]
    return found


def includes(schema: Json) -> list[str]:
    """The names of the schemas whose fields an object has as well."""
    return [kind_of(part) for part in schema.get("allOf", []) if "$ref" in part]


def shapes(answer: Json) -> list[str]:
    """The names of the schemas that a body may have, each once."""
    schemas = [content["schema"] for content in answer.get("content", {}).values()]
    named = [one for schema in schemas for one in schema.get("anyOf", [schema]) if "$ref" in one]
    return list(dict.fromkeys(kind_of(one) for one in named))


def about(schema: Json) -> str:
    """What is said of a value, and the range that it must be in."""
    said = [str(schema["description"]).rstrip(".")] if "description" in schema else []
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        said.append(f"{low:,} to {high:,}")
    elif low is not None:
        said.append(f"from {low:,}")
    if "examples" in schema:
        said.append("such as " + ", ".join(map(str, schema["examples"])))
    return "; ".join(said)


def example_call(path: str, method: str, operation: Json) -> str:
    """The operation as a line for a shell."""
    words = ["curl"] if method == "get" else [f"curl -X {method.upper()}"]
    body = operation.get("requestBody", {}).get("content", {})
    for kind, content in body.items():
        if "example" in content:
            words.append(f"-H 'Content-Type: {kind}' -d '{_as_json(content['example'])}'")
            break
    else:
        words += [f"-H 'Content-Type: {kind}' --data-binary @FILE" for kind in list(body)[:1]]
    if operation.get("security") != [{}]:
        words.append('-H "Authorization: Bearer $KEY"')
    return " ".join([*words, f"http://127.0.0.1:8000{path}".replace("{", "").replace("}", "")])


def _as_json(example: Any) -> str:
    import json

    return json.dumps(example, ensure_ascii=False)


def _either(words: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(words))
