"""The model card: what a version is, what it expects, where it comes from, how it did."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from .. import __version__
from ..data.timing.steps import duration
from ..errors import NotFound
from ..learn.catalogue import find
from .records import ModelRecord, VersionRecord

MOST_COLUMNS = 60
_METRICS = {
    "how": "Rows held out",
    "learned_rows": "Rows learned from",
    "held_out_rows": "Rows kept for judging",
    "judged_rows": "Rows judged",
    "flagged_share": "Share called anomalies",
    "expected_share": "Share the threshold lets pass",
    "ks_distance": "Distance of tail probabilities from uniform",
    "anomalous_rows": "Rows labelled as anomalies",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
}
_KINDS = {"table": "a table", "series": "one series", "panel": "several series"}


@dataclass(frozen=True)
class Section:
    """A heading, names with what is said of them, and sentences."""

    title: str
    pairs: list[tuple[str, str]]
    sentences: tuple[str, ...] = ()


def card_markdown(model: ModelRecord, record: VersionRecord) -> str:
    """The card as Markdown, one table a section.

    What people wrote (descriptions, names of columns) stands in it as text: it makes no markup.
    """
    lines = [f"# {_plain(str(record))}", "", _plain(_summary(model, record)), ""]
    for section in sections(model, record):
        lines += [f"## {section.title}", ""]
        lines += [f"{_plain(sentence)}\n" for sentence in section.sentences]
        if section.pairs:
            lines += ["| | |", "| --- | --- |"]
            lines += [f"| {_plain(name)} | {_plain(said)} |" for name, said in section.pairs]
            lines.append("")
    return "\n".join(lines)


def card_html(model: ModelRecord, record: VersionRecord) -> str:
    """The card as one self-contained page: no script, no network, light and dark."""
    style = (files(__package__) / "card.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    tiles = "".join(
        f'<div class="tile"><dd>{escape(said)}</dd><dt>{escape(name)}</dt></div>'
        for said, name in _headline(record)
    )
    flags = "".join(f"<li>{escape(flag)}</li>" for flag in _flags(model, record))
    body = "\n".join(_section_html(section) for section in sections(model, record))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="Sonde {escape(__version__)}">
<title>{escape(str(record))} – model card</title>
<style>{style}</style>
</head>
<body>
<header>
<p class="brand">Sonde <span>model card</span></p>
<h1>{escape(record.model)} <span>version {record.version}</span></h1>
<ul class="flags">{flags}</ul>
<p class="message">{escape(_summary(model, record))}</p>
</header>
<main>
<dl class="tiles">{tiles}</dl>
{body}
</main>
</body>
</html>
"""


def sections(model: ModelRecord, record: VersionRecord) -> list[Section]:
    """What the card says, for whoever lays it out."""
    return [
        _evaluation(record.metrics),
        _expects(record.schema),
        Section(
            "What it is",
            [
                *_estimator(record),
                *((f"Parameter: {key}", _said(v)) for key, v in _flat(record.parameters)),
            ],
        ),
        _origin(record),
        Section(
            "In the registry",
            [
                ("Registered", f"{record.created_at}, by {record.created_by}"),
                *([("Label", record.label)] if record.label else []),
                ("Aliases", ", ".join(_aliases(model, record)) or "none"),
                ("Versions of this model", f"{model.n_versions:,}, the latest is {model.latest}"),
                *((f"Tag: {name}", value) for name, value in (model.tags | record.tags).items()),
                ("Size", f"{record.size:,} bytes"),
                ("SHA-256", record.digest),
                ("Signed with", record.signature_key),
            ],
        ),
    ]


def _summary(model: ModelRecord, record: VersionRecord) -> str:
    if model.description:
        return model.description
    what = "Finds anomalies" if record.task == "detect" else f"A model to {record.task}"
    kind = _KINDS.get(str(record.schema.get("kind")), "data")
    return f"{what} in {kind} with {record.estimator}. It has no description yet."


def _headline(record: VersionRecord) -> list[tuple[str, str]]:
    n_columns = len(record.schema.get("channels", []))
    columns = "column" if n_columns == 1 else "columns"
    tiles = [(record.estimator, "estimator"), (f"{n_columns:,}", columns)]
    rows = record.lineage.get("data_rows")
    if isinstance(rows, int):
        tiles.append((f"{rows:,}", "rows of data"))
    for name, short in (("roc_auc", "ROC AUC"), ("f1", "F1"), ("flagged_share", "flagged")):
        if record.metrics.get(name) is not None:
            tiles.append((_metric(name, record.metrics[name]), short))
    tiles.append((record.created_at[:10], "registered"))
    return tiles


