"""Attempts, waits, redirects and errors against a server that misbehaves on request."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import pickle
import socket
import threading
import time
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonde import errors
from sonde.client import ServiceError
from sonde.errors import SondeError
from tests.client.callers import Make
from tests.client.scripted import CUT, Answer, Seen, answer, problem, serving

KEY = "sk_abcd1234_0123456789abcdef"
HEALTHY = answer({"status": "healthy", "model_loaded": False, "version": "1"})
FOUND = answer(
    {
        "scores": [0.5, None, 9.25],
        "is_anomaly": [False, False, True],
        "probability": [0.5, None, 1.0],
        "anomalies": [
            {
                "series": None,
                "start": 2,
                "end": 3,
                "start_time": "2024-01-01T00:00:00.000000001Z",
                "end_time": None,
                "peak": 2,
                "score": 9.25,
                "probability": 1.0,
                "columns": {"a": 1.0},
                "something": "newer",
            }
        ],
        "chosen": {"detector": "ecod"},
        "problems": ["one"],
        "request_id": "r-9",
    }
)
VERSION = answer({"model": "pump", "version": 3, "digest": "ab", "newer": 1}, status=201)


def stopped(call: Any) -> SondeError:
    with pytest.raises(SondeError) as caught:
        call()
    return caught.value


# Retries


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_asks_again_after_a_passing_refusal(client_of: Make, status: int) -> None:
    with serving(answer({}, status), HEALTHY) as server:
        assert client_of(server.url).health().status == "healthy"
    assert len(server.seen) == 2
    # One id for both, so that the service's log shows that they belong together.
    assert len({seen.headers["x-request-id"] for seen in server.seen}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 501])
def test_asks_once_where_the_answer_would_be_the_same(client_of: Make, status: int) -> None:
    with serving(answer({}, status)) as server:
        assert stopped(client_of(server.url).health).status == status
    assert len(server.seen) == 1


def test_asks_again_after_a_connection_that_was_cut(client_of: Make) -> None:
    torn = Answer(200, {}, (b'{"status"',), missing=20, is_cut=True)
    with serving(CUT, torn, HEALTHY) as server:
        assert client_of(server.url).health().status == "healthy"
    assert len(server.seen) == 3


def test_asks_again_after_a_time_out(client_of: Make) -> None:
    slow = Answer(200, {}, (b"{}",), pause_s=1.0)
    with serving(slow, HEALTHY) as server:
        assert client_of(server.url, timeout=0.2).health().status == "healthy"


def test_an_answer_that_drips_is_a_time_out(client_of: Make) -> None:
    drip = Answer(200, {}, (b" ",) * 30, pause_s=0.1)
    with serving(drip) as server:
        error = stopped(client_of(server.url, timeout=0.4, max_retries=0).health)
    assert isinstance(error, errors.TimeLimit)
    assert error.facts["setting"] == "timeout"


def test_waits_as_long_as_the_service_asks(client_of: Make) -> None:
    with serving(answer({}, 503, Retry_After="0.4"), HEALTHY) as server:
        client_of(server.url).health()
    assert 0.4 <= server.times[1] - server.times[0] < 1.5


def test_understands_a_date(client_of: Make) -> None:
    dated = answer(
        {}, 429, Retry_After=formatdate(1_700_000_001, usegmt=True), Date=formatdate(1_700_000_000)
    )
    with serving(dated, HEALTHY) as server:
        client_of(server.url).health()
    assert 1.0 <= server.times[1] - server.times[0] < 2.0


def test_a_wait_that_is_too_long_is_told_at_once(client_of: Make) -> None:
    with serving(answer({"message": "too many"}, 429, Retry_After="86400")) as server:
        error = stopped(client_of(server.url).health)
    assert isinstance(error, errors.TooMany)
    assert error.facts["retry_after_s"] == 86400.0
    assert "come back in 86400 s, at 20" in str(error)
    assert len(server.seen) == 1


def test_nonsense_in_retry_after_is_passed_over(client_of: Make) -> None:
    with serving(answer({}, 503, Retry_After="tomorrow"), HEALTHY) as server:
        assert client_of(server.url).health().status == "healthy"


def test_says_how_often_it_asked(client_of: Make) -> None:
    with serving(problem(503, "unavailable", "the database is away")) as server:
        error = stopped(client_of(server.url, max_retries=2).health)
    assert isinstance(error, errors.Unavailable)
    assert str(error).startswith("the database is away; given up after 3 attempts in ")
    assert error.facts["attempts"] == len(server.seen) == 3


def test_the_deadline_ends_all_attempts(client_of: Make) -> None:
    slow = Answer(200, {}, (b"{}",), pause_s=5.0)
    begun = time.monotonic()
    with serving(slow) as server:
        client = client_of(server.url, timeout=0.3, deadline=0.7, max_retries=50)
        error = stopped(client.health)
        assert time.monotonic() - begun < 4.5
    assert isinstance(error, errors.TimeLimit)
    assert "deadline of 0.7 s" in str(error)


def test_nobody_listening_is_unavailable(client_of: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = stopped(client_of(f"http://127.0.0.1:{port}", max_retries=1).health)
    assert isinstance(error, errors.Unavailable)
    assert f"127.0.0.1:{port}" in str(error)
    assert "is the service running there?" in str(error)
    assert error.status is None
    assert len(error.request_id) == 32  # type: ignore[arg-type]


def test_creating_keeps_its_key_over_all_attempts(client_of: Make) -> None:
    with serving(CUT, answer({}, 503), VERSION, VERSION) as server:
        client = client_of(server.url)
        record = client.train("pump", [[1.0], [2.0]])
        client.train("pump", [[1.0], [2.0]])
    keys = [seen.headers["idempotency-key"] for seen in server.seen]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert (record.model, record.version, record.digest) == ("pump", 3, "ab")


def test_a_training_still_at_work_is_waited_for(client_of: Make) -> None:
    """Not an attempt: however often it takes, the deadline alone ends it."""
    busy = problem(409, "conflict", "still at work", facts={"retry_after_s": 0.02})
    same = Answer(409, {**busy.headers, "Retry-After": "0.02"}, (b"{}",))
    with serving(CUT, busy, same, *[busy] * 5, VERSION) as server:
        record = client_of(server.url).train("pump", [[1.0]], idempotency_key="mine")
    assert record.version == 3
    assert {seen.headers["idempotency-key"] for seen in server.seen} == {"mine"}


def test_a_conflict_without_a_time_is_final(client_of: Make) -> None:
    with serving(problem(409, "conflict", "another body")) as server:
        error = stopped(lambda: client_of(server.url).train("pump", [[1.0]]))
    assert isinstance(error, errors.Conflict)
    assert len(server.seen) == 1


class OnceOnly(io.BytesIO):
    def seekable(self) -> bool:
        return False


def test_a_stream_that_cannot_be_read_again_is_sent_once(client_of: Make) -> None:
    with serving(answer({}, 503), FOUND) as server:
        error = stopped(lambda: client_of(server.url).detect(OnceOnly(b"a,b\n1,2\n")))
    assert isinstance(error, errors.Unavailable)
    assert [seen.body for seen in server.seen] == [b"a,b\n1,2\n"]


def test_a_stream_that_can_be_rewound_is_sent_again_from_where_it_stood(client_of: Make) -> None:
    stream = io.BytesIO(b"skipped\na,b\n1,2\n")
    stream.readline()
    with serving(answer({}, 503), FOUND) as server:
        client_of(server.url).detect(stream)
    assert [seen.body for seen in server.seen] == [b"a,b\n1,2\n"] * 2


def test_a_file_is_sent_again_whole(client_of: Make, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a\n1\n2\n")
    with serving(CUT, FOUND) as server:
        client_of(server.url).detect(path)
    assert [seen.body for seen in server.seen] == [b"a\n1\n2\n"] * 2
    assert server.seen[0].headers["content-type"] == "text/csv"
    assert server.seen[0].headers["content-length"] == "6"


def test_long_text_is_packed_and_says_so(client_of: Make, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a\n" + b"1.5\n" * 30_000)
    with serving(answer({}, 503), FOUND) as server:
        client_of(server.url).detect(path)
    first, second = server.seen
    assert first.headers["content-encoding"] == "gzip"
    assert gzip.decompress(first.body) == path.read_bytes()
    # The same bytes, by which a service knows a request again.
    assert first.body == second.body
    assert len(first.body) < 10_000


def test_deleted_by_an_attempt_without_an_answer_is_deleted(client_of: Make) -> None:
    gone = problem(404, "not_found", "no such model")
    with serving(CUT, gone) as server:
        assert client_of(server.url).delete("pump", 3) is None
    assert server.seen[0].target == "/api/v1/models/pump/versions/3"
    with serving(gone) as server:
        assert isinstance(stopped(lambda: client_of(server.url).delete("pump")), errors.NotFound)
    with serving(answer({}, 503), gone) as server:
        assert isinstance(stopped(lambda: client_of(server.url).delete("pump")), errors.NotFound)


# Connections and redirects


def test_connections_are_used_again(client_of: Make) -> None:
    with serving(HEALTHY) as server:
        client = client_of(server.url)
        for _ in range(5):
            client.health()
    assert server.n_connections == 1


def test_a_refused_connection_is_read_to_its_end_and_kept(client_of: Make) -> None:
    with serving(answer({}, 503), answer({}, 503), HEALTHY) as server:
        client_of(server.url).health()
    assert server.n_connections == 1


def test_follows_a_redirect_within_the_service(client_of: Make) -> None:
    there = Answer(308, {"Location": "/api/v1/detect/"})
    with serving(there, FOUND) as server:
        client_of(server.url, KEY).detect([[1.0], [2.0], [3.0]])
    assert [seen.path for seen in server.seen] == ["/api/v1/detect", "/api/v1/detect/"]
    assert server.seen[0].body == server.seen[1].body
    assert server.seen[1].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_key_goes_to_no_other_address(client_of: Make, status: int) -> None:
    with serving(HEALTHY) as other:
        there = Answer(status, {"Location": f"{other.url}/health"})
        with serving(there) as server:
            error = stopped(client_of(server.url, KEY).health)
    assert other.seen == []
    assert isinstance(error, ServiceError)
    assert f"{other.url}/health; if that is right, give it as base_url" in str(error)


def test_redirects_in_a_circle_end(client_of: Make) -> None:
    def next_place(seen: Seen) -> Answer:
        return Answer(307, {"Location": f"/health?n={len(seen.target)}"})

    with serving(next_place) as server:
        assert isinstance(stopped(client_of(server.url).health), ServiceError)
        assert len(server.seen) <= 6


def test_a_base_path_stands_before_every_path(client_of: Make) -> None:
    with serving(HEALTHY) as server:
        client_of(server.url + "/sonde/").health()
    assert server.seen[0].target == "/sonde/health"


def test_proxies_of_the_environment_are_not_asked(
    client_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(HEALTHY) as server, serving(HEALTHY) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        client_of(server.url, KEY).health()
    assert proxy.seen == []


def test_threads_share_a_client() -> None:
    from sonde.client import Client

    with serving(HEALTHY) as server, Client(server.url) as client:
        found: list[str] = []
        threads = [
            threading.Thread(target=lambda: found.append(client.health().status)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == ["healthy"] * 8


# Errors


def test_refusals_are_our_own_errors(client_of: Make) -> None:
    refusal = problem(
        422,
        "too_short",
        "need 8 rows, got 3",
        facts={"needed": 8, "got": 3, "message": "x", "self": 1},
        errors=[{"pointer": "/rows", "message": "too few"}],
    )
    with serving(refusal) as server:
        error = stopped(lambda: client_of(server.url).detect([[1.0]]))
    assert type(error) is errors.TooShort
    assert str(error) == "need 8 rows, got 3"
    assert (error.code, error.facts["needed"]) == ("too_short", 8)
    assert error.facts["errors"] == [{"pointer": "/rows", "message": "too few"}]
    assert (error.status, error.request_id) == (422, "r-1")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.facts) == (errors.TooShort, error.facts)


def test_every_code_comes_back_as_its_error() -> None:
    from sonde.client.errors import _BY_CODE

    def tree(kind: type[SondeError]) -> set[type[SondeError]]:
        ours = [k for k in kind.__subclasses__() if k.__module__ == "sonde.errors"]
        return {*ours, *(inner for k in ours for inner in tree(k))}

    assert set(_BY_CODE.values()) == tree(SondeError)


def test_an_unknown_code_is_a_service_error_with_that_code(client_of: Make) -> None:
    with serving(problem(418, "teapot", "short and stout")) as server:
        error = stopped(client_of(server.url).health)
    assert type(error) is ServiceError
    assert (error.code, str(error)) == ("teapot", "short and stout")


def test_a_proxy_that_answers_is_told_apart(client_of: Make) -> None:
    page = Answer(413, {"Content-Type": "text/html"}, (b"<html>" + b"x" * 100,))
    with serving(page) as server:
        error = stopped(lambda: client_of(server.url).detect([[1.0]]))
    assert isinstance(error, errors.TooLarge)
    assert "is there a proxy" in str(error)


@pytest.mark.parametrize(
    "body",
    [b"<html></html>", b"", b"[]", b'{"scores": [1.0]}', b'{"scores": 3, "is_anomaly": []}'],
)
def test_an_answer_of_another_program_is_an_error(client_of: Make, body: bytes) -> None:
    with serving(Answer(200, {"Content-Type": "application/json"}, (body,))) as server:
        error = stopped(lambda: client_of(server.url).detect([[1.0]]))
    assert type(error) is ServiceError
    assert "does base_url lead to a Sonde service" in str(error)


def test_columns_of_different_lengths_are_an_error(client_of: Make) -> None:
    torn = {"scores": [1.0], "is_anomaly": [True, False], "probability": [1.0], "anomalies": []}
    with serving(answer(torn)) as server:
        assert "lengths" in str(stopped(lambda: client_of(server.url).detect([[1.0]])))


def test_an_endless_error_is_not_read_to_its_end(client_of: Make) -> None:
    huge = Answer(500, {"Content-Type": "text/plain"}, (b"x" * 65536,) * 64)
    with serving(huge) as server:
        error = stopped(client_of(server.url, max_retries=0).health)
    assert type(error) is ServiceError


# Operations


def test_an_answer_is_arrays_that_stay_as_they_are(client_of: Make) -> None:
    with serving(FOUND) as server:
        found = client_of(server.url).detect([[1.0], [2.0], [3.0]], detector="ecod")
    np.testing.assert_array_equal(found.scores, [0.5, np.nan, 9.25])
    assert found.is_anomaly.dtype == np.bool_
    assert found.anomalies[0].start_time == 1_704_067_200_000_000_001
    assert (found.request_id, found.problems, found.expected) == ("r-9", ["one"], None)
    assert repr(found) == "<1 anomaly in 3 rows>"
    with pytest.raises(ValueError, match="read-only"):
        found.scores[0] = 1.0
    assert server.seen[0].json == {"rows": [[1.0], [2.0], [3.0]], "detector": "ecod"}


def test_a_column_without_a_number_is_none(client_of: Make) -> None:
    body = {"scores": [1.0], "is_anomaly": [False], "probability": [0.5], "anomalies": []}
    with serving(answer({**body, "expected": [None], "lower": [0.5], "upper": None})) as server:
        found = client_of(server.url).detect([[1.0]])
    assert (found.expected, found.upper) == (None, None)
    np.testing.assert_array_equal(found.lower, [0.5])


def test_lists_are_asked_for_page_by_page(client_of: Make) -> None:
    def page(seen: Seen) -> Answer:
        after = int(seen.query.get("after", "0"))
        items = [{"name": f"m{after + i}", "task": "detect"} for i in range(2)]
        return answer({"items": items, "next": str(after + 2) if after < 4 else None})

    with serving(page) as server:
        names = [record.name for record in client_of(server.url).models(task="detect", limit=2)]
    assert names == [f"m{i}" for i in range(6)]
    assert [seen.query.get("after") for seen in server.seen] == [None, "2", "4"]
    assert {seen.query["task"] for seen in server.seen} == {"detect"}


def test_predicts_with_a_version_or_an_alias(client_of: Make) -> None:
    body = {"model": "pump", "version": "3", "variant": None, "scores": [1.0]}
    body |= {"is_anomaly": [True], "probability": [0.5], "anomalies": []}
    with serving(answer(body)) as server:
        client = client_of(server.url)
        answered = client.predict("pump", [[1.0]], alias="champion", key="ann")
        client.predict("pump", [[1.0]], version=3)
        error = stopped(lambda: client.predict("pump", [[1.0]], version=3, alias="a"))
    assert (answered.model, answered.version, answered.variant) == ("pump", "3", None)
    assert [seen.query for seen in server.seen] == [{"alias": "champion"}, {"version": "3"}]
    assert server.seen[0].json == {"rows": [[1.0]], "key": "ann"}
    assert isinstance(error, errors.InvalidInput)


def test_the_other_operations_ask_what_they_say(client_of: Make) -> None:
    model = {"name": "pump", "latest": 4, "aliases": {"champion": 2}, "tags": {}}

    def answering(seen: Seen) -> Answer:
        if seen.path.endswith("/evaluation"):
            return answer({"auc": 0.9})
        if seen.path.endswith("/card"):
            return Answer(200, {"Content-Type": "text/markdown"}, ("# Pümp".encode(),))
        if "/versions" in seen.path and seen.path.endswith("versions"):
            return answer({"items": [{"model": "pump", "version": 1}], "next": None})
        if "/versions/" in seen.path:
            return answer({"model": "pump", "version": 2})
        return Answer(204) if seen.method == "DELETE" else answer(model)

    with serving(answering) as server:
        client = client_of(server.url)
        assert client.model("pump").served == 2
        assert [record.version for record in client.versions("pump")] == [1]
        assert client.version("pump").version == 2
        assert client.evaluation("pump", 2) == {"auc": 0.9}
        assert client.card("pump", alias="champion") == "# Pümp"
        assert client.alias("pump", "champion", 3).name == "pump"
        client.drop_alias("pump", "champion")
        client.describe("pump", tags={"site": "north"})
        assert isinstance(stopped(lambda: client.version("pump", alias="none")), errors.NotFound)
    asked = [(seen.method, seen.path.removeprefix("/api/v1/models/pump")) for seen in server.seen]
    assert asked[:8] == [
        ("GET", ""),
        ("GET", "/versions"),
        ("GET", ""),
        ("GET", "/versions/2"),
        ("GET", "/versions/2/evaluation"),
        ("GET", ""),
        ("GET", "/versions/2/card"),
        ("PUT", "/aliases/champion"),
    ]
    assert server.seen[7].json == {"version": 3}
    assert asked[8] == ("DELETE", "/aliases/champion")
    assert server.seen[9].json == {"tags": {"site": "north"}}


def test_names_from_outside_stay_one_part_of_the_path(client_of: Make) -> None:
    with serving(answer({"name": "x"})) as server:
        client = client_of(server.url)
        client.model("a/../b?c#d")
        for wrong in ("", ".", ".."):
            assert isinstance(stopped(partial(client.model, wrong)), errors.InvalidInput)
    assert [seen.target for seen in server.seen] == ["/api/v1/models/a%2F..%2Fb%3Fc%23d"]


def test_readiness_is_an_answer_also_where_something_is_missing(client_of: Make) -> None:
    with serving(answer({"missing": ["database"]}, 503, Retry_After="1"), answer({})) as server:
        client = client_of(server.url)
        missing, ready = client.ready(), client.ready()
    assert not missing
    assert missing.details == {"missing": ["database"]}
    assert ready.is_ready


def test_exports_a_model_whole_or_not_at_all(client_of: Make, tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    digest = hashlib.sha256(data).hexdigest()

    def answering(seen: Seen) -> Answer:
        if not seen.path.endswith("/artifact"):
            return answer({"model": "pump", "version": 3, "digest": digest})
        n = sum(one.path == seen.path for one in server.seen)
        wrong = data[:-1] + b"?"
        parts = [Answer(200, {}, (data[:9],), missing=9, is_cut=True), Answer(200, {}, (wrong,))]
        return [*parts, Answer(200, {}, (data,))][n - 1]

    path = tmp_path / "pump.sonde"
    path.write_bytes(b"what was there")
    with serving(answering) as server:
        short = client_of(server.url, max_retries=1)
        error = stopped(lambda: short.export("pump", path, version=3))
        assert path.read_bytes() == b"what was there"
        assert "checksum" in str(error)
        assert client_of(server.url).export("pump", path, version=3) == path
    assert path.read_bytes() == data
    assert [one.name for one in tmp_path.iterdir()] == ["pump.sonde"]


def test_a_place_that_cannot_be_written_is_told(client_of: Make, tmp_path: Path) -> None:
    def answering(seen: Seen) -> Answer:
        is_file = seen.path.endswith("/artifact")
        return Answer(200, {}, (b"x",)) if is_file else answer({"model": "pump", "version": 3})

    with serving(answering) as server:
        where = tmp_path / "none" / "pump.sonde"
        error = stopped(lambda: client_of(server.url).export("pump", where, version=3))
    assert isinstance(error, errors.InvalidInput)
    assert "can't be written" in str(error)


def test_uploads_a_model_in_pieces(client_of: Make, tmp_path: Path) -> None:
    path = tmp_path / "pump.sonde"
    path.write_bytes(b"PK" * 100_000)
    with serving(answer({}, 503), VERSION) as server:
        record = client_of(server.url).upload("pump", path, label="summer")
    assert record.version == 3
    assert [len(seen.body) for seen in server.seen] == [200_000] * 2
    assert server.seen[0].headers["content-type"] == "application/vnd.sonde.model"
    assert server.seen[0].query == {"label": "summer"}
    assert len({seen.headers["idempotency-key"] for seen in server.seen}) == 1


def test_several_data_sets_have_an_answer_each(client_of: Make) -> None:
    def answering(seen: Seen) -> Answer:
        is_bad = seen.json["detector"] == "knn"
        return problem(422, "invalid_input", "no") if is_bad else FOUND

    with serving(answering) as server:
        client = client_of(server.url)
        found = client.detect_many([[[1.0]]] * 3, detector=["ecod", "knn", "hbos"])
        error = stopped(lambda: client.detect_many([[[1.0]]], detector=["ecod", "knn"]))
    assert [type(one).__name__ for one in found] == ["Detected", "InvalidInput", "Detected"]
    assert isinstance(error, errors.InvalidInput)
    assert len(server.seen) == 3


def test_the_names_of_an_earlier_guide_work(client_of: Make) -> None:
    model = {"model": "pump", "version": "3", "scores": [], "is_anomaly": [], "probability": []}

    def answering(seen: Seen) -> Answer:
        if seen.path == "/health":
            return HEALTHY
        if seen.path.endswith("/predict"):
            return answer({**model, "anomalies": []})
        return VERSION if seen.path.endswith("/models") else FOUND

    with serving(answering) as server:
        client = client_of(server.url)
        client.detect_anomalies([[1.0]], n_estimators=50)
        assert client.train_model([[1.0]], "ecod", "pump").version == 3
        assert client.predict_with_model("pump", [[1.0]]).model == "pump"
        assert client.health_check().status == "healthy"
    assert server.seen[0].json == {
        "rows": [[1.0]],
        "detector": "isolation_forest",
        "contamination": 0.1,
        "parameters": {"n_estimators": 50},
    }
    assert server.seen[1].json["model"] == "ecod"


# Secrets


def test_a_key_is_sent_and_shown_nowhere(client_of: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = problem(503, "unavailable", f"no such key: {KEY}", facts={"key": KEY})
    with serving(CUT, echo) as server:
        client = client_of(server.url, KEY, headers={"X-Site": "north"}, max_retries=1)
        error = stopped(client.health)
    assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert server.seen[0].headers["x-site"] == "north"
    assert error.__context__ is None
    assert error.__cause__ is None
    shown = [repr(client), str(error), repr(error), repr(error.facts), caplog.text]
    shown.append(repr(pickle.dumps(error)))
    inner: Any = getattr(client, "client", client)
    shown += [repr(vars(inner)), repr(vars(inner._carrier)), repr(inner._carrier._line)]
    assert all(KEY not in text for text in shown)
    with pytest.raises(TypeError, match="key"):
        pickle.dumps(inner)


def test_a_failure_leads_to_no_request_that_holds_the_key(client_of: Make) -> None:
    with serving(CUT) as server:
        error = stopped(client_of(server.url, KEY, max_retries=0).health)
    assert isinstance(error, errors.Unavailable)
    assert (error.__context__, error.__cause__) == (None, None)


@pytest.mark.parametrize("key", ["", "a b", "abc\n", "ключ", b"abc", 3])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(client_of: Make, key: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="api_key must be") as caught:
        client_of("http://localhost:1", key)
    assert not key or str(key).strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://ann:secret@localhost:1", "user or a password"),
        ("http://secret@localhost:1", "user or a password"),
        ("localhost:8000", "must begin with http"),
        ("ftp://localhost", "must begin with http"),
        ("http://", "must begin with http"),
        ("http://localhost:99999", "can't be read"),
        ("http://[::1", "can't be read"),
        ("http://localhost?key=secret", "query"),
        ("http://local host", "blanks"),
        (None, "must be text"),
    ],
)
def test_an_address_that_is_none_is_refused(client_of: Make, url: Any, said: str) -> None:
    with pytest.raises(errors.InvalidInput, match=said) as caught:
        client_of(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "headers", [{"A\r\nB": "c"}, {"a": "b\r\nc: d"}, {"Authorization": "Basic x"}, {"a": 3}]
)
def test_headers_that_cannot_be_sent_are_refused(client_of: Make, headers: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="header"):
        client_of("http://localhost:1", KEY, headers=headers)


def test_other_arguments_are_checked(client_of: Make, tmp_path: Path) -> None:
    for wrong in ({"format": "xml"}, {"timeout": 0}, {"verify": str(tmp_path / "none.pem")}):
        with pytest.raises(SondeError):
            client_of("https://localhost:1", **wrong)
