"""``/api/v1/models``: training, records, pages, aliases, files, deletion."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import sonde
from sonde.runtimes.embedded import UntrustedModel
from sonde.wire import media as m
from tests.runtimes.rest.data import BINARY, FRAME, NAMES, PACKERS, TABLE, csv
from tests.runtimes.rest.running import Running

PATH = "/api/v1/models"
ROWS: dict[str, Any] = {"rows": TABLE.tolist(), "names": NAMES, "evaluate": False}
PROBLEM = {
    "type", "title", "status", "detail", "code", "message", "facts", "errors", "request_id",
    "instance",
}  # fmt: skip


def train(http: httpx.Client, name: str, **more: Any) -> httpx.Response:
    return http.post(PATH, json={"name": name, "model": "hbos", **ROWS, **more})


def refused(reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, which must be whole and of that kind."""
    problem: dict[str, Any] = reply.json()
    assert (reply.status_code, problem["code"]) == (status, code), problem
    assert reply.headers["content-type"] == m.PROBLEM
    assert problem.keys() == PROBLEM
    assert problem["status"] == status
    assert problem["request_id"] == reply.headers["x-request-id"]
    assert problem["detail"] == problem["message"]
    return problem


def test_a_model_is_trained_shown_and_asked(http: httpx.Client) -> None:
    made = train(
        http, "shown", label="spring", tags={"site": "north"}, description="of the pump",
        parameters={"n_bins": 12}, contamination=0.05, random_state=4, evaluate=True,
    )  # fmt: skip
    assert made.status_code == 201, made.text
    record = made.json()
    assert made.headers["location"] == "/api/v1/models/shown/versions/1"
    assert (record["name"], record["model"], record["version"]) == ("shown", "shown", 1)
    assert (record["label"], record["estimator"]) == ("spring", "hbos")
    assert record["parameters"]["n_bins"] == 12
    assert record["lineage"]["seed"] == 4
    assert record["chosen"]["message"]
    shown = http.get(made.headers["location"]).json()
    assert shown == {k: v for k, v in record.items() if k in shown}
    assert http.get(f"{PATH}/shown/versions/spring").json() == shown
    model = http.get(f"{PATH}/shown").json()
    assert (model["latest"], model["n_versions"], model["aliases"]) == (1, 1, {})
    assert model["tags"] == {} or model["tags"] == {"site": "north"}
    evaluation = http.get(f"{PATH}/shown/versions/1/evaluation").json()
    assert evaluation["metrics"]["held_out_rows"] == 16
    answer = http.post(f"{PATH}/shown/predict", json={"rows": TABLE.tolist()}).json()
    assert answer["is_anomaly"][17]


def test_the_words_of_an_earlier_guide_train_too(http: httpx.Client) -> None:
    body = {"training_data": TABLE.tolist(), "algorithm": "hbos", "model_name": "guide",
            "n_bins": 7, "evaluate": False}  # fmt: skip
    record = http.post(PATH, json=body).json()
    assert (record["name"], record["estimator"], record["parameters"]["n_bins"]) == (
        "guide", "hbos", 7,
    )  # fmt: skip


@pytest.mark.parametrize("media", BINARY)
def test_a_binary_body_trains_with_its_options_in_the_query(http: httpx.Client, media: str) -> None:
    name = "of-" + media.rpartition(".")[2].replace("/", "-")
    query = {"name": name, "model": "hbos", "columns": "rate,load", "evaluate": "false",
             "parameters.n_bins": "9"}  # fmt: skip
    reply = http.post(
        PATH, content=BINARY[media](FRAME), headers={"content-type": media}, params=query
    )
    assert reply.status_code == 201, reply.text
    assert reply.json()["schema"]["channels"] == ["rate", "load"]
    assert reply.json()["parameters"]["n_bins"] == 9


