"""``/api/v1/models``: what is in the registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import StreamingResponse

from ...data.quoting import quoted, shortened
from ...errors import InvalidInput
from ...wire.json_text import loaded
from ...wire.media import JSON, MODEL, of_content_type
from ...wire.unpack import unpacked
from .invalid import not_valid
from .replies import Reply, json_reply
from .requests import STATE
from .requests import Request as Ours

if TYPE_CHECKING:
    from .parts import Parts

MOST_ITEMS = 1000
MODEL_BODIES = (MODEL, "application/octet-stream", "application/zip")
MOST_BYTES = 1 << 20  # of a body that changes a record
_CHUNK = 1 << 20
_MODEL_SETTING = "SONDE_MAX_MODEL_MB"

Limit = Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Items of one page.")]
After = Annotated[str | None, Query(description="`next` of the page before.", max_length=2048)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


Shape = TypeVar("Shape", bound=_Body)


class MovedAlias(_Body):
    """Where an alias points from now on."""

    version: int = Field(ge=1, description="A number of this model's versions.", examples=[3])


class ChangedModel(_Body):
    """What is to change; what is left out stays."""

    description: str | None = Field(None, max_length=10_000)
    tags: dict[str, str | None] | None = Field(
        None, max_length=100, description="Set by name; null removes one."
    )


def router(parts: Parts) -> APIRouter:
    """The routes over the registry of ``parts``."""
    registry, aside = parts.registry, parts.aside
    routes = APIRouter(prefix="/api/v1/models", tags=["models"])

    def _ours(request: Request, scope: str) -> Ours:
        ours: Ours = request.scope[STATE]
        ours.route = request.scope["route"].path
        parts.allow(ours, scope)
        known = [one.alias for one in request.scope["route"].dependant.query_params]
        _refuse_unknown(ours.query(), known)
        return ours

    async def _sent(ours: Ours, shape: type[Shape]) -> Shape:
        """The body, within the limits that all bodies have."""
        of_content_type(ours.header(b"content-type"), (JSON,))
        data = await parts.bodies.read(ours, MOST_BYTES)
        text = unpacked(data, ours.header(b"content-encoding"), MOST_BYTES)
        loaded(text, parts.limits)  # says what is wrong with JSON by its place
        try:
            return shape.model_validate_json(text)
        except ValidationError as error:
            raise not_valid(
                [one | {"loc": ("body", *one["loc"])} for one in error.errors()]
            ) from None

    @routes.get("", summary="List models")
    async def list_models(
        request: Request,
        limit: Limit = 50,
        after: After = None,
        task: str | None = None,
        tag: Annotated[str | None, Query(description="`name` or `name=value`.")] = None,
        prefix: str | None = None,
    ) -> Any:
        _ours(request, "read")
        page = await aside(
            True, registry.models, task=task, tag=tag, prefix=prefix, limit=limit, after=after
        )
        return {"items": [one.to_dict() for one in page.items], "next": page.next}

    @routes.get("/{name}", summary="Show a model")
    async def show_model(request: Request, name: str) -> Any:
        _ours(request, "read")
        return (await aside(True, registry.model, name)).to_dict()

    @routes.patch("/{name}", summary="Change a description or tags")
    async def change_model(request: Request, name: str) -> Any:
        ours = _ours(request, "write")
        change, by = await _sent(ours, ChangedModel), parts.who(ours)
        given = {name: getattr(change, name) for name in change.model_fields_set}
        return (await aside(True, registry.change, name, **given, by=by)).to_dict()

    @routes.delete("/{name}", status_code=204, summary="Delete a model with all its versions")
    async def delete_model(request: Request, name: str) -> Response:
        by = parts.who(_ours(request, "admin"))
        await aside(True, registry.delete_model, name, by=by)
        return Response(status_code=204)

    @routes.get("/{name}/versions", summary="List versions, newest first")
    async def list_versions(
        request: Request, name: str, limit: Limit = 50, after: After = None
    ) -> Any:
        _ours(request, "read")
        page = await aside(True, registry.versions, name, limit=limit, after=after)
        return {"items": [one.to_dict() for one in page.items], "next": page.next}

    @routes.get("/{name}/versions/{version}", summary="Show a version")
    async def show_version(request: Request, name: str, version: str) -> Any:
        _ours(request, "read")
        return (await aside(True, registry.version, name, version)).to_dict()

    @routes.delete("/{name}/versions/{version}", status_code=204, summary="Delete a version")
    async def delete_version(request: Request, name: str, version: str) -> Response:
        by = parts.who(_ours(request, "write"))
        await aside(True, registry.delete_version, name, version, by=by)
        return Response(status_code=204)

    @routes.get("/{name}/versions/{version}/evaluation", summary="How a version did on a hold-out")
    async def evaluation(request: Request, name: str, version: str) -> Any:
        _ours(request, "read")
        record = await aside(True, registry.version, name, version)
        return {"model": record.model, "version": record.version, "metrics": record.metrics}

    @routes.get("/{name}/versions/{version}/card", summary="The model card")
    async def card(
        request: Request,
        name: str,
        version: str,
        form: Annotated[str, Query(alias="format", pattern="^(html|markdown)$")] = "html",
    ) -> Response:
        _ours(request, "read")
        from ...registry.card import card_html, card_markdown

        record = await aside(True, registry.version, name, version)
        model = await aside(True, registry.model, name)
        if form == "markdown":
            return Response(card_markdown(model, record), media_type="text/markdown")
        return Response(
            card_html(model, record),
            media_type="text/html",
            headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )

    @routes.get("/{name}/versions/{version}/artifact", summary="The model file")
    async def artifact(request: Request, name: str, version: str) -> Response:
        _ours(request, "read")
        record = await aside(True, registry.version, name, version)
        data: bytes = await aside(True, registry.bytes_of, record)
        chunks = (data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))
        headers = {
            "content-length": str(len(data)),
            "etag": f'"{record.digest}"',
            "content-disposition": f'attachment; filename="{record.model}-{record.version}.sonde"',
        }
        return StreamingResponse(chunks, media_type=MODEL, headers=headers)

    @routes.put("/{name}/aliases/{alias}", summary="Point an alias at a version")
    async def move_alias(request: Request, name: str, alias: str) -> Any:
        ours = _ours(request, "write")
        moved, by = await _sent(ours, MovedAlias), parts.who(ours)
        await aside(True, registry.set_alias, name, alias, moved.version, by=by)
        return (await aside(True, registry.model, name)).to_dict()

    @routes.delete("/{name}/aliases/{alias}", status_code=204, summary="Remove an alias")
    async def drop_alias(request: Request, name: str, alias: str) -> Response:
        by = parts.who(_ours(request, "write"))
        await aside(True, registry.drop_alias, name, alias, by=by)
        return Response(status_code=204)

    return routes


async def upload(parts: Parts, request: Ours) -> Reply:
    """A new version from the model file in the body."""
    parts.allow(request, "write")
    fields = request.query()
    _refuse_unknown(fields, ("label", "description"))
    of_content_type(request.header(b"content-type") or MODEL, MODEL_BODIES)
    name = request.scope["path_params"]["name"]

    most = parts.settings.max_model_mb * 2**20

    async def register(request: Ours, data: bytes) -> Reply:
        encoding = request.header(b"content-encoding")
        record = await parts.aside(
            True,
            parts.registry.register_bytes,
            name,
            await parts.aside(
                encoding is not None, unpacked, data, encoding, most, setting=_MODEL_SETTING
            ),
            label=fields.get("label"),
            description=fields.get("description"),
            by=parts.who(request),
        )
        where = f"/api/v1/models/{record.model}/versions/{record.version}"
        return json_reply(record.to_dict(), 201, [(b"location", where.encode("ascii"))])

    return await parts.once.reply(request, register, most)


def _refuse_unknown(fields: Mapping[str, str], known: Iterable[str]) -> None:
    unknown = fields.keys() - set(known)
    if unknown:
        there = ", ".join(known) or "none"
        raise InvalidInput(
            f"the query has an unknown field {quoted(min(unknown))}; fields here: {there}",
            field=shortened(min(unknown)),
        )
