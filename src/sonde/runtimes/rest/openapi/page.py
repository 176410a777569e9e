"""The document as a page of plain HTML: nothing is fetched from elsewhere, no script runs."""

from __future__ import annotations

from html import escape
from typing import Any

from .spoken import about, example_call, fields_of, includes, kind_of, shapes

Json = dict[str, Any]

_STYLE = """
:root{--paper:#fbfbfa;--card:#fff;--edge:#e3e3df;--ink:#1b1f24;--soft:#4d545c;--faint:#666d75;
--link:#35506e;--wash:rgba(53,80,110,.09);--get:#1f6f54;--post:#35506e;--put:#8a5a00;
--patch:#8a5a00;--delete:#a3333d;color-scheme:light}
@media (prefers-color-scheme:dark){:root{--paper:#111417;--card:#181c20;--edge:#2c3238;
--ink:#e8eaec;
--soft:#b9c0c7;--faint:#97a0a9;--link:#9fc0e3;--wash:rgba(159,192,227,.13);--get:#7fd0b0;
--post:#9fc0e3;--put:#e6b65c;--patch:#e6b65c;--delete:#f0959c;color-scheme:dark}}
*{box-sizing:border-box}html{background:var(--paper)}
body{margin:0 auto;max-width:980px;padding:0 clamp(14px,3vw,36px) 64px;color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
overflow-wrap:anywhere}
.brand{margin:14px 0 26px;font-weight:650}.brand span{color:var(--faint);font-weight:400;
margin-left:6px}
h1{font-size:clamp(24px,3.4vw,34px);line-height:1.15;letter-spacing:-.022em;margin:0 0 10px}
h2{font-size:17px;margin:38px 0 2px}h3{font-size:14px;margin:18px 0 6px;color:var(--faint);
font-weight:600}
p{margin:0 0 10px;color:var(--soft);max-width:76ch}p code{white-space:nowrap}a{color:var(--link)}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--wash);margin:0 0 10px;padding:10px 14px;border-radius:8px;
white-space:pre-wrap}
details{background:var(--card);border:1px solid var(--edge);margin-top:-1px}
details:first-of-type{border-radius:10px 10px 0 0}details:last-of-type{border-radius:0 0 10px 10px}
details:only-of-type{border-radius:10px}
summary{cursor:pointer;display:grid;grid-template-columns:4.6em minmax(0,1.4fr) minmax(0,1fr);
gap:2px 12px;align-items:baseline;padding:9px 14px;list-style:none}
summary::-webkit-details-marker{display:none}summary:hover{background:var(--wash)}
summary span:last-child{color:var(--soft)}
details[open]>summary{border-bottom:1px solid var(--edge)}
.inner{padding:4px 14px 12px}.shape summary{grid-template-columns:1fr}
.method{font:700 12px ui-monospace,monospace;color:var(--post)}
.get{color:var(--get)}.put{color:var(--put)}.patch{color:var(--patch)}.delete{color:var(--delete)}
table{border-collapse:collapse;width:100%}td{padding:5px 14px 5px 0;vertical-align:top;
border-top:1px solid var(--edge)}td:first-child{width:15em}td:nth-child(2){width:17em}
tr:first-child td{border-top:0}td.kind,td.faint{color:var(--faint)}
.answers td:first-child{width:4em}.answers td:nth-child(2){width:auto}
.answers td:nth-child(3){width:17em}
.must{color:var(--link);font-size:12.5px;margin-left:6px}
@media (max-width:620px){summary{grid-template-columns:4.6em 1fr}
summary span:last-child{grid-column:1/-1}td,td:first-child{display:block;width:auto;border:0;
padding:1px 0}tr{display:block;padding:6px 0;border-top:1px solid var(--edge)}
.answers tr{display:grid;grid-template-columns:3em 1fr auto;gap:10px}
.answers td,.answers td:first-child{width:auto}}
"""


def docs_page(document: Json) -> bytes:
    """Every operation with a call, its parameters, bodies and answers; schemas at the end."""
    tags: dict[str, list[str]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tags[operation["tags"][0]].append(_operation(path, method, operation))
    said = {tag["name"]: tag["description"] for tag in document["tags"]}
    sections = "".join(
        f"<section><h2>{escape(name.capitalize())}</h2><p>{escape(said[name])}</p>"
        f"{''.join(shown)}</section>"
        for name, shown in tags.items()
    )
    schemas = document["components"]["schemas"].items()
    kept = "".join(_schema(name, schema) for name, schema in schemas)
    info = document["info"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(info['title'])} {escape(info['version'])}</title>"
        f"<style>{_STYLE}</style></head><body>"
        f'<p class="brand">{escape(info["title"])} <span>{escape(info["version"])}</span></p>'
        f"<h1>What this service answers</h1><p>{escape(info['summary'])} A key goes into "
        "<code>Authorization: Bearer</code> or <code>X-API-Key</code>; where none was made, none "
        'is asked for. Every refusal is a <a href="#Problem">Problem</a>. For programs there is '
        '<a href="openapi.json">openapi.json</a>.</p>'
        f"{sections}<section><h2>Shapes</h2><p>Of bodies and answers in JSON.</p>{kept}</section>"
        "</body></html>"
    ).encode()


def _operation(path: str, method: str, operation: Json) -> str:
    parts = [f"<h3>Call</h3><pre>{escape(example_call(path, method, operation))}</pre>"]
    if operation.get("parameters"):
        rows = [
            _row(p["name"], kind_of(p["schema"]), p.get("required", False), _told(p))
            for p in operation["parameters"]
        ]
        parts.append(f"<h3>Parameters</h3><table>{''.join(rows)}</table>")
    body = operation.get("requestBody")
    if body is not None:
        kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in body["content"])
        named = _links(shapes(body))
        shape = f"{named}, as " if named else ""
        parts.append(f"<h3>Body</h3><p>{shape}{kinds}. {escape(body.get('description', ''))}</p>")
    rows = [
        f"<tr><td>{status}<td>{escape(answer['description'])}<td>{_links(shapes(answer))}"
        for status, answer in sorted(operation["responses"].items())
    ]
    parts.append(f'<h3>Answers</h3><table class="answers">{"".join(rows)}</table>')
    return (
        f'<details><summary><span class="method {method}">{method.upper()}</span>'
        f"<code>{escape(path)}</code><span>{escape(operation['summary'])}</span></summary>"
        f'<div class="inner">{"".join(parts)}</div></details>'
    )


def _schema(name: str, schema: Json) -> str:
    rows = "".join(_row(*field) for field in fields_of(schema))
    also = includes(schema)
    more = f"<p>All of {_links(also)}, and:</p>" if also else ""
    return (
        f'<details class="shape" id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f'<div class="inner">{more}<table>{rows}</table></div></details>'
    )


def _row(name: str, kind: str, must: bool, said: str) -> str:
    needed = '<span class="must">needed</span>' if must else ""
    return (
        f'<tr><td><code>{escape(name)}</code>{needed}<td class="kind">{escape(kind)}'
        f"<td>{_with_code(said)}"
    )


def _told(parameter: Json) -> str:
    where = {"path": "in the path", "query": "in the query", "header": "a header"}
    said = about(parameter["schema"]) or parameter.get("description", "").rstrip(".")
    return "; ".join(part for part in (said, where[parameter["in"]]) if part)


def _with_code(text: str) -> str:
    """Text with what stands between backticks set as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _links(names: list[str]) -> str:
    return ", ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in names)
