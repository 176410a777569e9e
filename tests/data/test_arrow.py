"""Arrow files and streams, their buffers compressed or not."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from sonde.data import read_frame
from sonde.errors import InvalidInput

FRAME = pl.DataFrame(
    {
        "t": [datetime(2024, 1, 1), datetime(2024, 1, 2), None],
        "v": [1.5, None, 3.5],
        "s": ["x", None, "z"],
        "n": [1, 2, None],
    }
)


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
@pytest.mark.parametrize("is_stream", [False, True])
def test_reads_arrow_whatever_the_name(
    is_stream: bool, compression: Literal["uncompressed", "lz4", "zstd"], tmp_path: Path
) -> None:
    path = tmp_path / "data.csv"
    write = FRAME.write_ipc_stream if is_stream else FRAME.write_ipc
    write(path, compression=compression)
    assert read_frame(path)[0].equals(FRAME)
    assert read_frame(io.BytesIO(path.read_bytes()))[0].equals(FRAME)


def test_reads_what_pyarrow_wrote(tmp_path: Path) -> None:
    feather = pytest.importorskip("pyarrow.feather")
    feather.write_feather(FRAME.to_arrow(), str(tmp_path / "a"), compression="zstd")
    assert read_frame(tmp_path / "a")[0].equals(FRAME)


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_says_that_arrow_is_cut_off(is_stream: bool, share: float) -> None:
    written = io.BytesIO()
    wide = pl.DataFrame({"a": range(5000)})
    (wide.write_ipc_stream if is_stream else wide.write_ipc)(written)
    data = written.getvalue()
    with pytest.raises(InvalidInput, match=r"damaged or cut off Arrow (file|stream)"):
        read_frame(io.BytesIO(data[: int(share * len(data))]))


def test_refuses_arrow_without_rows_and_feather_1() -> None:
    written = io.BytesIO()
    FRAME.clear().write_ipc(written)
    with pytest.raises(InvalidInput, match="columns and no rows"):
        read_frame(io.BytesIO(written.getvalue()))
    with pytest.raises(InvalidInput, match=r"Feather file of version 1.*write it again"):
        read_frame(io.BytesIO(b"FEA1" + bytes(40)))
