"""Files by their URL: an S3 server on loopback, fsspec's memory, and what patterns stand for."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sonde.data.inputs.remote import expand, fetch, without_password
from sonde.data.inputs.sources import open_source
from sonde.errors import InvalidInput, MissingExtra, NotFound, Unavailable

fsspec = pytest.importorskip("fsspec", reason="URLs need fsspec: pip install 'sonde[s3]'")
TEXT = b"a,b\n1,2\n3,4\n"


@pytest.fixture
def store() -> Iterator[Any]:
    memory = fsspec.filesystem("memory")
    for name in ("a.csv", "day-10.csv", "day-9.csv", "deep/b.csv", "odd::name.csv"):
        memory.pipe(f"/plant/{name}", TEXT)
    memory.pipe("/plant/packed", gzip.compress(TEXT))
    yield memory
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]


def content(url: str, **limits: int) -> bytes:
    source = open_source(url, **limits)
    with source.start() as stream:
        return source.read(stream)


def test_reads_any_store_that_fsspec_knows_and_unpacks_by_content(store: Any) -> None:
    assert content("memory://plant/a.csv") == content("memory://plant/packed") == TEXT
    assert open_source("memory://plant/a.csv").name == "memory://plant/a.csv"


def test_reads_no_more_than_it_may(store: Any) -> None:
    assert content("memory://plant/a.csv", most_bytes=len(TEXT)) == TEXT
    with pytest.raises(InvalidInput, match=r"a.csv gives more than .* save it to a file"):
        content("memory://plant/a.csv", most_bytes=len(TEXT) - 1)


def test_two_colons_name_a_part_unless_they_are_in_the_name(store: Any) -> None:
    assert content("memory://plant/odd::name.csv") == TEXT
    fetched = fetch("memory://plant/a.csv::x")
    assert (fetched.name, fetched.member) == ("memory://plant/a.csv", "x")


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("memory://plant/gone.csv", NotFound, "there is no memory://plant/gone.csv; check"),
        ("memory://plant", InvalidInput, r"is a folder; .* with a pattern: 'memory://plant/\*'"),
        ("nonsense://plant/a.csv", InvalidInput, "nonsense:// is no kind of URL that is known"),
        ("http://me:secret@plant/a.csv", InvalidInput, "web addresses are not read here"),
        ("HTTPS://plant/a.csv?key=secret", InvalidInput, "web addresses are not read here"),
        ("hdfs://me:secret@plant:1/a.csv", (MissingExtra, InvalidInput), "hdfs://"),
    ],
)
def test_refuses_in_one_sentence_without_the_password(
    store: Any, url: str, kind: Any, says: str
) -> None:
    with pytest.raises(kind, match=says) as refused:
        open_source(url)
    assert "secret" not in str(refused.value) + repr(refused.value.facts)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://plant/a.csv", "s3://plant/a.csv"),
        ("s3://plant/2024-??/[ab].csv", "s3://plant/2024-??/[ab].csv"),
        ("ftp://me:pass@plant", "ftp://plant"),
        ("sftp://me@plant/a/b@c.csv", "sftp://plant/a/b@c.csv"),
        ("s3://plant/a.csv?X-Amz-Signature=secret", "s3://plant/a.csv"),
        ("plant/a@b?c=d", "plant/a@b?c=d"),
    ],
)
def test_shows_urls_without_what_is_secret(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_a_pattern_stands_for_files_with_numbers_in_their_order(store: Any) -> None:
    days = ["memory://plant/day-9.csv", "memory://plant/day-10.csv"]
    assert expand("memory://plant/day-*.csv") == days
    assert expand("memory://plant/**/b.csv") == ["memory://plant/deep/b.csv"]
    assert expand("memory://plant/*") == expand("memory://plant/[!x]*")
    assert "memory://plant/deep" not in expand("memory://plant/*")
    assert expand("memory://plant/day-[9]*.csv::x") == ["memory://plant/day-9.csv::x"]
    for url in expand("memory://plant/*.csv"):
        assert content(url) == TEXT


def test_a_pattern_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.csv", "day-10.csv", "day-9.csv", "deep/b.csv", "really[1].csv", ".hidden.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(TEXT)
    names = [f"{tmp_path}/{name}" for name in ("a.csv", "day-9.csv", "day-10.csv", "really[1].csv")]
    assert expand(f"{tmp_path}/*.csv") == names
    assert expand(f"{tmp_path}/**/b.csv") == [f"{tmp_path}/deep/b.csv"]
    assert expand(f"{tmp_path}/really[1].csv") == [f"{tmp_path}/really[1].csv"]
    assert expand(f"{tmp_path}/d*") == names[1:3]
    assert expand(f"{tmp_path}/dee*") == [f"{tmp_path}/deep"]
    assert expand(f"{tmp_path}/a.cs?::x") == [f"{tmp_path}/a.csv::x"]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand("~/a*") == expand(f"file://{tmp_path}/a*") == names[:1]
    monkeypatch.chdir(tmp_path)
    assert expand("a*.csv") == ["a.csv"]


@pytest.mark.parametrize("name", ["-", "plant.csv", "s3://plant/a.csv", "file:///plant/a.csv"])
def test_what_is_no_pattern_stands_for_itself(name: str) -> None:
    assert expand(name) == [name]


@pytest.mark.parametrize(
    "pattern", ["{}/*.tsv", "memory://plant/*.tsv", "{}/\0*", "{}/" + "n" * 300 + "*"]
)
def test_names_the_pattern_that_nothing_fits(pattern: str, tmp_path: Path, store: Any) -> None:
    with pytest.raises(NotFound, match=r"no file fits .*; check the folder and the pattern"):
        expand(pattern.format(tmp_path))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    pytest.importorskip("s3fs", reason="s3:// needs s3fs: pip install 'sonde[s3]'")
    moto = pytest.importorskip("moto.server", reason="the S3 server of these tests is moto's")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture(scope="module")
def bucket(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": server,
            "AWS_ACCESS_KEY_ID": "the-key",
            "AWS_SECRET_ACCESS_KEY": "the-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": str(home / "no-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "no-credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        system.mkdir("plant")
        for name in ("2024/day-10.csv", "2024/day-9.csv", "2023/a.csv"):
            system.pipe(f"plant/{name}", TEXT)
        yield system


def test_reads_s3(bucket: Any) -> None:
    assert content("s3://plant/2023/a.csv") == TEXT
    big = TEXT * 1_500_000  # more than one request
    bucket.pipe("plant/big", big)
    assert content("s3://plant/big") == big


def test_reads_an_s3_object_anew_each_time(bucket: Any) -> None:
    for text in (TEXT, TEXT + b"5,6\n"):
        bucket.pipe("plant/changing.csv", text)
        assert content("s3://plant/changing.csv") == text


def test_a_pattern_in_s3(bucket: Any) -> None:
    days = ["s3://plant/2024/day-9.csv", "s3://plant/2024/day-10.csv"]
    assert expand("s3://plant/2024/*.csv") == days
    assert expand("s3://plant/*/a.csv") == ["s3://plant/2023/a.csv"]
    for pattern in ("s3://plant/2025/*.csv", "s3://nowhere/*.csv"):
        with pytest.raises(NotFound, match=r"no file fits|there is no"):
            expand(pattern)


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("s3://plant/gone.csv", NotFound, "there is no s3://plant/gone.csv"),
        ("s3://nowhere/a.csv", NotFound, "there is no s3://nowhere/a.csv"),
        ("s3://plant/2024", InvalidInput, "is a folder"),
    ],
)
def test_says_what_s3_does_not_have(bucket: Any, url: str, kind: Any, says: str) -> None:
    with pytest.raises(kind, match=says):
        open_source(url)


def test_says_that_there_are_no_credentials(bucket: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ACCESS_KEY_ID")
        patch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(InvalidInput, match="there are no credentials; set AWS_ACCESS_KEY_ID"):
            open_source("s3://plant/2023/a.csv")


def test_says_that_a_profile_is_not_there(bucket: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(InvalidInput, match="the profile that AWS_PROFILE names is not there"):
            open_source("s3://plant/2023/a.csv")


def test_says_that_s3_cannot_be_reached(bucket: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with pytest.raises(Unavailable, match=r"cannot be reached; .*AWS_ENDPOINT_URL") as refused:
            open_source("s3://plant/2023/a.csv")
    assert "the-" not in str(refused.value)


def test_says_that_access_is_denied(bucket: Any) -> None:
    from sonde.data.inputs.remote import _unreadable

    denied = _unreadable("s3://plant/a.csv", PermissionError("Access Denied to the-key"))
    assert "may not be read with these credentials" in str(denied)
    assert "the-key" not in str(denied)
