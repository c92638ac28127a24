"""The second oracle of ``conv1d``: exact fractions and plain loops.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    time = "?" if options["padding"] == "valid" or "stride" in options else "T"
    return {
        "x": ("B T F",),
        "kernel": ("K F C",),
        "bias": ("C",),
        "want": (f"B {time} C",),
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer; zero at positions that do not count.

    >>> inputs = {"x": [[[1], [2], [9]]], "kernel": [[[1]], [[10]], [[100]]],
    ...           "bias": [0.5]}
    >>> answer({"padding": "same", "dilation": "1"}, inputs, [[True, True, False]], {})
    [[[210.5], [21.5], [0.0]]]
    """
    del weights
    return [
        [
            [total(terms) for terms in channels]
            for channels in convolve(
                options, row, keep, inputs["kernel"], inputs["bias"]
            )
        ]
        for row, keep in zip(inputs["x"], mask, strict=True)
    ]


def convolve(
    options: Mapping[str, str],
    row: Sequence[Sequence[Any]],
    keep: Sequence[bool],
    kernel: Nested,
    bias: Sequence[Any],
) -> Iterator[list[list[tuple[Any, Any]]]]:
    """Yield, position by position, the factors of each channel's terms.

    They are none where a position does not count. The bias is a term like others, its
    second factor being one.
    """
    step, time = int(options["dilation"]), len(row)
    reach = (len(kernel) - 1) * step
    left = {"causal": reach, "valid": 0}.get(options["padding"], reach // 2)
    valid = [at for at, counts in enumerate(keep) if counts]
    whole = options["padding"] == "valid"
    length = max(time - reach, 0) if whole else time
    for at in range(0, length, int(options.get("stride", 1))):
        reads = [at - left + tap * step for tap in range(len(kernel))]
        counts = (
            bool(valid) and valid[0] <= reads[0] and reads[-1] <= valid[-1]
            if whole
            else keep[at]
        )
        yield [
            [
                (bias[channel], 1),
                *(
                    (row[place][feature], weight[channel])
                    for tap, place in zip(kernel, reads, strict=True)
                    if place in valid
                    for feature, weight in enumerate(tap)
                ),
            ]
            if counts
            else []
            for channel in range(len(bias))
        ]


def total(terms: Sequence[tuple[float, float]]) -> float:
    """Return the sum of products, exactly, or what it is with infinities and NaN."""
    if all(math.isfinite(number) for pair in terms for number in pair):
        return float(sum((Fraction(a) * Fraction(b) for a, b in terms), Fraction(0)))
    return float(sum(a * b for a, b in terms))
