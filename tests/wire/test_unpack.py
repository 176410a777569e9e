"""Packed bodies."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.errors import Malformed, SondeError, TooLarge, Unsupported
from sonde.wire.unpack import unpacked

zstd: Any = import_module("backports.zstd")
PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress}
BOTH = pytest.mark.parametrize("encoding", list(PACKERS))


@BOTH
@pytest.mark.parametrize("size", [0, 1, 5000, 3_000_000])
def test_comes_back_as_it_was(encoding: str, size: int) -> None:
    data = np.random.default_rng(1).integers(0, 64, size, dtype=np.uint8).tobytes()
    assert unpacked(PACKERS[encoding](data), encoding.upper(), max(size, 1)) == data


@BOTH
def test_members_follow_each_other(encoding: str) -> None:
    pack = PACKERS[encoding]
    assert unpacked(pack(b"ab") * 700 + pack(b"c" * 9000), encoding, 99_999) == b"ab" * 700 + (
        b"c" * 9000
    )


def test_zeros_that_fill_a_last_block_are_left_aside() -> None:
    assert unpacked(gzip.compress(b"ab") + bytes(512), "gzip", 99) == b"ab"


@BOTH
def test_one_byte_more_than_may_come_is_too_large(encoding: str) -> None:
    packed = PACKERS[encoding](b"x" * 1000)
    assert len(unpacked(packed, encoding, 1000)) == 1000
    with pytest.raises(TooLarge, match="SONDE_LIMITS__UNPACKED_MB") as caught:
        unpacked(packed, encoding, 999)
    assert caught.value.facts == {"limit": 999, "setting": "SONDE_LIMITS__UNPACKED_MB"}


@BOTH
def test_a_bomb_is_refused_before_it_is_unpacked(encoding: str) -> None:
    bomb = PACKERS[encoding](bytes(1 << 26)) * 8  # half a gigabyte
    started = time.perf_counter()
    with pytest.raises(TooLarge):
        unpacked(bomb, encoding, 1 << 20)
    assert time.process_time() - started < 1.0


def test_a_crowd_of_empty_members_takes_no_time() -> None:
    with pytest.raises(Malformed, match="100,000 members"):
        unpacked(gzip.compress(b"") * 300_000, "gzip", 99)


@BOTH
def test_what_is_cut_off_or_followed_by_rubbish_is_malformed(encoding: str) -> None:
    packed = PACKERS[encoding](np.random.default_rng(2).bytes(9000))
    for damaged in (packed[:-1], packed[:50], b"", packed + b"rubbish", b"rubbish"):
        with pytest.raises(Malformed, match=encoding):
            unpacked(damaged, encoding, 1 << 20)


def test_a_plain_body_has_limits_too() -> None:
    assert unpacked(b"abc", None, 3) == unpacked(b"abc", " Identity ", 3) == b"abc"
    with pytest.raises(TooLarge, match="UNPACKED"):
        unpacked(b"abcd", None, 3)
    with pytest.raises(TooLarge, match="SONDE_LIMITS__BODY_MB"):
        unpacked(b"abcd", "gzip", 99, 3)


def test_other_encodings_are_refused_with_those_that_are_read() -> None:
    for encoding in ("br", "gzip, zstd", "deflate"):
        with pytest.raises(Unsupported, match="gzip, zstd, identity"):
            unpacked(b"abc", encoding, 99)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "zstd"]), st.integers(0, 60))
def test_any_bytes_are_unpacked_or_refused(data: bytes, encoding: str, keep: int) -> None:
    for body in (data, PACKERS[encoding](data), PACKERS[encoding](data)[:keep] + data):
        try:
            ending = "fine" if len(unpacked(body, encoding, 1000)) <= 1000 else "too long"
        except SondeError as error:
            ending = error.code
        assert ending in ("fine", "malformed", "too_large")
