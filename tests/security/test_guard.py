"""What is fetched, and what is not, from real servers on this machine."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sonde.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    SondeError,
    TimeLimit,
    TooLarge,
    Unavailable,
    Unsupported,
)
from sonde.security.guard import fetch

Handler = Callable[[Any, bytes], None]
LOOPBACK = ("127.0.0.1",)


@dataclass
class Served:
    """A server that answers each connection by ``handler``, and what it was asked."""

    port: int
    asked: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextmanager
def serving(
    handler: Handler, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Served]:
    with socket.create_server((address, 0)) as listening:
        served = Served(listening.getsockname()[1])
        listening.settimeout(0.05)
        stop = threading.Event()

        def answer(plain: socket.socket) -> None:
            with suppress(OSError), plain:
                plain.settimeout(10)
                taken: Any = plain if tls is None else tls.wrap_socket(plain, server_side=True)
                with taken:
                    request = b""
                    while b"\r\n\r\n" not in request and (part := taken.recv(65_536)):
                        request += part
                    served.asked.append(request)
                    handler(taken, request)

        def accept() -> None:
            while not stop.is_set():
                with suppress(TimeoutError):
                    plain, _ = listening.accept()
                    threading.Thread(target=answer, args=(plain,), daemon=True).start()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield served
        finally:
            stop.set()
            thread.join()


def saying(text: bytes | str) -> Handler:
    whole = text.encode() if isinstance(text, str) else text
    return lambda connection, _: connection.sendall(whole)


def response(body: bytes = b"a,b\n1,2\n", status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def moved(to: str, status: str = "302 Found") -> Handler:
    return saying(response(b"", status, f"Location: {to}"))


def got(url: str, **given: Any) -> bytes:
    """``fetch`` with what most tests mean: 127.0.0.1 allowed, five seconds, a megabyte."""
    given.setdefault("allowed_hosts", LOOPBACK)
    return fetch(url, **{"max_bytes": 2**20, "seconds": 5.0, **given})


def always(*addresses: str) -> Callable[[str, int], Collection[str]]:
    return lambda host, port: addresses


def test_an_allowed_host_is_fetched_from_with_nothing_of_ours() -> None:
    with serving(saying(response())) as server:
        assert got(server.url("/data.csv?day=1&x=a%20b#part")) == b"a,b\n1,2\n"
    (asked,) = server.asked
    lines = asked.decode().splitlines()
    assert lines[0] == "GET /data.csv?day=1&x=a%20b HTTP/1.1"
    assert sorted(line.partition(":")[0] for line in lines[1:] if line) == [
        "Accept-Encoding",
        "Connection",
        "Host",
        "User-Agent",
    ]
    assert f"Host: 127.0.0.1:{server.port}" in lines


def test_chunks_and_bodies_that_end_with_the_connection_are_read() -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"4\r\na,b\n\r\n4\r\n1,2\n\r\n0\r\n\r\n"
    )
    for answer in (chunked, b"HTTP/1.0 200 OK\r\n\r\na,b\n1,2\n"):
        with serving(saying(answer)) as server:
            assert got(server.url()) == b"a,b\n1,2\n"


def test_proxies_of_the_environment_take_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(saying(response())) as server:
        assert got(server.url()) == b"a,b\n1,2\n"


NOT_PUBLIC = [
    "http://127.0.0.1/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fd00:ec2::254]/",
    "http://0.0.0.0/",
    "http://１２７.０.０.１/",
]


@pytest.mark.parametrize("url", NOT_PUBLIC)
def test_addresses_that_are_not_public_are_refused(url: str) -> None:
    with pytest.raises(Forbidden, match="SONDE_SOURCES__HOSTS"):
        got(url, allowed_hosts=())


def test_localhost_is_refused_by_what_it_resolves_to() -> None:
    with serving(saying(response())) as server:
        with pytest.raises(Forbidden):
            got(server.url(host="localhost"), allowed_hosts=())
        assert server.asked == []


UNUSABLE = [
    "file:///etc/passwd",
    "ftp://example.org/",
    "gopher://example.org/",
    "data:text/csv,a",
    "//example.org/a",
    "/etc/passwd",
    "a.csv",
    "",
    "http://",
    "http:///path",
    "http://:80/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://1.2.3.4.5/",
    "http://example.0x1/",
    "http://user:password@example.org/",
    "http://user@example.org/",
    "http://example.org@127.0.0.1/",
    "http://@example.org/",
    "http://example.org:22/",
    "http://example.org:25/",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://example.org:x/",
    "http://exa mple.org/",
    "http://example.org/a b",
    "http://example.org/\r\nX: y",
    "http://example.org\\@127.0.0.1/",
    "http://example.org/\0",
    "\thttp://example.org/",
    "http://%31%32%37.0.0.1/",
    "http://[::1%25eth0]/",
    "http://[::1",
    "http://exa_mple..org/",
    "http://-example.org/",
    "http://" + "a" * 64 + ".org/",
    "http://" + "a." * 200 + "org/",
    "http://example.org/\ud800",
    "http://example.org/" + "a" * 10_000,
]


@pytest.mark.parametrize("url", UNUSABLE)
def test_urls_that_cant_be_used_are_refused_before_anything_is_asked(url: str) -> None:
    def never(host: str, port: int) -> Collection[str]:
        raise AssertionError(f"{host} was looked up")

    with pytest.raises(InvalidInput) as refused:
        got(url, resolve=never)
    assert "password@" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "addresses", [("10.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::ffff:10.0.0.1",), (), ("x",)]
)
def test_a_name_with_one_private_address_is_refused(addresses: tuple[str, ...]) -> None:
    with pytest.raises(Forbidden) as refused:
        got("http://data.test/", resolve=always(*addresses))
    # Where inside it leads is nobody's business.
    assert "10.0.0.1" not in str(refused.value)
    assert "127.0.0.1" not in str(refused.value)


def test_an_allowed_host_is_its_own_name_and_port_only() -> None:
    with serving(saying(response())) as server:
        here = always("127.0.0.1")
        for allowed in ("data.test", "DATA.test.", f"data.test:{server.port}"):
            url = server.url(host="data.test")
            assert got(url, resolve=here, allowed_hosts=[allowed]) == b"a,b\n1,2\n"
        for other in ("data.test:1234", "test", "ata.test", "other.data.test", "*"):
            with pytest.raises(Forbidden):
                got(server.url(host="data.test"), resolve=here, allowed_hosts=[other])


def test_an_allowed_host_that_leads_to_a_clouds_secrets_is_refused() -> None:
    with pytest.raises(Forbidden, match="link-local"):
        got("http://a.test/", resolve=always("169.254.169.254"), allowed_hosts=["a.test"])


def test_a_name_is_looked_up_once_and_the_address_looked_at_is_asked() -> None:
    asked: list[str] = []

    def changing(host: str, port: int) -> Collection[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    # Nobody else can resolve the name, and nobody listens on any other address.
    with serving(saying(response()), "127.0.0.2") as server:
        url = server.url(host="data.test")
        assert got(url, resolve=changing, allowed_hosts=["data.test"]) == b"a,b\n1,2\n"
    assert asked == ["data.test"]
    assert f"Host: data.test:{server.port}".encode() in server.asked[0]


def test_after_a_redirect_a_name_is_looked_at_again() -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    with serving(moved("/again")) as server:
        with pytest.raises(Forbidden):
            got(
                server.url(host="data.test"),
                resolve=lambda host, port: next(answers),
                allowed_hosts=["data.test"],
            )
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("to", "error"),
    [
        ("http://10.0.0.1/", Forbidden),
        ("http://[::ffff:10.0.0.1]/", Forbidden),
        ("http://169.254.169.254/latest", Forbidden),
        ("//localhost/", Forbidden),
        ("http://2130706433/", InvalidInput),
        ("file:///etc/passwd", InvalidInput),
        ("http://user:secret@127.0.0.1/", InvalidInput),
        ("http://127.0.0.1:22/", InvalidInput),
        ("gopher://127.0.0.1:6379/_INFO", InvalidInput),
    ],
)
def test_a_redirect_leads_nowhere_that_a_url_may_not(to: str, error: type[SondeError]) -> None:
    with serving(moved(to)) as server, pytest.raises(error):
        got(server.url())


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_redirects_are_followed_as_far_as_they_may(status: str) -> None:
    def handler(connection: Any, request: bytes) -> None:
        left = int(request.split()[1].rpartition(b"/")[2])
        connection.sendall(response(b"", status, f"Location: ./{left - 1}") if left else response())

    with serving(handler) as server:
        assert got(server.url("/way/3")) == b"a,b\n1,2\n"
        with pytest.raises(InvalidInput, match="moved more than 3 times") as refused:
            got(server.url("/way/4"))
        assert refused.value.facts["setting"] == "SONDE_SOURCES__REDIRECTS"
        with pytest.raises(InvalidInput, match="moved more than 0 times"):
            got(server.url("/way/1"), redirects=0)


def test_a_redirect_to_another_server_brings_nothing_along() -> None:
    with (
        serving(saying(response())) as second,
        serving(moved(second.url("/t%C3%A9l\u00e9?x=1"))) as first,
    ):
        assert got(first.url("/?token=secret")) == b"a,b\n1,2\n"
    assert second.asked[0].startswith(b"GET /t%C3%A9l%C3%A9?x=1 HTTP/1.1\r\n")
    assert b"secret" not in second.asked[0]


def forever(start: bytes, again: bytes, pause_s: float = 0.0) -> Handler:
    def handler(connection: Any, _: bytes) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(again)
            time.sleep(pause_s)

    return handler


ENDLESS = {
    "a body": forever(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536),
    "chunks": forever(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1000\r\n" + b"x" * 4096 + b"\r\n",
    ),
    "promised": saying("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
    "a little over": saying(response(b"x" * 100_001)),
}


@pytest.mark.parametrize("handler", ENDLESS.values(), ids=ENDLESS)
def test_no_more_is_read_than_may_be(handler: Handler) -> None:
    with serving(handler) as server, pytest.raises(TooLarge, match="100,000 bytes") as refused:
        got(server.url(), max_bytes=100_000)
    assert refused.value.facts["limit"] == 100_000
    assert refused.value.facts["setting"] == "SONDE_LIMITS__UNPACKED_MB"


def test_exactly_as_much_as_may_be_is_read() -> None:
    with serving(saying(response(b"x" * 100_000))) as server:
        assert len(got(server.url(), max_bytes=100_000)) == 100_000


SLOW = {
    "says nothing": lambda connection, _: time.sleep(6),
    "a status line": forever(b"HTTP/1.1 ", b"2", 0.02),
    "headers": forever(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.02),
    "a body": forever(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.02),
    "chunks": forever(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.02
    ),
    "trailers": forever(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", b"X: y\r\n", 0.02
    ),
    "continue for ever": forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.0),
}


@pytest.mark.parametrize("handler", SLOW.values(), ids=SLOW)
def test_everything_together_has_one_deadline(handler: Handler) -> None:
    started = time.monotonic()
    with serving(handler) as server, pytest.raises(TimeLimit) as refused:
        got(server.url(), seconds=0.3)
    assert 0.25 < time.monotonic() - started < 5.0
    assert refused.value.facts == {"limit": 0.3, "setting": "SONDE_SOURCES__SECONDS"}


def test_the_deadline_holds_for_names_and_redirects_too() -> None:
    def slow(host: str, port: int) -> Collection[str]:
        time.sleep(2)
        return ["127.0.0.1"]

    started = time.monotonic()
    with pytest.raises(TimeLimit):
        got("http://data.test/", resolve=slow, seconds=0.2)
    assert time.monotonic() - started < 1.9

    def handler(connection: Any, _: bytes) -> None:
        time.sleep(0.15)
        connection.sendall(response(b"", "302 Found", "Location: /"))

    with serving(handler) as server, pytest.raises(TimeLimit):
        got(server.url(), seconds=0.4, redirects=20)


BROKEN = {
    "closes": lambda connection, _: None,
    "no HTTP": saying("SSH-2.0-OpenSSH\r\n"),
    "too short": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    "half a chunk": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc"),
    "no chunk": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
    "a huge header": saying(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n"),
    "many headers": saying(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"),
    "a huge status": saying(b"HTTP/1.1 200 " + b"x" * 200_000 + b"\r\n\r\n"),
    "moved nowhere": saying(response(b"", "302 Found")),
    "an error": saying(response(b"sorry", "500 Broken")),
    "busy": saying(response(b"sorry", "429 Busy", "Retry-After: 5")),
}


@pytest.mark.parametrize("handler", BROKEN.values(), ids=BROKEN)
def test_a_server_that_breaks_off_or_fails_is_unavailable(handler: Handler) -> None:
    with serving(handler) as server, pytest.raises(Unavailable) as refused:
        got(server.url("/?token=secret"))
    assert "secret" not in str(refused.value)
    assert "SSH" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("404 Gone", NotFound),
        ("410 Gone", NotFound),
        ("401 Who", Forbidden),
        ("403 No", Forbidden),
        ("204 Nothing", InvalidInput),
        ("206 Part", InvalidInput),
        ("304 Same", InvalidInput),
        ("300 Choose", InvalidInput),
        ("418 Teapot", InvalidInput),
    ],
)
def test_other_answers_are_told_as_what_they_are(status: str, error: type[SondeError]) -> None:
    answering = serving(saying(response(b"", status)))
    with answering as server, pytest.raises(error, match=f"answered {status[:3]}"):
        got(server.url())


def test_packed_bodies_come_as_they_are_and_unknown_ones_not_at_all() -> None:
    with serving(saying(response(b"\x1f\x8b...", "200 OK", "Content-Encoding: gzip"))) as server:
        assert got(server.url()) == b"\x1f\x8b..."
    unknown = serving(saying(response(b"...", "200 OK", "Content-Encoding: br")))
    with unknown as server, pytest.raises(Unsupported, match="'br'"):
        got(server.url())


def test_a_host_that_is_not_there_and_a_port_nobody_listens_on() -> None:
    def nobody(host: str, port: int) -> Collection[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotFound, match=r"no host data\.test"):
        got("http://data.test/", resolve=nobody)
    with serving(saying(response())) as server:
        url = server.url()
    with pytest.raises(Unavailable, match="can't be reached"):
        got(url)


def test_the_next_address_is_tried_where_the_first_takes_no_call() -> None:
    with serving(saying(response()), "127.0.0.2") as server:
        addresses = always("127.0.0.3", "127.0.0.2")
        url = server.url(host="data.test")
        assert got(url, resolve=addresses, allowed_hosts=["data.test"]) == b"a,b\n1,2\n"


@dataclass(frozen=True)
class Certified:
    server: ssl.SSLContext
    client: ssl.SSLContext
    names: list[str]


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """A certificate for data.test, whose maker ``client`` believes; ``names`` asked for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [
                    x509.DNSName("data.test"),
                    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                ]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder: Path = tmp_path_factory.mktemp("tls")
    both = folder / "both.pem"
    both.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    names: list[str] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(both)
    server.sni_callback = lambda _, asked, __: names.append(str(asked))
    return Certified(server, ssl.create_default_context(cafile=str(both)), names)


