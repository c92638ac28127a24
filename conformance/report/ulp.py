"""How far a number is from another in steps of its dtype."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.records import Worst

_CODES = {"float16": ("<e", "<h"), "float32": ("<f", "<i"), "float64": ("<d", "<q")}


def ulp(worst: Worst, dtype: str) -> str:
    """Return how many representable numbers the answer is away, if that is a number.

    The step is counted, not computed: it is right across a power of two, and next to
    zero, where quotients are not.

    >>> from conformance.records import Worst
    >>> ulp(Worst(index=[0], got=1.0000001192092896, want=1.0), "float32")
    '1'
    """
    try:
        got, want = (float(each) for each in (worst.got, worst.want))  # type: ignore[arg-type]
        if not (math.isfinite(got) and math.isfinite(want)):
            return ""
        steps = abs(_place(got, dtype) - _place(want, dtype))
    except (TypeError, ValueError, OverflowError, KeyError):
        return ""  # no number of this dtype, whatever wrote it
    return f"{steps:,}" if steps < 10**6 else f"{steps:.1e}"


def _place(value: float, dtype: str) -> int:
    """Return a number's place among those of its dtype, zero at zero."""
    if dtype == "bfloat16":
        return _place(value, "float32") >> 16
    number, whole = _CODES[dtype]
    (bits,) = struct.unpack(whole, struct.pack(number, value))
    return (
        int(bits)
        if bits >= 0
        else -int(bits & (2 ** (8 * struct.calcsize(whole) - 1) - 1))
    )
