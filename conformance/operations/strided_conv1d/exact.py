"""The second oracle of ``strided_conv1d``: each row alone, answer by answer.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations.conv1d.exact import axes, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]

__all__ = ["answer", "axes", "come_out", "starts"]


def come_out(number: int, options: Mapping[str, str], reach: int) -> int:
    """Return how many positions come out of ``number``.

    >>> [come_out(n, {"padding": "valid", "stride": "2"}, 2) for n in range(8)]
    [0, 0, 0, 1, 1, 2, 2, 3]
    >>> [come_out(n, {"padding": "causal", "stride": "3"}, 4) for n in range(8)]
    [0, 1, 1, 1, 2, 2, 2, 3]
    """
    stride = int(options["stride"])
    if options["padding"] == "valid":
        return max((number - reach - 1) // stride + 1, 0)
    return -(-number // stride)


def starts(
    keep: Sequence[bool], options: Mapping[str, str], reach: int
) -> Iterator[int | None]:
    """Yield the position that each answer of a row stands for, None behind the row.

    >>> options = {"padding": "valid", "stride": "2"}
    >>> list(starts([True] * 5 + [False] * 3, options, 2))
    [0, 2, None]
    """
    valid = [at for at, counts in enumerate(keep) if counts]
    whole = options["padding"] == "valid"
    for number in range(come_out(len(keep), options, reach)):
        start = number * int(options["stride"])
        inside = bool(valid) and valid[0] <= start and start + reach <= valid[-1]
        yield start if (inside if whole else keep[start]) else None


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer; zero behind the length that comes out.

    >>> inputs = {"x": [[[1], [2], [4], [9]]], "kernel": [[[1]], [[10]], [[100]]],
    ...           "bias": [0.5]}
    >>> options = {"padding": "half", "stride": "2", "dilation": "1"}
    >>> answer(options, inputs, [[True, True, True, False]], {})
    [[[210.5], [42.5]]]
    """
    del weights
    kernel, bias, step = inputs["kernel"], inputs["bias"], int(options["dilation"])
    reach = (len(kernel) - 1) * step
    left = {"valid": 0, "half": reach // 2, "causal": reach}[options["padding"]]
    found = []
    for row, keep in zip(inputs["x"], mask, strict=True):
        values = {at: row[at] for at, counts in enumerate(keep) if counts}
        here = []
        for start in starts(keep, options, reach):
            reads = (
                [] if start is None else range(start - left, start - left + reach + 1)
            )
            terms = [
                (values[at], taps)
                for at, taps in zip(reads[::step], kernel, strict=False)
                if at in values
            ]
            here.append(
                [
                    0.0
                    if start is None
                    else total(
                        [
                            (bias[channel], 1),
                            *(
                                (value[feature], weight[channel])
                                for value, taps in terms
                                for feature, weight in enumerate(taps)
                            ),
                        ]
                    )
                    for channel in range(len(bias))
                ]
            )
        found.append(here)
    return found
