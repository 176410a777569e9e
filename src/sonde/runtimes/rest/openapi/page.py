"""The document as a page of plain HTML: nothing is fetched from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem}
h1{margin-bottom:0}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
details{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer;display:flex;gap:.8rem;align-items:baseline;flex-wrap:wrap}
.method{font:700 .8rem ui-monospace,monospace;min-width:4rem}
code,pre{font:.86rem ui-monospace,monospace}pre{background:var(--soft);padding:.8rem;overflow:auto;
border-radius:.4rem;max-height:30rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
td,th{text-align:left;padding:.25rem .6rem .25rem 0;vertical-align:top}
"""


def docs_page(document: dict[str, Any]) -> bytes:
    """Every operation with its parameters, bodies and answers; schemas at the end."""
    tags: dict[str, list[str]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tags[operation["tags"][0]].append(_operation(path, method, operation))
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    sections = "".join(
        f"<h2>{escape(name.capitalize())}</h2><p>{escape(about[name])}</p>{''.join(shown)}"
        for name, shown in tags.items()
    )
    shapes = "".join(
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<pre>{escape(json.dumps(shape, indent=2, ensure_ascii=False))}</pre></details>"
        for name, shape in document["components"]["schemas"].items()
    )
    title = f"{document['info']['title']} {document['info']['version']}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<p>{escape(document['info']['summary'])} For programs: "
        '<a href="openapi.json">openapi.json</a>. Keys go into <code>Authorization: Bearer</code> '
        "or <code>X-API-Key</code>; every refusal is a <a href='#Problem'>Problem</a>.</p>"
        f"{sections}<h2>Schemas</h2>{shapes}</html>"
    ).encode()


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parts = []
    if operation.get("parameters"):
        rows = "".join(
            f"<tr><td><code>{escape(p['name'])}</code><td>{escape(p['in'])}"
            f"<td>{escape(p['schema'].get('description', p.get('description', '')))}"
            for p in operation["parameters"]
        )
        parts.append(f"<table><tr><th>parameter<th>in<th>what{rows}</table>")
    body = operation.get("requestBody")
    if body is not None:
        kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in body["content"])
        parts.append(f"<p>Body: {kinds}. {escape(body.get('description', ''))}</p>")
        for kind, content in body["content"].items():
            if "example" in content:
                example = content["example"]
                shown = example if isinstance(example, str) else json.dumps(example)
                parts.append(f"<pre>{escape(kind)}\n{escape(shown)}</pre>")
    rows = "".join(
        f"<tr><td>{status}<td>{escape(answer['description'])}<td>{_shapes(answer)}"
        for status, answer in sorted(operation["responses"].items())
    )
    parts.append(f"<table><tr><th>status<th>when<th>body{rows}</table>")
    return (
        f'<details><summary><span class="method">{method.upper()}</span>'
        f"<code>{escape(path)}</code><span>{escape(operation['summary'])}</span></summary>"
        f"{''.join(parts)}</details>"
    )


def _shapes(answer: dict[str, Any]) -> str:
    names = []
    for content in answer.get("content", {}).values():
        schema = content["schema"]
        for one in (schema, *schema.get("anyOf", [])):
            if "$ref" in one:
                name = one["$ref"].rpartition("/")[2]
                names.append(f'<a href="#{escape(name)}">{escape(name)}</a>')
    return ", ".join(dict.fromkeys(names))
