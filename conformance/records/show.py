"""Numbers of a record as text, as short as they can be."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.records.record import Array

_PLAIN = 10**6
"""Whole numbers below this one are shown as such: 10000, not 1e+04."""

_DIGITS = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}
_PACKED = {"float16": "<e", "float32": "<f"}


def show(value: Array, dtype: str) -> str:
    """Return numbers as short as they can be and still mean the same in ``dtype``.

    >>> show([0.10000000149011612, "nan", True], "float32")
    '0.1, nan, 1'
    """
    if isinstance(value, list):
        return ", ".join(
            f"[{show(item, dtype)}]" if isinstance(item, list) else show(item, dtype)
            for item in value
        )
    if isinstance(value, bool | int):
        return str(int(value))
    if not isinstance(value, float) or not math.isfinite(value):
        return str(value)
    return _shortest_text(value, dtype)


def _shortest_text(value: float, dtype: str) -> str:
    digits = _DIGITS.get(dtype, 17)
    if value and value.is_integer() and abs(value) < _PLAIN:
        return str(int(value))
    for count in range(1, digits):
        text = f"{value:.{count}g}"
        if _round(float(text), dtype) == _round(value, dtype):
            return text
    return f"{value:.{digits}g}"


def _round(value: float, dtype: str) -> float | int:
    try:
        if dtype in _PACKED:
            packed = struct.pack(_PACKED[dtype], value)
            return float(struct.unpack(_PACKED[dtype], packed)[0])
        if dtype == "bfloat16":
            bits = int(struct.unpack("<I", struct.pack("<f", value))[0])
            return (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    except OverflowError:  # the exact answer may be larger than the dtype holds
        return value
    return value
