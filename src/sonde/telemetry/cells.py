"""Numbers in named cells, in the memory of one process or in a file that others may read.

A file of 1 MB for each process, mapped into its memory: counting is a write to memory, and what a
process counted outlives it. prometheus_client's own files grow by truncation, where a full disk
ends the process at the next write; these are allocated whole, and a full disk is said at start.

    format 8 bytes: which metrics there are; a file of another format begins anew
    used   8 bytes, uint64: where the records end
    pid    8 bytes, uint64: whose cells these are or were
    lost   8 bytes, float64: what was not counted for want of room
    spare  SPARE × float64, written for series that found no room, never read
    records, each: length of the name and number of cells, uint32; the name, padded to a
                   multiple of 8 bytes; the cells, float64
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from ..errors import InvalidInput, Unavailable

SIZE = 2**20
SPARE = 32
_LOST = 3  # the cell with this number, counted from the start of the file
_FIRST_SPARE = 4
_FIRST_RECORD = 8 * (_FIRST_SPARE + SPARE)
_MOST_PROCESSES = 1024


@dataclass(frozen=True)
class Counted:
    """What one process counted so far.

    Parameters
    ----------
    slot : its place among the processes, from 0; taken over by the next when it ends.
    pid : of the process that holds the place, or held it last.
    is_alive : a process holds the place now.
    lost : how often something was not counted for want of room.
    cells : numbers of each series by its name.
    """

    slot: int
    pid: int
    is_alive: bool
    lost: float
    cells: dict[str, tuple[float, ...]]


class Cells:
    """The cells of this process. Hold ``lock`` while changing ``view``.

    >>> cells = own_cells(b"example1")
    >>> at = cells.place("requests", 2)
    >>> with cells.lock:
    ...     cells.view[at] += 1
    >>> cells.counted().cells
    {'requests': (1.0, 0.0)}
    """

    def __init__(
        self, memory: mmap.mmap, form: bytes, slot: int = 0, descriptor: int | None = None
    ) -> None:
        self.lock = Lock()
        self.slot = slot
        self._memory = memory
        self._descriptor = descriptor
        self._places: dict[str, tuple[int, int]] = {}
        if memory[:8] == form:
            self._places = {name: (at, n) for name, at, n in _records(memory[:])}
        else:
            memory[8:16] = struct.pack("=Q", _FIRST_RECORD)
            memory[:8] = form
        memory[16:24] = struct.pack("=Q", os.getpid())
        self.view = memoryview(memory).cast("d")

    def place(self, name: str, n_cells: int) -> int:
        """Where the cells of ``name`` begin in ``view``; made, and zero, at first need.

        Where there is no room left the answer leads to spare cells that are never read, and the
        loss is counted.
        """
        with self.lock:
            known = self._places.get(name)
            if known is not None:
                return known[0]
            encoded = name.encode()
            head = 8 + -(-len(encoded) // 8) * 8
            (used,) = struct.unpack("=Q", self._memory[8:16])
            if used + head + 8 * n_cells > SIZE:
                self.view[_LOST] += 1
                return _FIRST_SPARE
            padded = encoded.ljust(head - 8, b" ")
            record = struct.pack("=II", len(encoded), n_cells) + padded + bytes(8 * n_cells)
            self._memory[used : used + len(record)] = record
            # Only now can others see it, whole.
            self._memory[8:16] = struct.pack("=Q", used + len(record))
            at = int(used + head) // 8
            self._places[name] = (at, n_cells)
            return at

    def has_room(self, at: int) -> bool:
        """False for the spare cells."""
        return at >= _FIRST_RECORD // 8

    def forget(self, is_stale: Callable[[str], bool]) -> None:
        """Zero the cells whose name is stale."""
        with self.lock:
            for name, (at, n_cells) in self._places.items():
                if is_stale(name):
                    self.view[at : at + n_cells] = memoryview(bytes(8 * n_cells)).cast("d")

    def counted(self) -> Counted:
        return _counted(self._memory[:], self.slot, True)

    def close(self) -> None:
        """Give the place back; what was counted stays in the file.

        The memory stays mapped, so that a thread that still counts does no harm.
        """
        if self._descriptor is not None:
            import fcntl

            # The map holds a copy of the descriptor, and with it the lock.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None


def own_cells(form: bytes) -> Cells:
    """Cells that only this process can read."""
    return Cells(mmap.mmap(-1, SIZE), form)


def shared_cells(folder: Path, form: bytes) -> Cells:
    """Cells in the first file of ``folder`` that no living process holds.

    What an earlier process counted there is gone on with, so that the sum over all files never
    falls, and there are never more files than processes at one time.
    """
    for slot in range(_MOST_PROCESSES):
        path = folder / f"{slot}.cells"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unusable(folder, error) from None
        if not _hold(descriptor):
            os.close(descriptor)
            continue
        try:
            if os.fstat(descriptor).st_size != SIZE or os.read(descriptor, 8) != form:
                os.truncate(descriptor, 0)
                # Written, not only made longer: a mapped page for which the disk has no room
                # ends the process when it is touched.
                if os.pwrite(descriptor, bytes(SIZE), 0) != SIZE:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return Cells(mmap.mmap(descriptor, SIZE), form, slot, descriptor)
        except OSError as error:
            os.close(descriptor)
            raise _unusable(folder, error) from None
    raise Unavailable(f"{_MOST_PROCESSES} processes count in {folder} already", folder=str(folder))


def all_counted(folder: Path, form: bytes) -> list[Counted]:
    """What every process counted, living or not."""
    found = []
    for path in sorted(folder.glob("*.cells"), key=lambda path: (len(path.name), path.name)):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            is_alive = not _hold(descriptor, only_look=True)
            data = os.read(descriptor, SIZE)
        finally:
            os.close(descriptor)
        if len(data) == SIZE and data[:8] == form:  # else it is being made just now
            found.append(_counted(data, int(path.stem), is_alive))
    return found


def _counted(data: bytes, slot: int, is_alive: bool) -> Counted:
    (pid,) = struct.unpack_from("=Q", data, 16)
    (lost,) = struct.unpack_from("=d", data, 24)
    cells = {
        name: struct.unpack_from(f"={n_cells}d", data, 8 * at)
        for name, at, n_cells in _records(data)
    }
    return Counted(slot, pid, is_alive, lost, cells)


def _records(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Name, first cell and number of cells of each series."""
    (used,) = struct.unpack_from("=Q", data, 8)
    position = _FIRST_RECORD
    while position < min(used, SIZE):
        length, n_cells = struct.unpack_from("=II", data, position)
        at = position + 8 + -(-length // 8) * 8
        position, start = at + 8 * n_cells, position + 8
        if position > SIZE:
            raise Unavailable("a file of counts is damaged; remove it and start the service again")
        yield data[start : start + length].decode(), at // 8, n_cells


def _hold(descriptor: int, only_look: bool = False) -> bool:
    """Take the lock of a file for as long as it is open; False where another process has it.

    The system lets go of it when a process ends, however it ends.
    """
    try:
        import fcntl
    except ImportError:
        raise InvalidInput(
            "counting over several processes needs a POSIX system; run one process"
        ) from None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if only_look else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unusable(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"can't keep counts in {folder} ({error.strerror}); free {SIZE // 2**20} MB for each "
        "process there, or start the service with another folder for temporary files (TMPDIR)",
        folder=str(folder),
    )
