"""Every error this package raises on purpose.

    SondeError
    ├── InvalidInput            the caller's data or parameters cannot be used as they are
    │   ├── SchemaMismatch      other columns than the model learned from
    │   ├── MissingValues       NaN or infinity where the policy allows none
    │   ├── TooShort            too few rows for the method
    │   ├── Malformed           a body that is not what it says it is
    │   ├── TooLarge            facts: limit, setting
    │   ├── Unsupported         a format or an encoding that is not read here
    │   └── NotAcceptable       a format that answers are not given in
    ├── NotFitted               a model was asked before it learned
    ├── NotFound                no such file, model, estimator or column
    ├── Conflict                the request fights with what already exists
    ├── BadArtifact             a stored model is damaged, tampered with or too new
    ├── Denied                  the caller may not do this
    │   ├── Unauthenticated
    │   ├── Forbidden
    │   └── TooMany             facts: retry_after_s
    ├── TimeLimit               the work took longer than it may; facts: limit, setting
    ├── Unavailable             try again later; facts: retry_after_s
    └── MissingExtra            an optional dependency is not installed

They know nothing of HTTP or exit codes; each door owns one table that translates.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar


class SondeError(Exception):
    """Base of all errors here: a sentence for people, a code and facts for programs.

    >>> error = TooShort("need 8 rows, got 3", needed=8, got=3)
    >>> error.code, error.facts["needed"], str(error)
    ('too_short', 8, 'need 8 rows, got 3')
    """

    code: ClassVar[str] = "error"
    # Where it came over HTTP: the status, and the id under which the service's log tells of it.
    status: int | None = None
    request_id: str | None = None

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts

    def __reduce__(self) -> tuple[Callable[..., SondeError], tuple[Any, ...], dict[str, Any]]:
        # Workers send errors back through pickle, which would drop the keywords.
        more = {name: value for name, value in self.__dict__.items() if name != "facts"}
        return _rebuild, (_picklable(type(self)), str(self), self.facts), more


def _picklable(kind: type[SondeError]) -> type[SondeError]:
    return NotFitted if issubclass(kind, NotFitted) else kind


def _rebuild(kind: type[SondeError], message: str, facts: dict[str, Any]) -> SondeError:
    return kind(message, **facts)


class InvalidInput(SondeError, ValueError):
    code = "invalid_input"


class SchemaMismatch(InvalidInput):
    code = "schema_mismatch"


class MissingValues(InvalidInput):
    code = "missing_values"


class TooShort(InvalidInput):
    code = "too_short"


class Malformed(InvalidInput):
    code = "malformed"


class TooLarge(InvalidInput):
    code = "too_large"


class Unsupported(InvalidInput):
    code = "unsupported"


class NotAcceptable(InvalidInput):
    code = "not_acceptable"


class NotFitted(SondeError, ValueError, AttributeError):
    # The two built-in bases are those of scikit-learn's NotFittedError: hasattr(model, "schema_")
    # is False before fit, and code that catches either keeps working.
    code = "not_fitted"


class NotFound(SondeError, LookupError):
    code = "not_found"


class Conflict(SondeError):
    code = "conflict"


class BadArtifact(SondeError):
    code = "bad_artifact"


class Denied(SondeError, PermissionError):
    code = "denied"


class Unauthenticated(Denied):
    code = "unauthenticated"


class Forbidden(Denied):
    code = "forbidden"


class TooMany(Denied):
    code = "too_many"


class TimeLimit(SondeError):
    code = "time_limit"


class Unavailable(SondeError):
    code = "unavailable"


class MissingExtra(SondeError, ImportError):
    code = "missing_extra"


def not_fitted(estimator: str) -> NotFitted:
    """The error of a model that was asked before it learned.

    Where scikit-learn is loaded the error is its ``NotFittedError`` too, so that its own tools
    recognise it; nothing is imported for it.
    """
    kind: type[NotFitted] = NotFitted
    theirs = sys.modules.get("sklearn.exceptions")
    if theirs is not None:
        kind = type("NotFitted", (NotFitted, theirs.NotFittedError), {})
    return kind(f"{estimator} has not been fitted; call fit first", estimator=estimator)


def need(module: str, *, extra: str, purpose: str) -> Any:
    """The optional library ``module``, or the sentence that says how to get it.

    >>> need("no_such_library", extra="arrow", purpose="Arrow tables")
    Traceback (most recent call last):
    sonde.errors.MissingExtra: Arrow tables need no_such_library: pip install 'sonde[arrow]'
    """
    try:
        return import_module(module)
    except ImportError as missing:
        if missing.name is not None and not module.startswith(missing.name):
            raise
        raise MissingExtra(
            f"{purpose} need {module.partition('.')[0]}: pip install 'sonde[{extra}]'",
            extra=extra,
            module=module,
        ) from None
