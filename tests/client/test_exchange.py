"""The protocol without a network and without waiting: outcomes in, requests and waits out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sonde.client.addresses import Address
from sonde.client.credential import Credential
from sonde.client.exchange import Clocks, Line, Steps, conversation
from sonde.client.messages import Failure, Reply, Request, Send, Sleep
from sonde.client.retrying import Policy
from sonde.errors import NotFound, SondeError, TimeLimit, Unavailable

CONNECT = Failure("connect", "refused", was_sent=False)
TIMEOUT = Failure("timeout", "slow", was_sent=True)
UNSAFE = Failure("certificate", "self-signed", was_sent=False)


def reply(status: int = 200, **headers: str) -> Reply:
    return Reply(status, {k.replace("_", "-"): v for k, v in headers.items()}, b"{}")


@dataclass
class Played:
    """What a conversation asked for when it was given ``outcomes``, each after ``seconds``."""

    sent: list[Send] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    result: Any = None
    error: SondeError | None = None


def play(
    steps: Steps[Any], outcomes: list[Reply | Failure], seconds: float = 0.0, **policy: Any
) -> Played:
    now, played, left = [0.0], Played(), list(outcomes)
    clocks = Clocks(lambda: now[0], lambda: 1_000.0 + now[0], lambda: 0.5)
    address = Address.of("https://host/base")
    talk = conversation(steps, Line(address, Credential(None), Policy(**policy), {}, clocks))
    outcome: Reply | Failure | None = None
    try:
        while True:
            asked = talk.send(outcome)
            if isinstance(asked, Sleep):
                played.slept.append(asked.seconds)
                now[0] += asked.seconds
                outcome = None
            else:
                played.sent.append(asked)
                now[0] += seconds
                outcome = left.pop(0)
    except StopIteration as done:
        played.result = done.value
    except SondeError as error:
        played.error = error
    assert not left
    return played


def asking(**about: Any) -> Steps[Reply]:
    return (yield Request("POST", "/x", **about))


def test_waits_half_of_what_it_may_when_the_draw_is_one_half() -> None:
    played = play(asking(), [CONNECT, TIMEOUT, reply(503), reply()])
    assert played.slept == [0.25, 0.5, 1.0]
    assert {send.url for send in played.sent} == {"https://host/base/x"}


def test_each_attempt_has_what_is_left_of_the_deadline() -> None:
    outcomes: list[Reply | Failure] = [TIMEOUT] * 4
    played = play(asking(), outcomes, seconds=40.0, timeout=50.0, deadline=121.0, retry_delay=0.0)
    assert [send.total_s for send in played.sent] == [50.0, 50.0, 41.0, 1.0]
    assert isinstance(played.error, TimeLimit)


def test_a_transfer_is_bounded_by_silence_and_deadline() -> None:
    send = play(asking(is_transfer=True), [reply()]).sent[0]
    assert (send.silence_s, send.total_s) == (30.0, 120.0)


def test_what_may_not_be_repeated_is_repeated_only_if_it_was_not_heard() -> None:
    assert len(play(asking(is_repeatable=False), [CONNECT, reply()]).sent) == 2
    for outcome in (TIMEOUT, reply(503)):
        assert play(asking(is_repeatable=False), [outcome]).error is not None


def test_a_certificate_that_is_not_trusted_is_not_tried_again() -> None:
    error = play(asking(), [UNSAFE]).error
    assert isinstance(error, Unavailable)
    assert "verify=" in str(error)


def test_an_answer_after_an_attempt_that_may_have_been_heard_is_in_doubt() -> None:
    for outcome in (TIMEOUT, reply(504), reply(500)):
        assert play(asking(), [outcome, CONNECT, reply()]).result.is_in_doubt
    for outcome in (CONNECT, reply(503), reply(429)):
        assert not play(asking(), [outcome, reply()]).result.is_in_doubt


def test_one_deadline_holds_for_all_requests_of_an_operation() -> None:
    def two() -> Steps[None]:
        yield Request("GET", "/a")
        yield Request("GET", "/b")

    played = play(two(), [reply(), reply()], seconds=70.0, timeout=100.0)
    assert [send.total_s for send in played.sent] == [100.0, 50.0]
    late = play(two(), [reply()], seconds=130.0)
    assert isinstance(late.error, TimeLimit)
    assert late.error.facts == {"limit": 120.0, "setting": "deadline"}


def test_an_operation_may_answer_a_refusal() -> None:
    def second_try() -> Steps[Reply]:
        try:
            return (yield Request("GET", "/a"))
        except NotFound:
            return (yield Request("GET", "/b"))

    played = play(second_try(), [reply(404), reply()])
    assert [send.url[-2:] for send in played.sent] == ["/a", "/b"]
    assert played.error is None


def test_retry_after_is_a_least_wait() -> None:
    assert play(asking(), [reply(429, retry_after="2"), reply()]).slept == [2.0]
    assert play(asking(), [reply(429, retry_after="0"), reply()]).slept == [0.25]


def test_says_when_to_come_back() -> None:
    error = play(asking(), [reply(503, retry_after="100")]).error
    assert "come back in 100 s, at 1970-01-01T00:18:20Z, which is longer than max_delay" in str(
        error
    )
    error = play(asking(), [reply(503, retry_after="20")], deadline=10.0).error
    assert "the deadline (10 s) leaves" in str(error)


@pytest.mark.parametrize("status", [304, 301])
def test_a_redirect_that_leads_nowhere_is_an_error(status: int) -> None:
    assert "redirects POST with status" in str(play(asking(), [reply(status)]).error)
