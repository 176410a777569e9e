"""Real processes, killed, crashed, starved and abandoned."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sonde.errors import InvalidInput, NotFitted, SondeError, TimeLimit, TooShort, Unavailable
from sonde.serving.computers import SETTING, Computers
from sonde.serving.jobs import JobFailed, named
from sonde.settings import fields, variable
from tests.serving import jobs

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are POSIX ones")

J = "tests.serving.jobs:"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def two() -> Iterator[Computers]:
    with Computers(2, waiting=50, seconds=30) as computers:
        yield computers


def soon(is_so: Callable[[], bool], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def is_running(pid: int) -> bool:
    """Whether there is such a process, zombies apart."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def is_known(pid: int) -> bool:
    """Whether there is such a process, or a zombie that it left."""
    return Path(f"/proc/{pid}").exists()


def marked(path: Path) -> int:
    """The process that wrote its number there."""
    assert soon(lambda: path.exists() and path.read_text() != "", 20.0)
    return int(path.read_text())


def slow(path: Path, seconds: float) -> bytes:
    return json.dumps([str(path), seconds]).encode()


def test_runs_a_job_in_another_process(two: Computers) -> None:
    assert two.run(J + "echo", b"a\0b") == b"a\0b"
    assert two.run(jobs.echo, b"") == b""
    assert int(two.run(jobs.pid, b"")) != os.getpid()
    large = os.urandom(3_000_000)
    assert asyncio.run(two.submit(jobs.echo, large)) == large


def test_what_a_job_prints_is_no_part_of_its_answer(two: Computers) -> None:
    assert two.run(jobs.talk, b"") == b"said"
    assert two.run(jobs.echo, b"next") == b"next"


def test_many_at_once_each_get_their_own_answer(two: Computers) -> None:
    async def all_of_them() -> list[bytes]:
        return await asyncio.gather(*(two.submit(jobs.echo, str(i).encode()) for i in range(40)))

    assert asyncio.run(all_of_them()) == [str(i).encode() for i in range(40)]
    with ThreadPoolExecutor(8) as threads:
        asked = threads.map(lambda i: two.run(jobs.echo, str(i).encode()), range(40))
        assert list(asked) == [str(i).encode() for i in range(40)]


@pytest.mark.parametrize("job", ["zlib", "zlib:", ":compress", "zlib:not a name", lambda p: p])
def test_refuses_what_another_process_could_not_find(two: Computers, job: object) -> None:
    with pytest.raises(InvalidInput, match="another process can import"):
        two.run(job, b"")  # type: ignore[arg-type]


def test_a_job_that_is_not_there_fails_by_itself(two: Computers) -> None:
    with pytest.raises(JobFailed, match="no_such"):
        two.run("no_such_module:job", b"")
    with pytest.raises(JobFailed, match="AttributeError"):
        two.run(J + "no_such", b"")


def test_refusals_come_back_as_themselves(two: Computers) -> None:
    with pytest.raises(TooShort, match=r"^need 8 rows, got 3$") as caught:
        two.run(jobs.refuse, b"")
    assert caught.value.facts == {"needed": 8, "got": 3, "names": ["a", "b"], "where": "x"}
    # A kind that this process does not know arrives as what it is a kind of.
    with pytest.raises(TooShort, match="odd") as caught:
        two.run(jobs.refuse_oddly, b"")
    assert type(caught.value) is TooShort
    with pytest.raises(NotFitted, match="call fit first"):
        two.run(jobs.ask_unfitted, b"")
    with pytest.raises(SondeError, match="just so"):
        two.run(jobs.refuse_bare, b"")


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (jobs.break_down, "ZeroDivisionError: by mistake"),
        (jobs.leave, "SystemExit: 3"),
        (jobs.answer_with_text, "answered with str"),
    ],
)
def test_a_mistake_comes_back_with_its_traceback(two: Computers, job: object, said: str) -> None:
    before = {two.run(jobs.pid, b"") for _ in range(20)}
    with pytest.raises(JobFailed, match=said) as caught:
        two.run(job, b"")  # type: ignore[arg-type]
    assert "Traceback" in caught.value.trace
    assert two.run(jobs.pid, b"") in before  # the process goes on


def test_work_that_takes_too_long_is_stopped_and_the_process_replaced() -> None:
    with Computers(1, waiting=4, seconds=0.3, start=jobs.warm, start_payload=b"once") as one:
        before = one.run(jobs.pid, b"")
        began = time.monotonic()
        with pytest.raises(TimeLimit, match=r"longer than the 0\.3 s") as caught:
            one.run(jobs.sleep, b"60")
        assert 0.25 < time.monotonic() - began < 30.0  # and not the 60 that were asked for
        assert caught.value.facts == {"limit": 0.3, "setting": SETTING}
        assert soon(lambda: not is_known(int(before)))
        assert one.run(jobs.pid, b"", seconds=20) != before
        # The new process was warmed as the first was.
        assert one.run(jobs.warmed_with, b"") == b"once"


