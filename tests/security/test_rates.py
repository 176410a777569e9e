"""How often one may ask: in memory, in a real Redis, and in one that goes away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from sonde.errors import InvalidInput, TooMany
from sonde.security.rates import Rates, RateState, headers, parse_rate
from sonde.security.windows import MemoryWindows, Rate, RedisWindows, Windows
from tests.servers import free_port, running_redis

Made = Callable[..., Rates]


@pytest.fixture(params=["memory", "redis"])
def made(request: pytest.FixtureRequest) -> Iterator[Made]:
    """Rates that count in memory, or in Redis."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    with ExitStack() as open_ones:

        def make(per_key: str = "off", per_address: str = "off", failures: str = "off") -> Rates:
            rates = Rates(per_key, per_address, failures, redis_url=url)
            open_ones.callback(rates.close)
            return rates

        yield make


@pytest.fixture(params=["memory", "redis"])
def windows(request: pytest.FixtureRequest) -> Iterator[Windows]:
    if request.param == "memory":
        yield MemoryWindows()
    else:
        counted = RedisWindows(request.getfixturevalue("redis_url"), 5.0)
        yield counted
        counted.close()


def test_each_key_has_its_own_window(made: Made) -> None:
    rates = made(per_key="3/minute", per_address="1/minute")
    states = [rates.check("one", "192.0.2.1") for _ in range(3)]
    assert [state and state.remaining for state in states] == [2, 1, 0]
    with pytest.raises(TooMany, match="this key may ask 3 times in 60 seconds") as refused:
        rates.check("one", "192.0.2.1")
    facts = refused.value.facts
    assert 55 <= facts["retry_after_s"] <= 60
    assert (facts["limit"], facts["seconds"]) == (3, 60)
    other = rates.check("two", "192.0.2.1")
    assert other is not None
    assert (other.limit, other.remaining) == (3, 2)
    assert 55 < other.reset_s <= 60


def test_without_a_key_the_address_counts_and_ipv6_by_its_network(made: Made) -> None:
    rates = made(per_address="1/hour")
    rates.check(None, "2001:db8:1:2::1")
    with pytest.raises(TooMany, match="this address, without a key"):
        rates.check(None, "2001:db8:1:2:ffff::1")
    assert rates.check(None, "2001:db8:1:3::1") is not None
    assert rates.check("a key", "2001:db8:1:2::1") is None


def test_a_key_and_an_address_of_the_same_name_are_two(made: Made) -> None:
    rates = made(per_key="1/minute", per_address="1/minute")
    assert rates.check("address:192.0.2.1", "192.0.2.1") is not None
    assert rates.check(None, "192.0.2.1") is not None


def test_the_window_moves(windows: Windows) -> None:
    rate = Rate(2, 1)
    assert windows.take("a", rate).is_allowed
    time.sleep(0.6)
    assert windows.take("a", rate).is_allowed
    refused = windows.take("a", rate)
    assert not refused.is_allowed
    assert 0.2 < refused.reset_s < 0.45
    time.sleep(refused.reset_s + 0.05)
    # The first place is free again, the second is not: no two windows' worth at their border.
    assert windows.take("a", rate).is_allowed
    assert not windows.take("a", rate).is_allowed


def test_many_at_once_get_no_more_than_there_is(windows: Windows) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: windows.take("a", Rate(50, 60)).is_allowed, range(200)))
    assert sum(taken) == 50


def test_several_processes_share_one_redis(redis_url: str) -> None:
    one, two = (Rates("2/minute", redis_url=redis_url) for _ in range(2))
    first, second = (rates.check("a", "192.0.2.1") for rates in (one, two))
    assert first is not None
    assert second is not None
    assert (first.remaining, second.remaining) == (1, 0)
    assert second.reset_s == pytest.approx(60, abs=1)
    with pytest.raises(TooMany):
        one.check("a", "192.0.2.1")
    one.close()
    two.close()


def test_wrong_keys_make_an_address_wait(made: Made) -> None:
    rates = made(failures="3/minute")
    for _ in range(3):
        rates.refuse_failing("2001:db8::1")
        rates.failed("2001:db8::1")
    with pytest.raises(TooMany, match="too many wrong keys") as refused:
        rates.refuse_failing("2001:db8::2")
    assert 55 <= refused.value.facts["retry_after_s"] <= 60
    rates.refuse_failing("192.0.2.1")