@pytest.mark.parametrize(
    ("more", "status", "code", "pointer"),
    [
        ({"name": ""}, 422, "invalid_input", "/name"),
        ({"name": "a/b"}, 422, "invalid_input", "/name"),
        ({"name": 7}, 422, "invalid_input", "/name"),
        ({"model": "hboss"}, 404, "not_found", "/model"),
        ({"parameters": {"n_binss": 3}}, 422, "invalid_input", "/parameters/n_binss"),
        ({"parameters": {"n_bins": -3}}, 422, "invalid_input", "/parameters/n_bins"),
        ({"task": "forecast"}, 422, "invalid_input", "/task"),
        ({"contamination": 0.9}, 422, "invalid_input", "/contamination"),
        ({"contaminaton": 0.1}, 422, "invalid_input", "/contaminaton"),
        ({"random_state": -1}, 422, "invalid_input", "/random_state"),
        ({"tags": {"a": 1}}, 422, "invalid_input", "/tags/a"),
        ({"label": "7"}, 422, "invalid_input", "/label"),
        ({"rows": [[1, 2, 3]] * 5}, 422, "invalid_input", None),
        ({"rows": [[1, 2, 3]]}, 422, "too_short", None),
        ({"source": "http://127.0.0.1/x.csv"}, 422, "invalid_input", "/source"),
    ],
)
def test_what_can_not_be_trained_is_refused(
    http: httpx.Client, more: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    name = {"name": "never"} | {k: v for k, v in more.items() if k == "name"}
    reply = http.post(PATH, json={"model": "hbos", **ROWS, **name, **more})
    problem = refused(reply, status, code)
    if pointer is not None:
        assert [one["pointer"] for one in problem["errors"]] == [pointer]
    assert http.get(f"{PATH}/never").status_code == 404


def test_a_source_inside_or_a_file_is_forbidden(http: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv(FRAME))
    for source in ("http://127.0.0.1:8080/x.csv", "http://[::1]/x", str(path), "/etc/passwd"):
        reply = http.post(PATH, json={"name": "never", "source": source})
        problem = refused(reply, 403, "forbidden")
        assert "root:" not in reply.text
        assert [one["pointer"] for one in problem["errors"]] == ["/source"]
    refused(http.post(PATH, json={"name": "never", "source": "ftp://x/y"}), 422, "invalid_input")


def test_a_taken_label_is_a_conflict(http: httpx.Client) -> None:
    assert train(http, "labelled", label="spring").status_code == 201
    refused(train(http, "labelled", label="spring"), 409, "conflict")
    assert http.get(f"{PATH}/labelled").json()["n_versions"] == 1


def test_a_forgotten_name_is_found_before_any_work(http: httpx.Client) -> None:
    body = {"rows": TABLE.tolist()}
    problem = refused(http.post(PATH, json=body), 422, "invalid_input")
    assert problem["errors"][0]["pointer"] == "/name"


# --- pages -----------------------------------------------------------------------------------


def test_models_come_in_pages_and_by_filters(http: httpx.Client) -> None:
    for name in ("page-a", "page-b", "page-c"):
        train(http, name, model="ecod")
    http.patch(f"{PATH}/page-b", json={"tags": {"site": "north"}})
    seen, after = [], None
    for _ in range(3):
        query = {"prefix": "page-", "limit": "1"} | ({"after": after} if after else {})
        page = http.get(PATH, params=query).json()
        seen += [one["name"] for one in page["items"]]
        after = page["next"]
    assert seen == ["page-a", "page-b", "page-c"]
    assert after is None
    for tag in ("site", "site=north"):
        found = http.get(PATH, params={"prefix": "page-", "tag": tag}).json()["items"]
        assert [one["name"] for one in found] == ["page-b"]
    assert http.get(PATH, params={"task": "forecast"}).json()["items"] == []


def test_versions_come_in_pages_newest_first(http: httpx.Client) -> None:
    for _ in range(3):
        train(http, "paged")
    first = http.get(f"{PATH}/paged/versions", params={"limit": 2}).json()
    rest = http.get(f"{PATH}/paged/versions", params={"limit": 2, "after": first["next"]}).json()
    assert [one["version"] for one in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("", {"limit": "0"}, "limit"),
        ("", {"limit": "1001"}, "limit"),
        ("", {"limit": "x"}, "limit"),
        ("", {"limitt": "3"}, "limitt"),
        ("", {"after": "nonsense"}, None),
        ("/pump/versions", {"after": "nonsense"}, None),
        ("/pump/versions", {"limit": "-1"}, "limit"),
        ("/pump/versions/1/card", {"format": "pdf"}, "format"),
        ("/pump", {"x": "1"}, "x"),
    ],
)
def test_a_query_that_means_nothing_is_refused(
    http: httpx.Client, path: str, query: dict[str, str], field: str | None
) -> None:
    problem = refused(http.get(PATH + path, params=query), 422, "invalid_input")
    assert field is None or problem["facts"]["field"] == field
    assert field is None or field in problem["message"]


