"""Handle nested lists of numbers, as in JSON, without NumPy.

JSON has no NaN, no infinity and, after most parsers, no negative zero: they are written
as strings. ``None`` marks an element that each adapter declares.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    Nested = Any

SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "-0.0": -0.0}
"""Numbers that are written as strings."""

DECLARED = "declared"
"""An element of an answer that each adapter declares."""


def decode(nested: Nested) -> Nested:
    """Return ``nested`` with numbers for strings, and None for ``"declared"``.

    >>> decode([1, "-inf", ["declared"]])
    [1, -inf, [None]]
    """
    if isinstance(nested, list):
        return [decode(each) for each in nested]
    if isinstance(nested, str):
        return None if nested == DECLARED else SPECIAL[nested]
    return nested


def encode(nested: Nested) -> Nested:
    """Return ``nested`` with strings for what JSON cannot write.

    >>> encode([1.0, float("nan"), -0.0, [None]])
    [1.0, 'nan', '-0.0', ['declared']]
    """
    if isinstance(nested, list):
        return [encode(each) for each in nested]
    if nested is None:
        return DECLARED
    if isinstance(nested, float):
        if not math.isfinite(nested):
            return str(nested)
        if nested == 0 and math.copysign(1, nested) < 0:
            return "-0.0"
    return nested


def leaves(nested: Nested, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every element with its place.

    >>> list(leaves([[1], [2]], "x"))
    [('x[0][0]', 1), ('x[1][0]', 2)]
    """
    if isinstance(nested, list):
        for index, each in enumerate(nested):
            yield from leaves(each, f"{where}[{index}]")
    else:
        yield where, nested


def flatten(nested: Nested) -> Iterator[Any]:
    """Yield every element.

    >>> list(flatten([[1], [2, 3]]))
    [1, 2, 3]
    """
    # Level by level: a generator in each list takes three times as long, and every case
    # of every run goes through here.
    found = [nested]
    while any(isinstance(each, list) for each in found):
        found = [
            inner
            for each in found
            for inner in (each if isinstance(each, list) else (each,))
        ]
    yield from found


def shape(nested: Nested) -> tuple[int, ...] | None:
    """Return the shape, or None where rows differ in length or depth.

    >>> shape([[1, 2, 3], [4, 5, 6]]), shape([[1], [2, 3]]), shape([[], []]), shape(0.5)
    ((2, 3), None, (2, 0), ())
    """
    if not isinstance(nested, list):
        return ()
    if not any(isinstance(each, list) for each in nested):
        return (len(nested),)
    inner = {shape(each) for each in nested}
    if len(inner) > 1 or None in inner:
        return None
    return (len(nested), *(inner.pop() or ())) if inner else (0,)


@lru_cache(maxsize=4096)
def is_exact(dtype: str, value: float) -> bool:
    """Tell whether a dtype holds ``value`` without rounding.

    >>> [is_exact("bfloat16", value) for value in (256.0, 257.0, 1e300)]
    [True, False, False]
    """
    try:
        number = float(value)
        if number != value and not math.isnan(number):
            return False  # a whole number beyond 2**53
        if dtype == "float64" or not math.isfinite(number):
            return True
        packed = struct.pack("<e" if dtype == "float16" else "<f", number)
    except OverflowError:
        return False
    if dtype == "bfloat16" and packed[:2] != b"\0\0":
        return False  # bfloat16 is the upper half of float32
    return bool(
        struct.unpack("<e" if dtype == "float16" else "<f", packed)[0] == number
    )


def is_float(value: object) -> bool:
    """Tell whether ``value`` is a number that a float can hold.

    JSON and TOML have integers of any length, and arithmetic with one of 400 digits
    raises.

    >>> is_float(1), is_float(10**400), is_float("nan")
    (True, False, False)
    """
    if isinstance(value, float):
        return True
    return isinstance(value, int) and abs(value) < 2**1023