def test_the_setting_that_is_named_is_one() -> None:
    assert SETTING in {variable(*path) for path, _ in fields()}


def test_a_kernel_that_holds_the_interpreter_is_stopped_too(tmp_path: Path) -> None:
    # Warm: what a job imports counts as its work.
    with (
        Computers(1, waiting=0, seconds=0.5, start=jobs.warm) as one,
        pytest.raises(TimeLimit),
    ):
        one.run(jobs.hold_the_gil, str(tmp_path / "pid").encode())
    assert soon(lambda: not is_known(marked(tmp_path / "pid")))


@pytest.mark.parametrize("how", ["SIGKILL", "SIGSEGV"])
def test_a_process_that_dies_takes_nobody_with_it(how: str, tmp_path: Path) -> None:
    with Computers(2, waiting=4, seconds=30) as pair, ThreadPoolExecutor(1) as other:
        undisturbed = other.submit(pair.run, jobs.mark_then_sleep, slow(tmp_path / "pid", 1.0))
        marked(tmp_path / "pid")
        with pytest.raises(Unavailable, match=f"ended by {how}") as caught:
            pair.run(jobs.crash, how.encode())
        assert caught.value.facts["exit_code"] == -getattr(signal, how)
        assert undisturbed.result() == b"slept"
        assert pair.run(jobs.echo, b"still here") == b"still here"


def test_a_process_that_dies_while_idle_is_replaced_before_it_is_asked() -> None:
    with Computers(1, waiting=4, seconds=30) as one:
        before = int(one.run(jobs.pid, b""))
        os.kill(before, signal.SIGKILL)
        assert soon(lambda: not is_known(before))  # no zombie waits for the next job
        assert int(one.run(jobs.pid, b"")) != before


def test_signals_for_everybody_do_not_end_a_process() -> None:
    with Computers(1, waiting=4, seconds=30) as one:
        pid = int(one.run(jobs.pid, b""))
        assert os.getsid(pid) != os.getsid(0)  # so a terminal does not even reach it
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(pid, number)
        assert int(one.run(jobs.pid, b"")) == pid


def test_a_full_line_says_when_to_come_back(tmp_path: Path) -> None:
    with Computers(1, waiting=2, seconds=30) as one, ThreadPoolExecutor(3) as callers:
        running = callers.submit(one.run, jobs.mark_then_sleep, slow(tmp_path / "pid", 1.0))
        marked(tmp_path / "pid")
        waiting = [callers.submit(one.run, jobs.echo, b"x") for _ in range(2)]
        assert soon(lambda: one.n_waiting == 2)
        assert one.n_busy == 1
        with pytest.raises(Unavailable, match="1 jobs are running and 2 wait") as caught:
            one.run(jobs.echo, b"too many")
        assert caught.value.facts["retry_after_s"] >= 1
        assert running.result() == b"slept"
        assert [one.result() for one in waiting] == [b"x", b"x"]


def test_who_leaves_the_line_makes_room(tmp_path: Path) -> None:
    async def leave() -> None:
        running = asyncio.create_task(
            one.submit(jobs.mark_then_sleep, slow(tmp_path / "first", 0.5))
        )
        await asyncio.to_thread(marked, tmp_path / "first")
        gone = asyncio.create_task(one.submit(jobs.mark_then_sleep, slow(tmp_path / "gone", 0)))
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable):
            await one.submit(jobs.echo, b"")
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert one.n_waiting == 0
        assert await one.submit(jobs.echo, b"in its place") == b"in its place"
        assert await running == b"slept"

    with Computers(1, waiting=1, seconds=30) as one:
        asyncio.run(leave())
    assert not (tmp_path / "gone").exists()


def test_work_that_nobody_waits_for_is_stopped(tmp_path: Path) -> None:
    async def hang_up() -> int:
        asked = asyncio.create_task(one.submit(jobs.mark_then_sleep, slow(tmp_path / "pid", 60)))
        pid = await asyncio.to_thread(marked, tmp_path / "pid")
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        return pid

    with Computers(1, waiting=1, seconds=90) as one:
        pid = asyncio.run(hang_up())
        assert soon(lambda: not is_known(pid), 30.0)
        assert one.run(jobs.echo, b"next") == b"next"


def test_hanging_up_on_quick_work_costs_no_process() -> None:
    async def hang_up() -> None:
        asked = asyncio.create_task(one.submit(jobs.sleep, b"0.1"))
        while one.n_busy == 0:
            await asyncio.sleep(0.001)
        asked.cancel()

    with Computers(1, waiting=1, seconds=30) as one:
        before = one.run(jobs.pid, b"")
        for _ in range(3):
            asyncio.run(hang_up())
        assert one.run(jobs.pid, b"") == before


