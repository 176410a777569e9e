"""What Prometheus reads: right sums, over all processes, with labels that nobody can make grow."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sonde.errors import Unavailable
from sonde.telemetry import Metrics
from sonde.telemetry.cells import SIZE
from sonde.telemetry.families import COMPATIBLE, FAMILIES, SECONDS

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(metrics: Metrics) -> Samples:
    """Every sample that Prometheus' own reader finds."""
    body, content_type = metrics.exposition()
    assert content_type.startswith("text/plain; version=0.0.4")
    found: Samples = {}
    for family in text_string_to_metric_families(body.decode()):
        assert family.documentation
        for sample in family.samples:
            at = (sample.name, frozenset(sample.labels.items()))
            assert at not in found, "the same series twice"
            found[at] = sample.value
    return found


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def labels_of(samples: Samples, name: str, label: str) -> set[str]:
    return {dict(labels)[label] for found, labels in samples if found == name}


def test_requests_are_counted_and_timed() -> None:
    metrics = Metrics()
    for seconds in (0.0001, 0.00011, 0.2, 100.0):
        metrics.request("GET", "/health", 200, seconds)
    metrics.request("GET", "/health", 503, 0.2)
    got = read(metrics)
    where = {"method": "GET", "endpoint": "/health"}
    assert value(got, "sonde_requests_total", **where, status="200") == 4
    assert value(got, "sonde_requests_total", **where, status="503") == 1
    timed = "sonde_request_duration_seconds"
    assert value(got, f"{timed}_count", **where) == 5
    assert math.isclose(value(got, f"{timed}_sum", **where), 100.40021)
    # A bound counts what is equal to it.
    assert value(got, f"{timed}_bucket", **where, le="0.0001") == 1
    assert value(got, f"{timed}_bucket", **where, le="0.00025") == 2
    assert value(got, f"{timed}_bucket", **where, le="0.25") == 4
    assert value(got, f"{timed}_bucket", **where, le="30.0") == 4
    assert value(got, f"{timed}_bucket", **where, le="+Inf") == 5


def test_the_six_metrics_have_their_names_and_labels() -> None:
    metrics = Metrics()
    metrics.inference("isolation_forest", "pump", 100, 3, 0.004)
    metrics.inference("isolation_forest", "pump", 101, 2, 0.004)
    metrics.active_models(4)
    metrics.active_models(2)
    metrics.quality("pump", 0.75)
    metrics.dependency("redis", False)
    got = read(metrics)
    who = {"algorithm": "isolation_forest"}
    assert value(got, "sonde_anomalies_detected_total", **who, dataset="pump") == 5
    timed = "sonde_model_inference_seconds_count"
    assert value(got, timed, **who, data_size="11-100") == 1
    assert value(got, timed, **who, data_size="101-1000") == 1
    assert value(got, "sonde_active_models") == 2
    assert value(got, "sonde_data_quality_score", dataset="pump") == 0.75
    assert value(got, "sonde_dependency_up", dependency="redis") == 0
    assert not any(name.startswith(("prediction", "model_")) for name, _ in got)


def test_names_of_another_service_are_kept_when_asked_for() -> None:
    metrics = Metrics(compatibility_names=True)
    metrics.inference("hbos", "pump", 1, 0, 0.5)
    metrics.prediction_failed()
    for right in [0.0] * 50 + [1.0] * 60 + [0.5] * 40:
        metrics.accuracy(right)
    got = read(metrics)
    assert value(got, "predictions_total") == 1
    assert value(got, "prediction_duration_seconds_sum") == 0.5
    assert value(got, "prediction_errors_total") == 1
    assert value(got, "model_accuracy") == 0.8  # of the last hundred


def test_the_process_tells_of_itself() -> None:
    got = read(Metrics())
    if not Path("/proc/self/stat").exists():
        pytest.skip("no /proc")
    assert value(got, "process_resident_memory_bytes") > 2**20
    assert value(got, "process_cpu_seconds_total") > 0


