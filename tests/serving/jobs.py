"""Jobs for the tests: functions of a module, bytes in, bytes out."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from sonde.errors import NotFitted, SondeError, TooShort

WARMED_WITH: list[bytes] = []


class Odd(TooShort):
    code = "odd"


def echo(payload: bytes) -> bytes:
    return payload


def pid(payload: bytes) -> bytes:
    return str(os.getpid()).encode()


def warm(payload: bytes) -> bytes:
    WARMED_WITH.append(payload)
    return b""


def warmed_with(payload: bytes) -> bytes:
    return b",".join(WARMED_WITH)


def never_warm(payload: bytes) -> bytes:
    raise TooShort("no luck today")


def sleep(payload: bytes) -> bytes:
    time.sleep(float(payload))
    return b"slept"


def mark_then_sleep(payload: bytes) -> bytes:
    """Leave a file that says who runs, then sleep."""
    where, seconds = json.loads(payload)
    Path(where).write_text(str(os.getpid()))
    time.sleep(seconds)
    return b"slept"


def hold_the_gil(payload: bytes) -> bytes:
    """Sleep in C without letting any other Python thread run."""
    Path(payload.decode()).write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(60)
    return b"slept"


def refuse(payload: bytes) -> bytes:
    facts = {"needed": np.int64(8), "got": 3, "names": ("a", "b"), "where": Path("x")}
    raise TooShort("need 8 rows, got 3", **facts)


def refuse_oddly(payload: bytes) -> bytes:
    raise Odd("odd", n=1)


def ask_unfitted(payload: bytes) -> bytes:
    # As not_fitted makes them where scikit-learn is loaded: of a class that no module has.
    raise type("NotFitted", (NotFitted, LookupError), {})("call fit first")


def refuse_bare(payload: bytes) -> bytes:
    raise SondeError("just so")


def break_down(payload: bytes) -> bytes:
    raise ZeroDivisionError("by mistake")


def leave(payload: bytes) -> bytes:
    raise SystemExit(3)


def answer_with_text(payload: bytes) -> bytes:
    return "text"  # type: ignore[return-value]


def crash(payload: bytes) -> bytes:
    os.kill(os.getpid(), getattr(signal, payload.decode()))
    time.sleep(10)
    return b""


def take_memory(payload: bytes) -> bytes:
    taken = np.ones(int(payload) * 2**20 // 8)
    return str(taken.nbytes).encode()


def talk(payload: bytes) -> bytes:
    sys.stdout.write("printed by a job\n")
    return b"said"
