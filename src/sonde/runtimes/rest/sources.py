"""Data that a request only names: files in allowed folders, and URLs that are no way inside."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...data import examine
from ...errors import InvalidInput
from ...security.confined import confined
from ...security.guard import fetch
from ...settings import read_settings
from ...wire.limits import Limits
from ...wire.options import DataOptions
from ...wire.reading import with_labels

if TYPE_CHECKING:
    from ...data import Reading


def reading_from(source: str, options: DataOptions, limits: Limits) -> Reading:
    """The data that ``source`` names.

    Raises
    ------
    Forbidden : a private address, or a file outside the folders that are allowed.
    TooLarge : more bytes or rows than a body may have.
    InvalidInput, NotFound, Unavailable : what can't be fetched or read.
    """
    settings = read_settings()
    given: Any
    try:
        scheme = urlsplit(source).scheme
    except ValueError as error:
        raise InvalidInput(f"{source[:80]!r} is no address: {error}", pointer="/source") from None
    if scheme in ("http", "https"):
        given = io.BytesIO(
            fetch(
                source,
                max_bytes=settings.limits.unpacked_mb * 2**20,
                seconds=settings.sources.seconds,
                redirects=settings.sources.redirects,
                allowed_hosts=settings.sources.hosts,
            )
        )
    elif "://" in source:
        raise InvalidInput(
            f"sources are http:// and https:// addresses, or files; got {source[:80]!r}",
            pointer="/source",
        )
    else:
        given = confined(source, settings.sources.folders)
    labels = options.labels if isinstance(options.labels, str) else None
    reading = examine(
        given,
        time=options.time,
        id=options.id,
        columns=options.columns,
        categories=options.categories,
        category_rows=options.fit_rows,
        labels=labels,
        kind=options.kind,  # type: ignore[arg-type]
    )
    limits.check(reading.n_rows, len(reading.data.channels))
    return with_labels(reading, options.labels)