def test_callers_cannot_make_the_number_of_series_grow() -> None:
    metrics = Metrics()
    for i in range(1000):
        metrics.request(f"M{i}", None, 404, 0.1)
        metrics.request("GET", f"/path/{i}", 200, 0.1)
        metrics.request("GET", "/health", i * 10**6, 0.1)
        metrics.inference(f"a{i}", f"d{i}", 1, 1, 0.1)
        metrics.quality(f"q{i}", 0.5)
    got = read(metrics)
    assert len(got) < 10_000
    assert labels_of(got, "sonde_requests_total", "method") == {"GET", "other"}
    assert {"unmatched", "other"} < labels_of(got, "sonde_requests_total", "endpoint")
    assert labels_of(got, "sonde_requests_total", "status") == {"200", "404", "other"}
    assert len(labels_of(got, "sonde_requests_total", "endpoint")) == 202
    datasets = labels_of(got, "sonde_anomalies_detected_total", "dataset")
    datasets |= labels_of(got, "sonde_data_quality_score", "dataset")
    assert len(datasets) == 101
    where = {"method": "other", "endpoint": "unmatched", "status": "404"}
    assert value(got, "sonde_requests_total", **where) == 1000
    # Nothing that a caller made up is kept anywhere.
    assert len(metrics._requests) + len(metrics._inferences) < 400


def test_without_room_the_rest_goes_on_and_the_loss_is_told() -> None:
    metrics = Metrics()
    metrics.request("GET", "/health", 200, 0.1)
    wide = "x" * 100
    for i in range(200):
        for status in range(100, 150):
            metrics.request("GET", f"/{i}/{wide}", status, 0.1)
    metrics.request("GET", "/health", 200, 0.1)
    got = read(metrics)
    assert value(got, "sonde_metrics_lost_total") > 0
    where = {"method": "GET", "endpoint": "/health", "status": "200"}
    assert value(got, "sonde_requests_total", **where) == 2


@pytest.mark.parametrize("name", ['a"b\\c\nd', "\ud800", "é漢", "", "x" * 10_000])
def test_any_name_of_a_model_can_be_read_back(name: str) -> None:
    metrics = Metrics()
    metrics.inference("hbos", name, 1, 1, 0.1)
    (told,) = labels_of(read(metrics), "sonde_anomalies_detected_total", "dataset")
    assert told == name[:128].replace("\ud800", "?")


def test_switched_off_it_does_nothing() -> None:
    metrics = Metrics(is_on=False)
    metrics.request("GET", "/health", 200, 0.1)
    metrics.inference("hbos", "pump", 1, 1, 0.1)
    metrics.prediction_failed()
    metrics.active_models(1)
    metrics.quality("pump", 1.0)
    metrics.dependency("redis", True)
    metrics.accuracy(1.0)
    assert metrics.exposition()[0] == b""
    metrics.close()