# --- changes ---------------------------------------------------------------------------------


def test_tags_are_set_by_name_and_removed_by_null(http: httpx.Client) -> None:
    train(http, "tagged")
    place = f"{PATH}/tagged"
    assert http.patch(place, json={"tags": {"a": "1", "b": "2"}}).json()["tags"] == {
        "a": "1", "b": "2",
    }  # fmt: skip
    changed = http.patch(place, json={"tags": {"b": None, "c": "3"}, "description": "new"}).json()
    assert changed["tags"] == {"a": "1", "c": "3"}
    assert changed["description"] == "new"
    assert http.patch(place, json={"description": None}).json()["description"] is None
    assert http.get(place).json()["tags"] == {"a": "1", "c": "3"}


def test_an_alias_moves_and_predictions_follow(http: httpx.Client) -> None:
    train(http, "moved")
    train(http, "moved", model="ecod")
    place = f"{PATH}/moved"
    body = {"rows": TABLE[:2].tolist()}
    for version in (1, 2, 1):
        model = http.put(f"{place}/aliases/live", json={"version": version}).json()
        assert model["aliases"] == {"live": version}
        for _ in range(100):
            said = http.post(f"{place}/predict", json=body, params={"alias": "live"}).json()
            if said["version"] == str(version):
                break
            threading.Event().wait(0.05)
        assert said["version"] == str(version)
    problem = refused(http.delete(f"{place}/versions/1"), 409, "conflict")
    assert "live" in problem["message"]
    assert http.delete(f"{place}/aliases/live").status_code == 204
    refused(http.delete(f"{place}/aliases/live"), 404, "not_found")
    assert http.delete(f"{place}/versions/1").status_code == 204
    refused(http.get(f"{place}/versions/1"), 404, "not_found")
    gone = http.delete(place)
    assert (gone.status_code, gone.content) == (204, b"")
    refused(http.get(place), 404, "not_found")
    refused(http.delete(place), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PUT", "/pump/aliases/live", {"version": 7}, 404, "not_found"),
        ("PUT", "/none/aliases/live", {"version": 1}, 404, "not_found"),
        ("PUT", "/pump/aliases/latest", {"version": 1}, 422, "invalid_input"),
        ("PUT", "/pump/aliases/7", {"version": 1}, 422, "invalid_input"),
        ("PUT", "/pump/aliases/live", {"version": "1"}, 422, "invalid_input"),
        ("PUT", "/pump/aliases/live", {"version": True}, 422, "invalid_input"),
        ("PUT", "/pump/aliases/live", {"version": 1, "x": 1}, 422, "invalid_input"),
        ("PUT", "/pump/aliases/live", {}, 422, "invalid_input"),
        ("PUT", "/pump/aliases/live", [], 422, "invalid_input"),
        ("PATCH", "/none", {"description": "x"}, 404, "not_found"),
        ("PATCH", "/pump", {"description": 7}, 422, "invalid_input"),
        ("PATCH", "/pump", {"tags": {"a b": "x"}}, 422, "invalid_input"),
        ("PATCH", "/pump", {"name": "other"}, 422, "invalid_input"),
        ("GET", "/none/versions", None, 404, "not_found"),
        ("GET", "/pump/versions/9", None, 404, "not_found"),
        ("GET", "/pump/versions/9/card", None, 404, "not_found"),
        ("GET", "/pump/versions/9/evaluation", None, 404, "not_found"),
        ("GET", "/pump/versions/9/artifact", None, 404, "not_found"),
        ("POST", "/none/predict", {"rows": [[1]]}, 404, "not_found"),
    ],
)
def test_what_is_not_there_or_not_meant_is_refused(
    http: httpx.Client, method: str, path: str, body: Any, status: int, code: str
) -> None:
    refused(http.request(method, PATH + path, json=body), status, code)