def _flags(model: ModelRecord, record: VersionRecord) -> list[str]:
    newest = ["latest"] if model.latest == record.version else []
    return [*_aliases(model, record), *newest]


def _aliases(model: ModelRecord, record: VersionRecord) -> list[str]:
    return [alias for alias, number in model.aliases.items() if number == record.version]


def _evaluation(metrics: Mapping[str, Any]) -> Section:
    notes = metrics.get("notes") or []
    said = tuple(map(str, notes)) if isinstance(notes, list) else (str(notes),)
    told = {name: value for name, value in metrics.items() if value not in (None, "")}
    told.pop("notes", None)
    if not told and not said:
        said = ("No evaluation was stored with this version.",)
    pairs = [(_METRICS.get(name, name), _metric(name, value)) for name, value in _flat(told)]
    return Section("How it did", pairs, tuple(map(_sentence, said)))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _metric(name: str, value: Any) -> str:
    if name.endswith("_share") and isinstance(value, float):
        return f"{100 * value:.3g}%"
    return f"{value:,}" if type(value) is int else _said(value)


def _expects(schema: Mapping[str, Any]) -> Section:
    columns = [str(name) for name in schema.get("channels", [])]
    shown = ", ".join(columns[:MOST_COLUMNS])
    more = f" and {len(columns) - MOST_COLUMNS:,} more" if len(columns) > MOST_COLUMNS else ""
    pairs = [
        ("Kind of data", _KINDS.get(str(schema.get("kind")), str(schema.get("kind")))),
        ("Columns", f"{len(columns):,}: {shown}{more}"),
        ("Matched by", "name" if schema.get("named") else "their number"),
        ("Rows at least", _said(schema.get("min_rows", 1))),
    ]
    step = schema.get("step_ns")
    pairs += [("Step", duration(step))] if step else []
    for key, name in (("time_column", "Time column"), ("id_column", "Column of series names")):
        pairs += [(name, str(schema[key]))] if schema.get(key) else []
    categories = schema.get("categories") or {}
    pairs += [("Categories", ", ".join(categories))] if categories else []
    return Section("What it expects", pairs)


def _estimator(record: VersionRecord) -> list[tuple[str, str]]:
    try:
        summary = (find(record.estimator).__doc__ or "").strip().split("\n")[0]
    except NotFound:  # registered by a version that had it
        summary = ""
    said = f"{record.estimator}: {summary}" if summary else record.estimator
    return [("Task", record.task), ("Estimator", said), ("Answers", record.output_kind)]


def _origin(record: VersionRecord) -> Section:
    lineage = record.lineage
    if not lineage:
        return Section("Where it comes from", [], ("Nothing was stored about that.",))
    names = {
        "data_source": "Data",
        "data_rows": "Rows of data",
        "data_fingerprint": "Fingerprint of the data",
        "trained_at": "Trained",
        "trained_by": "By",
        "seed": "Seed",
        "code_version": "Sonde",
        "python": "Python",
    }
    told = {key: _said(lineage[key]) for key in names if lineage.get(key) is not None}
    if type(lineage.get("data_rows")) is int:
        told["data_rows"] = f"{lineage['data_rows']:,}"
    pairs = [(names[key], said) for key, said in told.items()]
    parent = record.parent or lineage.get("parent")
    pairs += [("Made from", str(parent))] if parent else []
    recipe = lineage.get("recipe")
    if isinstance(recipe, Mapping):
        pairs += [(f"Recipe: {key}", _said(v)) for key, v in _flat(recipe) if v not in (None, {})]
    packages = lineage.get("dependencies")
    if isinstance(packages, Mapping):
        pairs.append(("Packages", ", ".join(f"{name} {said}" for name, said in packages.items())))
    return Section("Where it comes from", pairs)


def _flat(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    """Nested mappings as one list, ``"rule.kind"``."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _said(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(_said(one) for one in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(one)}" for name, one in value.items()) or "none"
    return str(value)


def _section_html(section: Section) -> str:
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in section.sentences)
    pairs = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(said)}</dd></div>" for name, said in section.pairs
    )
    listed = f'<dl class="facts">{pairs}</dl>' if pairs else ""
    return f"<section><h2>{escape(section.title)}</h2>{sentences}{listed}</section>"


def _plain(text: str) -> str:
    """Text that Markdown takes for text, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>|#&~])", r"\\\1", " ".join(text.split()))