def test_an_address_that_waited_may_try_again(made: Made) -> None:
    rates = made(failures="2/second")
    rates.failed("192.0.2.1")
    rates.failed("192.0.2.1")
    with pytest.raises(TooMany):
        rates.refuse_failing("192.0.2.1")
    time.sleep(1.05)
    rates.refuse_failing("192.0.2.1")


def test_off_counts_nothing(made: Made) -> None:
    rates = made()
    for _ in range(3):
        assert rates.check("a", "192.0.2.1") is rates.check(None, "192.0.2.1") is None
        rates.failed("192.0.2.1")
    rates.refuse_failing("192.0.2.1")
    assert headers(None) == {}


def test_a_redis_that_goes_away_is_counted_without_and_used_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sonde.security.rates.RETRY_S", 0.05)
    with ExitStack() as first:
        url = first.enter_context(running_redis())
        rates = Rates("2/minute", redis_url=url)
        rates.check("a", "192.0.2.1")
        rates.check("a", "192.0.2.1")
        assert not rates.is_degraded
    with caplog.at_level(logging.WARNING, "sonde.security.rates"):
        # This process alone has counted nothing yet, and goes on.
        states = [rates.check("a", "192.0.2.1") for _ in range(2)]
        assert [state and state.remaining for state in states] == [1, 0]
        assert rates.is_degraded
        with pytest.raises(TooMany):
            rates.check("a", "192.0.2.1")
    assert [record.message.partition(" (")[0] for record in caplog.records] == [
        "Redis does not answer"
    ]
    rates.close()


def test_a_redis_that_comes_later_is_used_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonde.security.rates.RETRY_S", 0.05)
    port = free_port()
    monkeypatch.setattr("tests.servers.free_port", lambda: port)
    with running_redis() as url:
        pass
    rates = Rates("5/minute", redis_url=url)
    assert rates.check("a", "192.0.2.1") is not None
    assert rates.is_degraded
    with running_redis() as again:
        assert again == url
        give_up = time.monotonic() + 10
        while rates.is_degraded:
            assert time.monotonic() < give_up
            time.sleep(0.01)
        other = Rates("5/minute", redis_url=url)
        rates.check("a", "192.0.2.1")
        shared = other.check("a", "192.0.2.1")
        assert shared is not None
        assert shared.remaining == 3
        other.close()
    rates.close()


def test_a_redis_that_hangs_costs_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        rates = Rates(
            "5/minute", redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", timeout_s=1.0
        )
        started = time.monotonic()
        for _ in range(5):
            rates.check("a", "192.0.2.1")
        assert time.monotonic() - started < 4.5
        assert rates.is_degraded
        rates.close()


def test_memory_holds_no_more_names_than_it_may() -> None:
    now = 0.0
    windows = MemoryWindows(most_names=100, clock=lambda: now)
    for n in range(1000):
        windows.take(f"caller {n}", Rate(5, 60))
        assert len(windows) <= 100
    # Who came last is still counted.
    assert windows.take("caller 999", Rate(5, 60)).remaining == 3
    now = 61.0
    windows.take("one more", Rate(5, 60))
    for n in range(50):  # there is room, once those of a minute ago are forgotten
        windows.take(f"later {n}", Rate(5, 60))
    assert windows.take("one more", Rate(5, 60)).remaining == 3


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("600/minute", Rate(600, 60)),
        (" 5 / second ", Rate(5, 1)),
        ("100 per hour", Rate(100, 3600)),
        ("10/30seconds", Rate(10, 30)),
        ("1/day", Rate(1, 86_400)),
        ("2/Hours", Rate(2, 3600)),
        ("off", None),
        ("OFF", None),
    ],
)
def test_rates_are_read(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        "600",
        "600/fortnight",
        "0/minute",
        "-1/minute",
        "1e3/minute",
        "9999999/minute",
        "5/0second",
        "5/minute; 6/hour",
        "x" * 10_000,
        "٦/minute",
    ],
)
def test_nonsense_is_named_with_its_setting(text: str) -> None:
    with pytest.raises(InvalidInput, match="SONDE_RATES__PER_KEY") as refused:
        Rates(per_key=text)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "url",
    ["http://:hunter2@host", "redis://:hunter2@host:port/0", "hunter2", "redis://:hunter2@[::/0"],
)
def test_a_redis_url_that_is_none_is_named_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInput, match="SONDE_REDIS__URL") as refused:
        Rates(redis_url=url)
    assert "hunter2" not in str(refused.value)


def test_headers_are_whole_seconds_rounded_up() -> None:
    assert headers(RateState(600, 0, 0.2)) == {
        "RateLimit-Limit": "600",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "1",
    }