def test_the_field_at_fault_is_pointed_at(http: httpx.Client) -> None:
    problem = refused(
        http.put(f"{PATH}/pump/aliases/live", json={"version": 0, "more": 1}), 422, "invalid_input"
    )
    assert {one["pointer"] for one in problem["errors"]} == {"/version", "/more"}


def test_a_change_that_is_no_json_is_refused(http: httpx.Client) -> None:
    for content, status, code in ((b"{", 400, "malformed"), (b"", 400, "malformed")):
        reply = http.patch(
            f"{PATH}/pump", content=content, headers={"content-type": "application/json"}
        )
        refused(reply, status, code)
    reply = http.patch(f"{PATH}/pump", content=b"a,b", headers={"content-type": "text/csv"})
    refused(reply, 415, "unsupported")


def test_a_vast_change_is_refused_unread(http: httpx.Client) -> None:
    reply = http.patch(f"{PATH}/pump", json={"description": "x" * 2_000_000})
    refused(reply, 413, "too_large")


# --- files -----------------------------------------------------------------------------------


def test_a_model_file_goes_out_and_comes_back(http: httpx.Client, tmp_path: Path) -> None:
    train(http, "carried")
    got = http.get(f"{PATH}/carried/versions/1/artifact")
    record = http.get(f"{PATH}/carried/versions/1").json()
    assert got.headers["content-type"] == m.MODEL
    assert got.headers["etag"] == f'"{record["digest"]}"'
    assert len(got.content) == record["size"]
    path = tmp_path / "m.sonde"
    path.write_bytes(got.content)
    with pytest.warns(UntrustedModel):
        assert sonde.load(path).name == "hbos"
    query = {"label": "back", "description": "from afar"}
    back = http.post(
        f"{PATH}/carried/versions", content=got.content, headers={"content-type": m.MODEL},
        params=query,
    )  # fmt: skip
    assert back.status_code == 201, back.text
    assert back.headers["location"] == "/api/v1/models/carried/versions/2"
    assert (back.json()["digest"], back.json()["label"]) == (record["digest"], "back")


def test_files_that_are_no_models_of_this_service_are_refused(
    http: httpx.Client, tmp_path: Path
) -> None:
    headers = {"content-type": m.MODEL}
    place = f"{PATH}/forged/versions"
    mine = sonde.train(FRAME, model="hbos", evaluate=False).model
    sonde.save(mine, tmp_path / "m.sonde")
    mine_bytes = (tmp_path / "m.sonde").read_bytes()
    for content in (b"", b"\x80\x04pickle", b"PK\x03\x04", mine_bytes, mine_bytes[:-100]):
        refused(http.post(place, content=content, headers=headers), 422, "bad_artifact")
    reply = http.post(place, content=b"a,b", headers={"content-type": "text/csv"})
    refused(reply, 415, "unsupported")
    reply = http.post(f"{place}?x=1", content=b"a", headers=headers)
    refused(reply, 422, "invalid_input")
    refused(http.get(f"{PATH}/forged"), 404, "not_found")


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_packed_model_file_is_unpacked(http: httpx.Client, encoding: str) -> None:
    content = http.get(f"{PATH}/pump/versions/1/artifact").content
    headers = {"content-type": m.MODEL, "content-encoding": encoding}
    place = f"{PATH}/packed-{encoding}/versions"
    reply = http.post(place, content=PACKERS[encoding](content), headers=headers)
    assert reply.status_code == 201, reply.text
    assert reply.json()["digest"] == http.get(f"{PATH}/pump/versions/1").json()["digest"]
    refused(http.post(place, content=content, headers=headers), 400, "malformed")
    other = headers | {"content-encoding": "br"}
    refused(http.post(place, content=content, headers=other), 415, "unsupported")


