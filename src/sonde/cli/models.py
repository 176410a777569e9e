"""``sonde models``: what is in the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ..errors import InvalidInput
from . import options as o
from .exit_codes import FAILED, FINE, UsageMistake, checking_usage
from .screen import print_json, print_renderable, print_text, say

if TYPE_CHECKING:
    from ..registry import ModelRecord, Page, Registry, VersionRecord

T = TypeVar("T")

app = typer.Typer(
    help="Models by name, their versions and aliases: list, show, card, import, export, verify, "
    "validate, delete, sweep, alias, tag, describe.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a model.")]
Ref = Annotated[
    str,
    typer.Argument(
        metavar="NAME[:VERSION]",
        help="NAME:3 or NAME:LABEL is one version, NAME@ALIAS the one that an alias points at; the "
        "name alone stands for the alias champion, else for the latest.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it, though it can't be undone.")]
SHOWN_VERSIONS = 20


@app.command("list")
def list_models(
    task: Annotated[str | None, typer.Option(help="Those for this task: detect.")] = None,
    tag: Annotated[str | None, typer.Option(help="Those with a tag: site, or site=north.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Those whose name begins so.")] = None,
    json: o.AsJson = False,
) -> int:
    """List the models by name."""
    with _registry() as registry:
        found = _all(lambda after: registry.models(task=task, tag=tag, prefix=prefix, after=after))
    if json:
        print_json({"models": [model.to_dict() for model in found]})
        return FINE
    rows = [
        (
            model.name,
            model.task,
            "no version" if model.latest is None else str(model.latest),
            _pairs(model.aliases),
            _pairs(model.tags),
            (model.description or "").partition("\n")[0],
        )
        for model in found
    ]
    _print_table(["name", "task", "latest", "aliases", "tags", "what"], rows)
    return FINE


@app.command()
def show(name: Ref, json: o.AsJson = False) -> int:
    """Show a model with its versions, or one version."""
    ref = _ref(name)
    with _registry() as registry:
        model = registry.model(ref.name)
        if ref.version is None and ref.alias is None:
            page = registry.versions(ref.name, limit=SHOWN_VERSIONS)
            return _show_model(model, page, json)
        record = registry.version(ref.name, ref.version, ref.alias)
    if json:
        print_json(record.to_dict())
        return FINE
    from ..registry.card import sections

    for section in sections(model, record):
        _print_table([section.title, ""], section.pairs)
    return FINE


def _show_model(model: ModelRecord, page: Page[VersionRecord], json: bool) -> int:
    if json:
        shown = [record.to_dict() for record in page.items]
        print_json(model.to_dict() | {"versions": shown, "next": page.next})
        return FINE
    print_text(f"{model.name}: {model.description or 'no description yet'}")
    rows = [
        (
            str(record.version),
            record.label or "",
            ", ".join(name for name, number in model.aliases.items() if number == record.version),
            record.estimator,
            f"{record.size:,}",
            record.created_at[:19].replace("T", " "),
            record.created_by,
            _pairs(record.tags),
        )
        for record in page.items
    ]
    _print_table(["version", "label", "aliases", "estimator", "bytes", "made", "by", "tags"], rows)
    if page.next is not None:
        say(f"The newest {len(rows)} of {model.n_versions:,} versions.", quiet=False)
    return FINE


@app.command()
def card(
    name: Ref,
    html: Annotated[Path | None, typer.Option(help="Write it as a page to this file.")] = None,
) -> int:
    """Print the model card as Markdown, or write it as a page."""
    ref = _ref(name)
    with checking_usage():
        o.check_outputs(report=html)
    with _registry() as registry:
        record = registry.version(ref.name, ref.version, ref.alias)
        model = registry.model(ref.name)
    from ..registry.artifact import write_whole
    from ..registry.card import card_html, card_markdown

    if html is None:
        print_text(card_markdown(model, record))
        return FINE
    write_whole(html, card_html(model, record).encode())
    print_text(f"Card of {record} written to {html}")
    return FINE


@app.command("import")
def import_model(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .sonde file, as `sonde train` writes it.")
    ],
    name: Annotated[str, typer.Option(help="The model that it becomes a version of.")],
    label: Annotated[str | None, typer.Option(help="A name for this version.")] = None,
    description: Annotated[str | None, typer.Option(help="What the model is for.")] = None,
    alias: Annotated[str | None, typer.Option(help="Let this alias point at it.")] = None,
    json: o.AsJson = False,
) -> int:
    """Keep a model file as the next version of a model.

    Taken are .sonde files with a signature that is trusted here (`sonde train` signs). Pickles
    (joblib, PyTorch) are refused, because opening one runs whatever it says; skops and ONNX files
    are not read.
    """
    from ..registry.artifact import read_artifact
    from ..registry.naming import checked_alias, checked_name
    from ..settings import read_settings

    with checking_usage():
        checked_name(name)
        if alias is not None:
            checked_alias(alias)
    data = read_artifact(file, read_settings().max_model_mb * 2**20)
    with _registry() as registry:
        record = registry.register_bytes(
            name, data, label=label, description=description, source=str(file)
        )
        if alias is not None:
            registry.set_alias(name, alias, record.version)
    if json:
        print_json(record.to_dict())
        return FINE
    pointed = "" if alias is None else f"; {alias} points at it"
    print_text(f"{file} is now {record}{pointed}")
    return FINE


@app.command()
def export(
    name: Ref, out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")]
) -> int:
    """Write a version to a .sonde file."""
    ref = _ref(name)
    with checking_usage():
        if out.suffix.lower() != ".sonde":
            raise InvalidInput(f"OUT must end in .sonde, got {out}")
        o.check_places([out], read=())
    with _registry() as registry:
        record = registry.version(ref.name, ref.version, ref.alias)
        registry.export(record, out)
    print_text(f"{record} written to {out}")
    return FINE


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Models; all when none is named.")
    ] = None,
    json: o.AsJson = False,
) -> int:
    """Check that every version's file is whole, unchanged and signed by somebody trusted.

    Exits with 1 when one is not.
    """
    from ..errors import BadArtifact, NotFound

    found: list[dict[str, Any]] = []
    with _registry() as registry:
        known = names or [m.name for m in _all(lambda after: registry.models(after=after))]
        for name in known:
            for record in _all(partial(_versions, registry, name)):
                trouble = None
                try:
                    registry.verify(record)
                except (BadArtifact, NotFound) as error:
                    trouble = str(error)
                found.append({"version": str(record), "fine": trouble is None, "found": trouble})
    wrong = [one for one in found if not one["fine"]]
    if json:
        print_json({"fine": not wrong, "versions": found})
    else:
        for one in wrong:
            print_text(f"✗ {one['version']}: {one['found']}")
        print_text(f"{len(found):,} versions checked, {len(wrong):,} wrong.")
    return FAILED if wrong else FINE


@app.command()
def validate(name: Ref, json: o.AsJson = False) -> int:
    """Go through the checklist for production. Exits with 1 when something is missing."""
    ref = _ref(name)
    with _registry() as registry:
        from ..registry.checklist import validate as checked

        record = registry.version(ref.name, ref.version, ref.alias)
        checks = checked(registry, record.model, str(record.version))
    missing = sum(not check.ok for check in checks)
    if json:
        shown = [vars(check) for check in checks]
        print_json({"version": str(record), "fine": missing == 0, "checks": shown})
        return FAILED if missing else FINE
    rows = [
        (
            "✓" if check.ok else "✗",
            check.name,
            check.found + ("" if check.ok else f"\n→ {check.remedy}"),
        )
        for check in checks
    ]
    _print_table(["", str(record), "found"], rows)
    print_text("Nothing is missing." if missing == 0 else f"Missing: {missing}, marked ✗.")
    return FAILED if missing else FINE


@app.command()
def delete(name: Ref, yes: Yes = False) -> int:
    """Delete a version (NAME:3), or a model with all its versions, for good."""
    ref = _ref(name)
    if ref.alias is not None:
        raise UsageMistake(f"name the version itself, not an alias: {ref.name}:VERSION")
    if not yes:
        what = f"version {ref.version} of" if ref.version is not None else "all versions of"
        raise UsageMistake(f"this deletes {what} {ref.name} for good; add --yes")
    with _registry() as registry:
        if ref.version is None:
            registry.delete_model(ref.name)
        else:
            registry.delete_version(ref.name, ref.version)
    print_text(f"{name} is deleted.")
    return FINE


@app.command()
def sweep(
    older_than: Annotated[
        float, typer.Option(min=0.0, help="Hours since they were written.")
    ] = 1.0,
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete them; else they are only counted.")
    ] = False,
) -> int:
    """Free the bytes of models that no version names: of processes that died at work."""
    with _registry() as registry:
        if not yes:
            n = len(registry.unused(older_than * 3600))
            print_text(f"{n} unused; delete them with --yes" if n else "Nothing is unused.")
            return FINE
        print_text(f"{registry.sweep(older_than * 3600)} deleted.")
    return FINE


@app.command()
def alias(
    name: Name,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="champion, staging, …")],
    version: Annotated[
        str | None, typer.Argument(metavar="[VERSION]", help="Its number or label.")
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Forget the alias.")] = False,
) -> int:
    """Let an alias point at a version; services follow within two seconds."""
    if drop == (version is not None):
        raise UsageMistake("give the VERSION that the alias is to point at, or --drop")
    with _registry() as registry:
        if version is None:
            registry.drop_alias(name, alias)
            print_text(f"{name}@{alias} is forgotten.")
        else:
            record = registry.set_alias(name, alias, version)
            print_text(f"{name}@{alias} is now version {record.version}.")
    return FINE


@app.command()
def tag(
    name: Ref,
    tags: Annotated[list[str], typer.Argument(metavar="KEY=VALUE…", help="KEY= takes a tag away.")],
) -> int:
    """Give a model, or one version (NAME:3), tags; those not named stay."""
    ref = _ref(name)
    with checking_usage():
        given = dict(_tag(text) for text in tags)
    with _registry() as registry:
        version = None
        if ref.version is None and ref.alias is None:
            known = registry.model(ref.name).tags
        else:
            record = registry.version(ref.name, ref.version, ref.alias)
            known, version = record.tags, record.version
        merged = {key: value for key, value in (known | given).items() if value}
        registry.set_tags(ref.name, version, merged)
    print_text(f"{name}: {_pairs(merged) or 'no tags'}")
    return FINE


@app.command()
def describe(
    name: Name,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the model is for.")],
) -> int:
    """Say what a model is for."""
    with _registry() as registry:
        registry.describe(name, text)
    print_text(f"{name}: {text}")
    return FINE


@contextmanager
def _registry() -> Iterator[Registry]:
    """The registry of the settings, closed at the end."""
    from ..app import build
    from ..settings import read_settings

    app = build(read_settings(), lambda notice: say(notice, quiet=False))
    try:
        yield app.registry
    finally:
        app.close()


def _ref(text: str) -> Any:
    """A model of the registry as a person writes it; a file of that name here means nothing."""
    from ..core import ModelRef

    for mark in ("@", ":"):
        name, found, rest = text.partition(mark)
        if found:
            if not name or not rest:
                raise UsageMistake(f"a model is NAME, NAME:VERSION or NAME@ALIAS; got {text!r}")
            return ModelRef(name, alias=rest) if mark == "@" else ModelRef(name, version=rest)
    return ModelRef(text)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageMistake(f"a tag is KEY=VALUE, got {text!r}")
    return key, value


def _versions(registry: Registry, name: str, after: str | None) -> Page[VersionRecord]:
    return registry.versions(name, after=after)


def _all(ask: Callable[[str | None], Page[T]]) -> list[T]:
    """The items of all pages."""
    found: list[T] = []
    after = None
    while True:
        page = ask(after)
        found += page.items
        after = page.next
        if after is None:
            return found


def _pairs(values: Any) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())


def _print_table(heads: list[str], rows: list[Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        # As text, so that brackets in a name are not read as markup.
        table.add_row(*(Text(str(cell)) for cell in row))
    print_renderable(table)
