"""One thing that was looked at, and the check that looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..settings import Settings

State = Literal["fine", "absent", "wrong"]


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Parameters
    ----------
    group : what it belongs to: ``"packages"``, ``"folders"`` …; findings are shown by group.
    state : ``"absent"`` is something optional that is not there; only ``"wrong"`` is a fault.
    found : what there is, for people.
    remedy : what to do about it; every fault has one.
    is_default : nobody chose it, so it is shown only to who asks for everything.

    Examples
    --------
    >>> Finding("folders", "temporary files", "wrong", "12 MB free", "free some").state
    'wrong'
    """

    group: str
    name: str
    state: State
    found: str
    remedy: str = ""
    is_default: bool = False


# A check that needs no settings, and one that does; a server's check is one of the second kind.
PlainCheck = Callable[[], list[Finding]]
Check = Callable[[Settings], list[Finding]]
