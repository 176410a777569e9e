"""Who may do what: each scope at each route, first keys, keys that ended, open services."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import sonde
from sonde.security.keys import SCOPES, new_key_text
from sonde.wire import media as m
from tests.runtimes.rest.data import FRAME, NAMES, TABLE
from tests.runtimes.rest.running import Running, running
from tests.runtimes.rest.stored import keys_of, store
from tests.runtimes.rest.test_models import refused

FIRST = new_key_text().text
MODELS = "/api/v1/models"
ROWS = {"rows": TABLE.tolist(), "names": NAMES}
# The scopes that may; admin may all, write implies read. Any key: "any", none needed: "open".
ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/"): "any",
    ("GET", "/health"): "open",
    ("GET", "/ready"): "open",
    ("GET", "/metrics"): "any",
    ("GET", "/docs"): "any",
    ("GET", "/openapi.json"): "any",
    ("POST", "/predict"): "predict",
    ("POST", "/api/v1/detect"): "detect",
    ("GET", MODELS): "read",
    ("POST", MODELS): "write",
    ("GET", f"{MODELS}/none"): "read",
    ("PATCH", f"{MODELS}/none"): "write",
    ("DELETE", f"{MODELS}/none"): "admin",
    ("POST", f"{MODELS}/none/predict"): "predict",
    ("GET", f"{MODELS}/none/versions"): "read",
    ("POST", f"{MODELS}/none/versions"): "write",
    ("GET", f"{MODELS}/none/versions/1"): "read",
    ("DELETE", f"{MODELS}/none/versions/1"): "write",
    ("GET", f"{MODELS}/none/versions/1/evaluation"): "read",
    ("GET", f"{MODELS}/none/versions/1/card"): "read",
    ("GET", f"{MODELS}/none/versions/1/artifact"): "read",
    ("PUT", f"{MODELS}/none/aliases/a"): "write",
    ("DELETE", f"{MODELS}/none/aliases/a"): "write",
}
HOLDS = {scope: {scope} for scope in SCOPES} | {"write": {"write", "read"}, "admin": set(SCOPES)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "home"


@pytest.fixture(scope="module")
def made(home: Path) -> dict[str, str]:
    """A key for each scope, as texts."""
    with keys_of(home) as keys:
        return {scope: keys.create(scope, [scope])[0] for scope in SCOPES}


@pytest.fixture(scope="module")
def guarded(home: Path, made: dict[str, str]) -> Iterator[Running]:
    store(home, own=sonde.train(FRAME, model="ecod", evaluate=False).model)
    given = {
        "KEYS__FIRST": FIRST, "RATES__PER_KEY": "400/minute", "RATES__FAILURES": "30/minute",
        "SERVER__TRUSTED_PROXIES": "127.0.0.1",
    }  # fmt: skip
    with running(home, "--model", "own", **given) as one:
        yield one


def call(service: Running, method: str, path: str, text: str | None, **more: Any) -> httpx.Response:
    headers = {} if text is None else {"authorization": f"Bearer {text}"}
    # Each caller has an address of its own, so that wrong keys of one don't shut out another.
    headers |= more.pop("headers", {})
    return httpx.request(method, service.url + path, headers=headers, timeout=60, **more)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_route_wants_its_scope(
    guarded: Running, made: dict[str, str], method: str, path: str
) -> None:
    wanted = ROUTES[method, path]
    body: dict[str, Any] = {}
    if method in ("POST", "PUT", "PATCH"):
        body = {"content": b"{}", "headers": {"content-type": m.JSON}}
    without = call(guarded, method, path, None, **body)
    if wanted == "open":
        assert without.status_code == 200
    else:
        refused_flat(without, 401, "unauthenticated")
        assert without.headers["www-authenticate"] == "Bearer"
    for scope in SCOPES:
        reply = call(guarded, method, path, made[scope], **body)
        if wanted in ("open", "any") or wanted in HOLDS[scope]:
            assert reply.status_code not in (401, 403), (scope, reply.text)
        else:
            problem = refused_flat(reply, 403, "forbidden")
            assert problem["facts"] == {"scope": wanted}
            assert f"--scope {wanted}" in problem["message"]


def refused_flat(reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """As ``refused``, also at /predict, where two fields more are there."""
    problem: dict[str, Any] = reply.json()
    assert (reply.status_code, problem["code"]) == (status, code), problem
    assert reply.headers["content-type"] == m.PROBLEM
    return problem


def test_a_key_comes_as_bearer_or_in_a_header_of_its_own(
    guarded: Running, made: dict[str, str]
) -> None:
    text = made["read"]
    for headers in (
        {"authorization": f"Bearer {text}"},
        {"authorization": f"bearer  {text}"},
        {"x-api-key": text},
    ):
        assert httpx.get(guarded.url + MODELS, headers=headers).status_code == 200
    for headers in (
        {"authorization": f"Basic {text}"}, {"authorization": text}, {"x-api-key": ""},
        {"x-api-key": "sk_nonsense"}, {"x-api-key": text[:-1] + "x"}, {"x-api-key": text * 50},
        {"x-api-key": "\xff\xfe"}, {"authorization": "Bearer"},
    ):  # fmt: skip
        reply = httpx.get(
            guarded.url + MODELS,
            headers={
                name.encode(): text.encode("latin-1")
                for name, text in {**headers, "x-forwarded-for": "198.51.100.7"}.items()
            },
        )
        problem = refused(reply, 401, "unauthenticated")
        assert made["read"] not in reply.text
        assert "key" in problem["message"]


def test_the_first_key_of_the_settings_may_all(guarded: Running) -> None:
    reply = call(guarded, "DELETE", f"{MODELS}/none", FIRST)
    refused(reply, 404, "not_found")
    made = call(
        guarded, "POST", MODELS, FIRST, json={"name": "mine", "model": "hbos", **ROWS}
    ).json()
    assert made["created_by"] == f"key {FIRST.split('_')[1]}"
    assert FIRST not in guarded.said()


def test_expired_revoked_and_rotated_keys(guarded: Running, home: Path) -> None:
    with keys_of(home) as keys:
        short, _ = keys.create("short", ["read"], expires_in_s=2.0)
        gone, record = keys.create("gone", ["read"])
        old, turned = keys.create("old", ["read"])
        for text in (short, gone, old):
            assert call(guarded, "GET", MODELS, text).status_code == 200
        keys.revoke(record.id)
        new, _ = keys.rotate(turned.id, overlap_s=1.0)
    time.sleep(2.1)
    other = {"headers": {"x-forwarded-for": "198.51.100.8"}}
    for text, said in ((short, "expired"), (gone, "was revoked"), (old, "expired")):
        problem = refused(call(guarded, "GET", MODELS, text, **other), 401, "unauthenticated")
        assert said in problem["message"]
        assert text not in str(problem)
    assert call(guarded, "GET", MODELS, new).status_code == 200


def test_many_wrong_keys_of_one_address_are_told_to_wait(
    guarded: Running, made: dict[str, str]
) -> None:
    guess = {"headers": {"x-forwarded-for": "203.0.113.9"}}
    for _ in range(30):
        wrong = call(guarded, "GET", MODELS, new_key_text().text, **guess)
        refused(wrong, 401, "unauthenticated")
    told = call(guarded, "GET", MODELS, new_key_text().text, **guess)
    refused(told, 429, "too_many")
    assert 1 <= int(told.headers["retry-after"]) <= 60
    assert call(guarded, "GET", MODELS, made["read"]).status_code == 200


def test_a_good_key_is_let_in_beside_many_wrong_ones_of_its_address(
    guarded: Running, home: Path
) -> None:
    guess = {"headers": {"x-forwarded-for": "203.0.113.77"}}
    for _ in range(30):
        call(guarded, "GET", MODELS, new_key_text().text, **guess)
    refused(call(guarded, "GET", MODELS, new_key_text().text, **guess), 429, "too_many")
    with keys_of(home) as keys:
        text, _ = keys.create("late", ["read"])
    # No process has seen it before.
    assert call(guarded, "GET", MODELS, text, **guess).status_code == 200
    refused(call(guarded, "GET", MODELS, text[:-1] + "-", **guess), 429, "too_many")


def test_each_key_is_told_its_rate(guarded: Running, made: dict[str, str]) -> None:
    a = call(guarded, "POST", "/api/v1/models/own/predict", made["predict"], json=ROWS)
    b = call(guarded, "GET", f"{MODELS}/none", made["read"])
    for reply in (a, b):
        assert reply.headers["ratelimit-limit"] == "400"
        assert 0 < int(reply.headers["ratelimit-remaining"]) < 400
        assert 1 <= int(reply.headers["ratelimit-reset"]) <= 60


def test_a_key_that_asks_too_often_is_told_when_to_come_back(
    guarded: Running, made: dict[str, str], home: Path
) -> None:
    with keys_of(home) as keys:
        text, _ = keys.create("eager", ["read"])
    with httpx.Client(headers={"x-api-key": text}) as client:
        remaining = [client.get(guarded.url + MODELS).headers for _ in range(400)]
        reply = client.get(guarded.url + MODELS)
    assert [int(one["ratelimit-remaining"]) for one in remaining] == list(range(399, -1, -1))
    told_to_wait(reply, 400)
    assert call(guarded, "GET", MODELS, made["read"]).status_code == 200


def told_to_wait(reply: httpx.Response, limit: int) -> None:
    problem = refused(reply, 429, "too_many")
    assert str(limit) in problem["message"]
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert reply.headers["ratelimit-limit"] == str(limit)
    assert reply.headers["ratelimit-remaining"] == "0"
    assert 1 <= int(reply.headers["ratelimit-reset"]) <= 60


def test_addresses_are_counted_in_redis(tmp_path: Path, redis_url: str) -> None:
    given = {
        "RATES__PER_ADDRESS": "6/minute", "REDIS__URL": redis_url,
        "SERVER__TRUSTED_PROXIES": "127.0.0.1",
    }  # fmt: skip
    with running(tmp_path / "home", **given) as service:
        for address in ("198.51.100.1", "198.51.100.2"):
            headers = {"x-forwarded-for": address}
            for left in range(5, -1, -1):
                reply = httpx.get(service.url + MODELS, headers=headers)
                assert (reply.status_code, reply.headers["ratelimit-remaining"]) == (200, str(left))
            told_to_wait(httpx.get(service.url + MODELS, headers=headers), 6)
            assert httpx.get(f"{service.url}/health", headers=headers).status_code == 200
        # Another hop in front does not make another caller.
        headers = {"x-forwarded-for": "203.0.113.1, 198.51.100.1"}
        assert httpx.get(service.url + MODELS, headers=headers).status_code == 429


def test_a_restart_forgets_no_idempotency_key_and_no_key(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path / "first"
    file.write_text(f"{FIRST}\n")
    home = tmp_path / "home"
    body = {"name": "pump", "model": "hbos", "evaluate": False, **ROWS}
    headers = {"idempotency-key": "before"}
    answers = []
    for words in ({"KEYS__FIRST_FILE": str(file)}, {}):
        with running(home, **words) as service:
            assert httpx.get(service.url + MODELS).status_code == 401
            reply = call(service, "POST", MODELS, FIRST, json=body, headers=headers)
            assert reply.status_code == 201, reply.text
            answers.append(reply)
            assert service.stop() == 0
    first, again = answers
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"


# --- open services ---------------------------------------------------------------------------


def test_an_open_service_on_loopback_says_so(service: Running) -> None:
    assert "No key is asked for: only this machine can reach it." in service.said()
    assert httpx.get(service.url + MODELS).status_code == 200
    assert "ratelimit-limit" not in httpx.get(service.url + MODELS).headers


def test_without_keys_it_does_not_open_to_others(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sonde", "serve", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(
        words, env={"SONDE_HOME": str(tmp_path), "PATH": ""}, capture_output=True, timeout=60
    )
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "sonde keys create" in said
    assert "--open" in said
    assert len(said.strip().splitlines()) <= 3
    assert "Serving" not in said + done.stdout.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SONDE_KEYS__FIRST": "sk_short"}, "SONDE_KEYS__FIRST"),
        ({"SONDE_KEYS__FIRST_FILE": "/nowhere/key"}, "SONDE_KEYS__FIRST_FILE"),
        ({"SONDE_RATES__PER_KEY": "many"}, "SONDE_RATES__PER_KEY"),
    ],
)
def test_settings_of_keys_that_can_not_be_used_end_the_start(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    words = [sys.executable, "-m", "sonde", "serve", "--port", "0"]
    done = subprocess.run(
        words, env={"SONDE_HOME": str(tmp_path), "PATH": ""} | given, capture_output=True,
        timeout=60,
    )  # fmt: skip
    shown = done.stderr.decode() + done.stdout.decode()
    assert done.returncode in (1, 2), shown
    assert said in shown
    assert "Traceback" not in shown
