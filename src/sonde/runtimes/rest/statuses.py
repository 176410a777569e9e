"""Which HTTP status each error has; a test demands an entry for every error."""

from __future__ import annotations

from ... import errors
from .requests import SlowBody

# The nearest class of an error's family decides.
STATUSES: dict[type[errors.SondeError], int] = {
    errors.SondeError: 500,
    errors.InvalidInput: 422,
    errors.SchemaMismatch: 422,
    errors.MissingValues: 422,
    errors.TooShort: 422,
    SlowBody: 408,
    errors.Malformed: 400,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.NotAcceptable: 406,
    errors.NotFitted: 409,
    errors.NotFound: 404,
    errors.Conflict: 409,
    # The caller can't mend a model that is stored here.
    errors.BadArtifact: 422,
    errors.Denied: 403,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.TooMany: 429,
    # Not 503 or 504: asked again, it would take as long again.
    errors.TimeLimit: 422,
    errors.Unavailable: 503,
    errors.MissingExtra: 501,
}
DEFAULT_RETRY_S = 1.0


OWN_PREDICT = "/predict"


def status_of(error: errors.SondeError, path: str = "") -> int:
    """The status of an error: that of its class, or of the nearest one above it.

    Who calls ``POST /predict`` by an earlier guide expects 400 for data that can't be used.
    """
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    is_theirs = path == OWN_PREDICT and isinstance(error, errors.InvalidInput)
    return 400 if is_theirs and status == 422 else status


def retry_after(error: errors.SondeError, status: int) -> float | None:
    """Seconds after which asking again makes sense; None where it makes none."""
    given = error.facts.get("retry_after_s")
    if isinstance(given, int | float):
        return float(given)
    return DEFAULT_RETRY_S if status in (429, 503) else None