def test_a_process_that_can_not_be_warmed_says_so() -> None:
    with Computers(1, waiting=1, seconds=5, start=jobs.never_warm) as one:
        with pytest.raises(Unavailable, match="no luck today"):
            one.run(jobs.echo, b"")
        assert one.problem == "no luck today"
        assert one.n_ready == 0
        assert one.n_busy == 0
    with (
        Computers(1, waiting=1, seconds=5, start="no_such:thing") as one,
        pytest.raises(Unavailable, match="ModuleNotFoundError"),
    ):
        one.run(jobs.echo, b"")


def test_closing_finishes_what_was_accepted() -> None:
    one = Computers(1, waiting=5, seconds=30)
    pid = int(one.run(jobs.pid, b""))
    with ThreadPoolExecutor(3) as callers:
        asked = [callers.submit(one.run, jobs.sleep, b"0.2") for _ in range(3)]
        assert soon(lambda: one.n_waiting == 2)
        one.close(20)
        assert [each.result() for each in asked] == [b"slept"] * 3
    with pytest.raises(Unavailable, match="closing"):
        one.run(jobs.echo, b"")
    assert not is_known(pid)
    assert (one.n_ready, one.n_busy, one.n_waiting) == (0, 0, 0)
    one.close()  # twice is fine


def test_closing_kills_what_takes_too_long() -> None:
    one = Computers(1, waiting=5, seconds=30)
    pid = int(one.run(jobs.pid, b""))
    with ThreadPoolExecutor(2) as callers:
        asked = [callers.submit(one.run, jobs.sleep, b"60") for _ in range(2)]
        assert soon(lambda: one.n_waiting == 1)
        began = time.monotonic()
        one.close(0.2)
        assert time.monotonic() - began < 30.0
        for each in asked:
            with pytest.raises(Unavailable, match="closing"):
                each.result()
    assert not is_known(pid)


def test_closing_while_a_process_starts_does_not_wait_for_it() -> None:
    one = Computers(1, waiting=1, seconds=30, start=jobs.sleep, start_payload=b"60")
    began = time.monotonic()
    one.close()
    assert time.monotonic() - began < 30.0


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")
def test_a_job_may_take_so_much_memory_and_no_more() -> None:
    with Computers(1, waiting=1, seconds=30, memory_mb=200) as one:
        before = one.run(jobs.pid, b"")
        assert one.run(jobs.take_memory, b"100") == str(100 * 2**20).encode()
        with pytest.raises(Unavailable, match="more memory than") as caught:
            one.run(jobs.take_memory, b"400")
        assert caught.value.facts["reason"] == "memory"
        assert one.run(jobs.pid, b"") == before


PARENT = """
import sys, threading, time
from pathlib import Path
from sonde.serving.computers import Computers
from tests.serving import jobs
two = Computers(2, waiting=2, seconds=90)
work = threading.Thread(target=two.run, args=(jobs.hold_the_gil, sys.argv[1].encode()), daemon=True)
work.start()
idle = two.run(jobs.pid, b"")
Path(sys.argv[2]).write_bytes(idle)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", PARENT, str(tmp_path / "busy"), str(tmp_path / "idle")]
    with subprocess.Popen(words, cwd=ROOT) as parent:
        try:
            pids = [marked(tmp_path / "busy"), marked(tmp_path / "idle")]
            assert len(set(pids)) == 2
            assert all(map(is_running, pids))
        finally:
            parent.kill()
    assert soon(lambda: not any(map(is_running, pids)), 2.0)


def _in_a_worker(answers: multiprocessing.SimpleQueue[bytes]) -> None:
    with Computers(1, waiting=1, seconds=30) as one:
        answers.put(one.run(jobs.echo, b"from a worker"))


def test_works_in_a_process_that_was_spawned_itself() -> None:
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.SimpleQueue()
    worker = spawn.Process(target=_in_a_worker, args=(answers,))
    worker.start()
    assert answers.get() == b"from a worker"
    worker.join(20)
    assert worker.exitcode == 0


def test_a_name_is_what_another_process_finds_it_by() -> None:
    assert named(jobs.echo) == J + "echo"
    with pytest.raises(InvalidInput):
        named("__main__:job")


def test_no_thread_is_left() -> None:
    with Computers(2, waiting=1, seconds=30) as pair:
        pair.run(jobs.echo, b"")
        assert len([t for t in threading.enumerate() if "sonde-computer" in t.name]) >= 2
        mine = {t.name for t in pair._keepers if t.is_alive()}
    assert mine
    assert not any(keeper.is_alive() for keeper in pair._keepers)
