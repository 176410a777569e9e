"""Reads a page's numbers as its script does, from the format's description."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def payload_in(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    payload: dict[str, Any] = json.loads(found[1])
    return payload


def unpack(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def floats(data: bytes, column: dict[str, Any]) -> NDArray[np.float64]:
    at, n = column["at"], column["n"]
    codes = [256 * data[at + i] + data[at + n + i] for i in range(n)]
    if column["order"]:
        codes = [(c >> 1) if c % 2 == 0 else 65536 - (c + 1) // 2 for c in codes]
    for _ in range(column["order"]):
        for i in range(1, n):
            codes[i] = (codes[i] + codes[i - 1]) % 65536
    special = {65535: np.nan, 65534: np.inf, 65533: -np.inf}
    scaled = [special.get(c, column["lo"] + c * column["step"]) for c in codes]
    if column["scale"] == "log":
        scaled = [np.sign(y) * np.expm1(abs(y)) * column["unit"] for y in scaled]
    return np.array(scaled, dtype=np.float64)


def integers(data: bytes, column: dict[str, Any]) -> list[int | float]:
    n = column["n"]
    if "at" not in column:
        return [column["first"] + i * column["step"] for i in range(n)]
    values, count = [], 0
    for i in range(n):
        stored = 0
        for plane in range(4):
            stored = 256 * stored + data[column["at"] + plane * n + i]
        count += stored // 2 if stored % 2 == 0 else -(stored + 1) // 2
        values.append(column["first"] + count * column["unit"])
    return values
