"""What a computing process does: wait for a job, run it, answer; end when its parent ends."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .. import errors
from ..errors import InvalidInput, SondeError

Job = Callable[[bytes], bytes]

# The first byte of an answer; the answer itself follows as a message of its own.
DONE, REFUSED, FAILED = b"+", b"-", b"!"

# A child starts with this: nothing of the parent's main module is imported again.
BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from sonde.serving.jobs import main; main(*sys.argv[2:])"
)


class JobFailed(Exception):
    """A job raised what no job raises on purpose; ``trace`` is its traceback, for the log."""

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message)
        self.trace = trace


def command(connection: int) -> list[str]:
    """The command of a computing process that talks over this file descriptor."""
    path = json.dumps([str(folder) for folder in sys.path])
    return [sys.executable, "-c", BOOT, path, str(connection), str(os.getpid())]


def main(descriptor: str, parent: str) -> None:
    """Run jobs one after the other until the parent hangs up."""
    # A terminal and a service manager signal all processes; the parent decides when these end.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    connection = Connection(int(descriptor))
    _end_with_parent(int(parent), int(descriptor))
    try:
        _begin(connection)
        while True:
            name = connection.recv_bytes().decode()
            _answer(connection, name, connection.recv_bytes())
    except (EOFError, OSError):
        return  # the parent has closed its end, or is gone


def _begin(connection: Connection) -> None:
    """The job that warms the process, then the limit of its memory."""
    settings = json.loads(connection.recv_bytes())
    payload = connection.recv_bytes()
    # Nearly all that is made now stays: looking for garbage among modules took long.
    gc.disable()
    if settings["start"] is None:
        connection.send_bytes(DONE)
        connection.send_bytes(b"")
    else:
        _answer(connection, settings["start"], payload)
    gc.freeze()
    gc.enable()
    if settings["memory_mb"] is not None:
        limit_memory(settings["memory_mb"])


def _answer(connection: Connection, name: str, payload: bytes) -> None:
    try:
        kind, body = DONE, find(name)(payload)
        if not isinstance(body, bytes | bytearray | memoryview):
            raise TypeError(f"{name} answered with {type(body).__name__}, a job answers with bytes")
    except SondeError as error:
        kind, body = REFUSED, packed(error)
    except MemoryError:
        kind, body = REFUSED, packed(_out_of_memory(name))
    except BaseException as error:  # also SystemExit: a job ends itself, not its process
        kind, body = FAILED, _told(error)
    connection.send_bytes(kind)
    connection.send_bytes(body)


def find(name: str) -> Job:
    """The function called ``"module:function"``."""
    module, _, function = name.partition(":")
    found: Job = getattr(import_module(module), function)
    return found


def named(job: str | Job) -> str:
    """``"module:function"`` of a job.

    >>> named(find)
    'sonde.serving.jobs:find'
    >>> named(lambda payload: payload)
    Traceback (most recent call last):
    sonde.errors.InvalidInput: a job is a function of a module that another process can import, ...
    """
    if isinstance(job, str):
        module, colon, function = job.partition(":")
    else:
        module, colon, function = job.__module__, ":", job.__qualname__
    if not (module and colon and function.isidentifier()) or module == "__main__":
        raise InvalidInput(
            "a job is a function of a module that another process can import, "
            f"'module:function'; got {job!r}",
            job=repr(job),
        )
    return f"{module}:{function}"


def packed(error: SondeError) -> bytes:
    """An error as JSON: the codes of its kind and of what that is a kind of, sentence, facts."""
    codes = [kind.code for kind in type(error).__mro__ if issubclass(kind, SondeError)]
    facts = {str(name): _plain(value) for name, value in error.facts.items()}
    return json.dumps({"codes": codes, "message": str(error), "facts": facts}).encode()


def unpacked(data: bytes) -> SondeError:
    """The inverse of ``packed``; tuples of the facts have become lists.

    >>> error = unpacked(packed(errors.TooShort("need 8 rows, got 3", needed=8)))
    >>> error
    TooShort('need 8 rows, got 3')
    >>> error.facts
    {'needed': 8}
    """
    told = json.loads(data)
    kinds = _kinds()
    kind = next((kinds[code] for code in told["codes"] if code in kinds), SondeError)
    error = kind(told["message"])
    error.facts = told["facts"]
    return error


def _kinds() -> dict[str, type[SondeError]]:
    return {
        kind.code: kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, SondeError)
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        value = value.tolist()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)


def _told(error: BaseException) -> bytes:
    from traceback import format_exception

    trace = "".join(format_exception(error))
    return json.dumps({"message": f"{type(error).__name__}: {error}", "trace": trace}).encode()


def _out_of_memory(name: str) -> SondeError:
    return errors.Unavailable(
        f"{name} needed more memory than a computing process may take; "
        "send fewer rows, or ask again when less is going on",
        reason="memory",
    )


def limit_memory(mb: int) -> None:
    """Let this process take ``mb`` megabytes more than it has now; Linux only.

    Private writable memory is counted. The address space, which is what limits elsewhere count,
    holds code and files too: after the first detection it was 867 MB where 279 were private and
    209 in use.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return
    import resource

    line = next(one for one in status.read_text().splitlines() if one.startswith("VmData:"))
    now = int(line.split()[1]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (now + mb * 2**20, resource.RLIM_INFINITY))


def _end_with_parent(parent: int, descriptor: int) -> None:
    """End when the parent does, also while a job runs, also when the parent was killed."""
    import ctypes
    import select

    if sys.platform == "linux":
        # A job that holds the GIL keeps the thread below from seeing anything; the kernel does not
        # ask. It acts at the end of the thread that started us, which lives as long as we do.
        death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(death_signal, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
    hung_up = select.poll()
    hung_up.register(descriptor, 0)  # nothing but the other end being gone

    def watch() -> None:
        hung_up.poll()
        os._exit(0)

    threading.Thread(target=watch, name="sonde-parent", daemon=True).start()
