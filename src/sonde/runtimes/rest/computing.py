"""``POST /api/v1/detect`` and ``POST /api/v1/models``: work for processes that can be stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ...serving.jobs import JobFailed
from ...wire import media as kinds
from .packets import packed, unpacked_packet
from .replies import Reply, json_reply
from .requests import Gone, Request

if TYPE_CHECKING:
    from .parts import Parts


OF_REQUESTS = "request"  # what metrics call data that no stored model was asked about


class Computing:
    """Hands bodies to computing processes and their answers to the caller."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def detect(self, request: Request) -> Reply:
        """What is strange in the body's data; nothing is stored."""
        self._parts.allow(request, "detect")
        accept = kinds.negotiate(request.header(b"accept"))
        packet = await self._packet(request, accept)
        answer = await self._wanted(request, "sonde.runtimes.rest.work:detect", packet)
        head, (body,) = unpacked_packet(answer)
        request.about.update({name: head[name] for name in ("rows", "anomalies", "quality")})
        self._parts.tell_quality(OF_REQUESTS, head["quality"])
        if "detector" in head:
            request.about["algorithm"] = head["detector"]
            self._parts.metrics.inference(
                head["detector"], OF_REQUESTS, head["rows"], head["anomalies"], request.seconds()
            )
        return Reply(body, 200, head["media"].encode("ascii"))

    async def train(self, request: Request) -> Reply:
        """A new version of a model, learned from the body's data."""
        self._parts.allow(request, "write")
        return await self._parts.once.reply(request, self._train)

    async def _train(self, request: Request, data: bytes) -> Reply:
        packet = self._packed(request, data, kinds.JSON)
        answer = await self._run("sonde.runtimes.rest.work:train", packet)
        head, (artifact,) = unpacked_packet(answer)
        record = await self._parts.aside(
            True,
            self._parts.registry.register_bytes,
            head["name"],
            artifact,
            description=head["description"],
            tags=head["tags"],
            label=head["label"],
            metrics=head["evaluation"],
            lineage=head["lineage"],
            by=self._parts.who(request),
        )
        about = {name: head[name] for name in ("rows", "quality")}
        request.about.update(about, model=head["name"], version=record.version)
        self._parts.tell_quality(head["name"], head["quality"])
        body = record.to_dict() | {
            "name": record.model,
            "chosen": head["chosen"],
            "request_id": request.id,
        }
        where = f"/api/v1/models/{record.model}/versions/{record.version}"
        return json_reply(body, 201, [(b"location", where.encode("ascii"))])

    # --- steps -------------------------------------------------------------------------------

    async def _packet(self, request: Request, accept: str) -> bytes:
        return self._packed(request, await self._parts.bodies.read(request), accept)

    def _packed(self, request: Request, data: bytes, accept: str) -> bytes:
        settings = self._parts.settings
        head: dict[str, Any] = {
            "accept": accept,
            "content_type": request.header(b"content-type"),
            "encoding": request.header(b"content-encoding"),
            "unpacked_bytes": settings.limits.unpacked_mb * 2**20,
            "limits": self._parts.limits_dict,
            "query": request.query(),
            "request_id": request.id,
            "by": self._parts.who(request),
        }
        return packed(head, data)

    async def _wanted(self, request: Request, job: str, packet: bytes) -> bytes:
        """The job's answer, for as long as the caller waits for it."""
        work = asyncio.ensure_future(self._run(job, packet))
        # The whole body has been read: all that can come is that the caller hangs up.
        gone = asyncio.ensure_future(request.receive())
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise Gone
        finally:
            work.cancel()
            gone.cancel()

    async def _run(self, job: str, packet: bytes) -> bytes:
        try:
            return await self._parts.computers.submit(
                job, packet, self._parts.settings.limits.seconds
            )
        except JobFailed as failed:
            # What went wrong there is told here; the caller hears that the service is to blame.
            self._parts.log.error("job failed", job=job, trace=failed.trace)
            raise