def test_over_tls_the_name_is_asked_for_at_the_address_that_was_looked_at(
    certified: Certified,
) -> None:
    certified.names.clear()
    with serving(saying(response()), tls=certified.server) as server:
        url = server.url(host="data.test", scheme="https")
        given = {"resolve": always("127.0.0.1"), "allowed_hosts": ["data.test"]}
        assert got(url, tls=certified.client, **given) == b"a,b\n1,2\n"
        assert f"Host: data.test:{server.port}".encode() in server.asked[0]
        assert certified.names == ["data.test"]
        assert got(server.url(scheme="https"), tls=certified.client) == b"a,b\n1,2\n"


def test_a_certificate_must_be_good_and_of_the_name(certified: Certified) -> None:
    with serving(saying(response()), tls=certified.server) as server:
        url = server.url(scheme="https")
        with pytest.raises(Unavailable, match="certificate"):
            got(url)
        other = server.url(host="other.test", scheme="https")
        with pytest.raises(Unavailable, match="certificate"):
            got(
                other,
                resolve=always("127.0.0.1"),
                allowed_hosts=["other.test"],
                tls=certified.client,
            )
        assert server.asked == []


def test_https_is_not_left_for_http(certified: Certified) -> None:
    with serving(saying(response())) as plain:
        leading_away = serving(moved(plain.url()), tls=certified.server)
        with leading_away as server, pytest.raises(Forbidden, match="from https to http"):
            got(server.url(scheme="https"), tls=certified.client)
        assert plain.asked == []


def test_over_tls_a_body_without_a_length_that_breaks_off_is_no_whole_one(
    certified: Certified,
) -> None:
    def handler(connection: Any, _: bytes) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\na,b\n1,2\n")
        # Without the farewell of TLS, as when somebody between cuts the line.
        socket.socket(fileno=connection.detach()).close()

    with serving(handler, tls=certified.server) as server, pytest.raises(Unavailable):
        got(server.url(scheme="https"), tls=certified.client)


def test_a_slow_handshake_ends_at_the_deadline(certified: Certified) -> None:
    with serving(lambda connection, _: time.sleep(2)) as server, pytest.raises(TimeLimit):
        got(server.url(scheme="https"), tls=certified.client, seconds=0.3)