def test_a_card_is_a_page_or_markdown(http: httpx.Client) -> None:
    page = http.get(f"{PATH}/pump/versions/1/card")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = http.get(f"{PATH}/pump/versions/1/card", params={"format": "markdown"})
    assert text.headers["content-type"].startswith("text/markdown")
    assert "ecod" in text.text


# --- once ------------------------------------------------------------------------------------


def test_the_same_idempotency_key_trains_once(http: httpx.Client) -> None:
    body = {"name": "once", "model": "hbos", **ROWS}
    headers = {"idempotency-key": "k-1"}
    first = http.post(PATH, json=body, headers=headers)
    again = http.post(PATH, json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    other = http.post(PATH, json=body | {"contamination": 0.1}, headers=headers)
    problem = refused(other, 422, "invalid_input")
    assert "new key" in problem["message"]
    assert http.get(f"{PATH}/once").json()["n_versions"] == 1
    third = http.post(PATH, json=body, headers={"idempotency-key": "k-2"})
    assert third.json()["version"] == 2


def test_an_upload_is_carried_out_once_too(http: httpx.Client) -> None:
    content = http.get(f"{PATH}/pump/versions/1/artifact").content
    headers = {"content-type": m.MODEL, "idempotency-key": "up-1"}
    for _ in range(2):
        reply = http.post(f"{PATH}/uploaded/versions", content=content, headers=headers)
        assert (reply.status_code, reply.json()["version"]) == (201, 1)
    assert http.get(f"{PATH}/uploaded").json()["n_versions"] == 1


def test_a_request_that_failed_may_be_sent_again_under_its_key(http: httpx.Client) -> None:
    headers = {"idempotency-key": "failing"}
    body = {"name": "again", "model": "hbos", **ROWS}
    refused(http.post(PATH, json=body | {"rows": [[1, 2, 3]]}, headers=headers), 422, "too_short")
    assert http.post(PATH, json=body, headers=headers).status_code == 201


def test_a_second_request_meanwhile_is_told_to_wait(service: Running) -> None:
    body = {
        "name": "slow", "model": "isolation_forest", "rows": (TABLE.tolist() * 60),
        "parameters": {"n_estimators": 2000},
    }  # fmt: skip
    headers = {"idempotency-key": "meanwhile"}
    replies: list[httpx.Response] = []

    def send() -> None:
        replies.append(httpx.post(service.url + PATH, json=body, headers=headers, timeout=60))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waiting, made = sorted(replies, key=lambda reply: -reply.status_code)
    problem = refused(waiting, 409, "conflict")
    assert "still being carried out" in problem["message"]
    assert waiting.headers["retry-after"] == "1"
    assert made.status_code == 201
    assert httpx.get(f"{service.url}{PATH}/slow").json()["n_versions"] == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_refused(http: httpx.Client, key: str) -> None:
    body = {"name": "keyless", "model": "hbos", **ROWS}
    reply = http.post(PATH, json=body, headers={"idempotency-key": key})
    refused(reply, 422, "invalid_input")


def test_tags_that_several_callers_set_at_once_are_all_kept(http: httpx.Client) -> None:
    def set_one(i: int) -> int:
        return http.patch("/api/v1/models/pump", json={"tags": {f"t{i}": str(i)}}).status_code

    with ThreadPoolExecutor(4) as callers:
        assert set(callers.map(set_one, range(24))) == {200}
    tags = http.get("/api/v1/models/pump").json()["tags"]
    assert {f"t{i}": str(i) for i in range(24)}.items() <= tags.items()
    gone = {"tags": {f"t{i}": None for i in range(24)}}
    assert (
        http.patch("/api/v1/models/pump", json=gone).json()["tags"].keys().isdisjoint(gone["tags"])
    )


def test_a_change_that_is_refused_changes_nothing(http: httpx.Client) -> None:
    before = http.get("/api/v1/models/pump").json()
    refused = http.patch("/api/v1/models/pump", json={"tags": {"a": "b"}, "description": "\0"})
    assert refused.status_code == 422, refused.text
    assert http.get("/api/v1/models/pump").json() == before
