"""Lines of a service: what is in them, and that writing them harms nobody."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from sonde.telemetry import PredictionLog, RequestLog, bind, lines_lost, log, unbind
from sonde.telemetry.logs import start_logging, stop_logging
from tests.telemetry.conftest import Lines


def test_a_request_is_one_line(logged: Lines) -> None:
    RequestLog(True).write(
        "r-1", "POST", "/api/v1/detect", 200, 0.00123456789, key_id="Ab12Cd34", rows=7, model="pump"
    )
    (line,) = logged()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "event": "request",
        "request_id": "r-1",
        "method": "POST",
        "route": "/api/v1/detect",
        "status": 200,
        "seconds": 0.001235,
        "model": "pump",
        "key_id": "Ab12Cd34",
        "rows": 7,
    }


def test_a_request_that_failed_here_is_an_error_line(logged: Lines) -> None:
    told = RequestLog(True)
    told.write("r-1", "GET", "/ready", 500, 0.1)
    told.write("r-2", "GET", "/ready", 404, 0.1)
    told.write("r-3", "GET", "/ready", 503, 0.1)
    RequestLog(False).write("r-4", "GET", "/ready", 500, 0.1)
    assert [(line["request_id"], line["level"]) for line in logged()] == [
        ("r-1", "error"),
        ("r-2", "info"),
        ("r-3", "warning"),  # told to come again: nothing here is broken
    ]


def test_an_exception_is_one_field(logged: Lines) -> None:
    try:
        raise ValueError("can't reach postgresql://app:hunter2@db/x")
    except ValueError as error:
        kept = error
        log("sonde.test").exception("broke", part="poll")
        logging.getLogger("theirs").exception("theirs broke")
    log("sonde.test").exception("broke before", exc_info=kept)
    lines = logged()
    assert len(lines) == 3
    for line in lines:
        assert "exc_info" not in line
        assert line["level"] == "error"
        assert line["exception"].startswith("Traceback (most recent call last):\n")
        assert "ValueError: can't reach postgresql://app:•••@db/x" in line["exception"]


def test_bound_fields_belong_to_one_task(logged: Lines) -> None:
    async def request(name: str) -> None:
        token = bind(request_id=name)
        await asyncio.sleep(0)
        log("sonde.test").bind(model="pump").info("step")
        logging.getLogger("theirs").warning("said %s", "so")
        unbind(token)
        log("sonde.test").info("after")

    async def both() -> None:
        await asyncio.gather(request("r-1"), request("r-2"))

    asyncio.run(both())
    lines = [line for line in logged() if line["logger"] != "asyncio"]
    assert [(line["event"], line.get("request_id"), line.get("model")) for line in lines] == [
        (event, name if event != "after" else None, "pump" if event == "step" else None)
        for name in ("r-1", "r-2")
        for event in ("step", "said so", "after")
    ]


def test_predictions_are_told_at_debug(logged: Lines) -> None:
    told = PredictionLog()
    told.completed("r-1", "pump:3", (10, 4), 0.25, 10)
    told.failed("r-2", "pump:3", None, 0.5, ValueError("no column a"))
    done, failed = logged()
    assert (done["event"], done["model_version"], done["input_shape"]) == (
        "prediction_completed",
        "pump:3",
        [10, 4],
    )
    assert (done["latency_seconds"], done["predictions_count"]) == (0.25, 10)
    assert (failed["event"], failed["error"], failed["error_type"]) == (
        "prediction_failed",
        "no column a",
        "ValueError",
    )


def test_only_the_level_and_above_is_written(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        start_logging("warning", "json", file)
        logger = log("sonde.test")
        for tell in (logger.debug, logger.info, logger.warning, logger.error):
            tell(tell.__name__)
        RequestLog(True).write("r-1", "GET", "/health", 200, 0.1)
        PredictionLog().completed("r-1", "pump:3", (1, 1), 0.1, 1)
        logging.getLogger("theirs").info("no")
        stop_logging(10)
    lines = [json.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert [line["event"] for line in lines] == ["warning", "error"]


def test_before_and_after_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    log("sonde.test").error("lost")
    start_logging("info", "json")
    stop_logging()
    log("sonde.test").error("lost")
    assert capfd.readouterr() == ("", "")


def test_the_stream_is_standard_error_and_people_get_text(
    capfd: pytest.CaptureFixture[str],
) -> None:
    start_logging("info", "text")
    log("sonde.test").info("ready", port=8000, told="two words")
    try:
        raise ValueError("x\x1b[2J")
    except ValueError:
        log("sonde.test").exception("broke")
    stop_logging(10)
    out, err = capfd.readouterr()
    assert out == ""
    first, second, *trace = err.splitlines()
    assert first.endswith('info     ready  logger=sonde.test  port=8000  told="two words"')
    assert second.endswith("error    broke  logger=sonde.test")
    assert (trace[0], trace[-1]) == ("Traceback (most recent call last):", "ValueError: x\\x1b[2J")


def test_a_terminal_gets_text_and_a_file_json(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        start_logging("info", None, terminal)
        log("sonde.test").info("ready")
        stop_logging(10)
    assert b"info     ready" in os.read(ours, 1000)
    os.close(ours)
    with (tmp_path / "log").open("w") as file:
        start_logging("info", None, file)
        log("sonde.test").info("ready")
        stop_logging(10)
    assert json.loads((tmp_path / "log").read_text())["event"] == "ready"


def test_a_stream_without_a_descriptor_is_written_to() -> None:
    stream = io.StringIO()
    start_logging("info", "json", stream)
    log("sonde.test").info("ready")
    stop_logging(10)
    assert json.loads(stream.getvalue())["event"] == "ready"


def test_servers_and_databases_write_the_same_lines(logged: Lines) -> None:
    import uvicorn

    # What uvicorn sets up by itself is taken back by a later start.
    uvicorn.Config("x:y").configure_logging()
    stop_logging()
    stream = io.StringIO()
    start_logging("info", "json", stream)
    logging.getLogger("uvicorn.error").info("started %s", 8000)
    logging.getLogger("uvicorn.access").info("GET /?key=hunter2")
    logging.getLogger("sqlalchemy.engine.Engine").info("SELECT hunter2")
    misfit = logging.LogRecord("theirs", logging.WARNING, "x.py", 1, "%d", ("no number",), None)
    logging.getLogger().handlers[-1].handle(misfit)
    stop_logging(10)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["logger"], line["event"]) for line in lines] == [
        ("uvicorn.error", "started 8000"),
        ("theirs", "%d"),
    ]
    assert logging.getLogger("uvicorn").handlers == []


def test_a_pipe_that_nobody_reads_delays_nothing() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as stream:
        start_logging("info", "json", stream)
        told = RequestLog(True)
        slowest = 0.0
        for i in range(12_000):
            started = time.perf_counter()
            told.write(f"r-{i}", "GET", "/health", 200, 0.1)
            slowest = max(slowest, time.perf_counter() - started)
        assert slowest < 1  # the pipe takes 64 kB and then nothing: without a thread, for ever
        lost = lines_lost()
        assert lost > 0
        received = bytearray()

        def read() -> None:
            while piece := os.read(reading, 2**16):
                received.extend(piece)

        reader = Thread(target=read)
        reader.start()
        stop_logging(10)
    reader.join(10)
    os.close(reading)
    lines = [json.loads(line) for line in received.splitlines()]
    assert sum(line["event"] == "request" for line in lines) + lost == 12_000
    assert sum(line.get("lines", 0) for line in lines) == lost


def test_a_reader_that_is_gone_costs_lines_and_nothing_else() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as stream:
        start_logging("info", "json", stream)
        for _ in range(10):
            log("sonde.test").info("into the void")
        started = time.perf_counter()
        from sonde.telemetry.logs import _place

        assert _place.writer is not None
        assert _place.writer.flush(10)
        assert lines_lost() == 10
        stop_logging(10)
        assert time.perf_counter() - started < 5


def test_lines_never_end_up_in_a_file_that_was_opened_later(tmp_path: Path) -> None:
    first = (tmp_path / "log").open("wb")
    start_logging("info", "json", first)
    number = first.fileno()
    first.close()
    with (tmp_path / "database").open("wb") as second:
        assert second.fileno() == number, "the system gave the number out again"
        log("sonde.test").info("ready")
        stop_logging(10)
    assert (tmp_path / "database").read_bytes() == b""
    assert b"ready" in (tmp_path / "log").read_bytes()


WORKER = """
import sys
from sonde.telemetry import RequestLog, start_logging
start_logging("info", "json")
told = RequestLog(True)
for i in range(3000):
    told.write(f"{sys.argv[1]}-{i}", "GET", "/health", 200, 0.1)
"""


def test_processes_that_share_a_pipe_do_not_mix_their_lines() -> None:
    reading, writing = os.pipe()
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, name], stderr=writing) for name in "abc"
    ]
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        lines = [json.loads(line) for line in pipe]
    assert all(worker.wait() == 0 for worker in workers)
    # All are there although each process ended right after its last line.
    assert len({line["request_id"] for line in lines}) == 9000


SERVER = """
import uvicorn
from sonde.telemetry import start_logging

async def app(scope, receive, send):
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return

start_logging("info", "json")
uvicorn.run(app, port=0, log_config=None, lifespan="on")
"""


def test_the_last_words_of_a_server_that_is_ended_are_written() -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER], stderr=subprocess.PIPE)
    assert server.stderr is not None
    for line in server.stderr:
        if b"Uvicorn running" in line:
            break
    server.terminate()
    _, rest = server.communicate(timeout=30)
    assert "Finished server process" in json.loads(rest.splitlines()[-1])["event"]


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    with Path("/dev/full").open("wb") as stream:
        start_logging("info", "json", stream)
        log("sonde.test").info("ready")
        stop_logging(10)