def test_threads_lose_no_count() -> None:
    metrics = Metrics()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:

        def count() -> None:
            for i in range(3000):
                metrics.request("GET", f"/{i % 7}", 200, 0.1)

        threads = [Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    got = read(metrics)
    counts = [v for (name, _), v in got.items() if name == "sonde_requests_total"]
    assert sum(counts) == 12_000


WORKER = """
import sys, time
from pathlib import Path
from sonde.telemetry import Metrics

metrics = Metrics(compatibility_names=True, folder=Path(sys.argv[1]))
for _ in range(1000):
    metrics.request("GET", "/health", 200, 0.25)
metrics.inference("hbos", "pump", 1, 3, 0.1)
metrics.active_models(int(sys.argv[2]))
metrics.accuracy(float(sys.argv[2]))
metrics.quality("pump", float(sys.argv[2]) / 10)
metrics.dependency("redis", sys.argv[2] != "3")
print("ready", flush=True)
sys.stdin.read()
"""


def worker(folder: Path, number: int) -> subprocess.Popen[bytes]:
    """A process that has counted, and waits."""
    started = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    return started


def end(started: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
    started.send_signal(how)
    started.communicate()


def test_several_processes_are_one(tmp_path: Path) -> None:
    folder = tmp_path / "counts"
    ours = Metrics(compatibility_names=True, folder=folder)
    ours.request("GET", "/health", 200, 0.25)
    ours.active_models(1)
    ours.quality("pump", 0.9)
    two, three = worker(folder, 2), worker(folder, 3)
    where = {"method": "GET", "endpoint": "/health"}

    def check(requests: float, models: float, accuracy: float, redis: float) -> None:
        got = read(ours)
        assert value(got, "sonde_requests_total", **where, status="200") == requests
        timed = "sonde_request_duration_seconds"
        assert value(got, f"{timed}_count", **where) == requests
        assert value(got, f"{timed}_sum", **where) == requests / 4
        assert value(got, f"{timed}_bucket", **where, le="0.25") == requests
        assert value(got, "sonde_active_models") == models
        assert value(got, "model_accuracy") == accuracy
        assert value(got, "sonde_dependency_up", dependency="redis") == redis
        if Path("/proc/self/stat").exists():
            workers = labels_of(got, "process_cpu_seconds_total", "worker")
            assert len(workers) == 1 + sum(one.poll() is None for one in (two, three))

    try:
        check(2001, 3, 2.5, 0)
        assert value(read(ours), "sonde_data_quality_score", dataset="pump") == 0.3
        end(three)
        # What it counted stays; what it held is gone.
        check(2001, 2, 2, 1)
        four = worker(folder, 4)
        try:
            assert len(list(folder.iterdir())) == 3, "the place of the dead one is taken over"
            check_after = read(ours)
            total = value(check_after, "sonde_requests_total", **where, status="200")
            assert total == 3001
            assert value(check_after, "sonde_active_models") == 4
        finally:
            end(four)
    finally:
        for one in (two, three):
            end(one)
    got = read(ours)
    assert value(got, "sonde_requests_total", **where, status="200") == 3001
    assert value(got, "sonde_active_models") == 1
    assert ("model_accuracy", frozenset[tuple[str, str]]()) not in got


def test_a_place_is_given_back_and_late_threads_do_no_harm(tmp_path: Path) -> None:
    old, watching = Metrics(folder=tmp_path), Metrics(folder=tmp_path)
    old.active_models(3)
    old.request("GET", "/health", 200, 0.1)
    old.close()
    old.close()
    old.request("GET", "/health", 200, 0.1)
    assert ("sonde_active_models", frozenset[tuple[str, str]]()) not in read(watching)
    new = Metrics(folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    new.request("GET", "/health", 200, 0.1)
    where = {"method": "GET", "endpoint": "/health", "status": "200"}
    assert value(read(new), "sonde_requests_total", **where) == 2


def test_counts_of_another_release_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "0.cells").write_bytes(b"OLDFORM\0" + b"\xff" * (SIZE - 8))
    (tmp_path / "1.cells").write_bytes(b"cut short")
    metrics = Metrics(folder=tmp_path)
    metrics.request("GET", "/health", 200, 0.1)
    where = {"method": "GET", "endpoint": "/health", "status": "200"}
    assert value(read(metrics), "sonde_requests_total", **where) == 1


def test_damaged_counts_are_said_and_not_read(tmp_path: Path) -> None:
    other = Metrics(folder=tmp_path)
    other.request("GET", "/health", 200, 0.1)
    metrics = Metrics(folder=tmp_path)
    path = tmp_path / "0.cells"
    data = bytearray(path.read_bytes())
    data[8 * 36 : 8 * 37] = b"\xff" * 8  # the length of the first record
    path.write_bytes(bytes(data))
    with pytest.raises(Unavailable, match="damaged"):
        metrics.exposition()


def test_a_folder_that_cannot_be_made_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="can't keep counts in"):
        Metrics(folder=tmp_path / "file" / "below")


def test_a_full_disk_is_said_at_start() -> None:
    room = Path("/dev/shm")
    if os.name != "posix" or os.geteuid() != 0 or not room.is_dir():
        pytest.skip("needs the right to mount a small disk")
    folder = room / f"sonde-full-{os.getpid()}"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True
    )
    try:
        if mounted.returncode != 0:
            pytest.skip("needs the right to mount a small disk")
        with pytest.raises(Unavailable, match="free 1 MB for each process"):
            Metrics(folder=folder)
    finally:
        subprocess.run(["umount", str(folder)], capture_output=True)
        folder.rmdir()


def test_each_of_a_hundred_endpoints_is_told_once(tmp_path: Path) -> None:
    metrics = Metrics(folder=tmp_path)
    for i in range(100):
        metrics.request("GET", f"/{i}", 200, 0.1)
    assert metrics.exposition()[0].count(b"sonde_requests_total{") == 100


def test_every_bound_of_a_histogram_rises_and_every_family_tells_what_it_is() -> None:
    assert list(SECONDS) == sorted(set(SECONDS))
    for family in (*FAMILIES, *COMPATIBLE):
        assert family.told.endswith(".")
        assert family.name.endswith("_total") == (family.merge == "sum" and not family.bounds)
