"""The second oracle of ``strided_conv1d``: each row alone, by the formula of lengths.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations.conv1d.exact import axes, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]

__all__ = ["answer", "axes", "come_out"]


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
        length = come_out(len(values), options, reach)
        starts = [at * int(options["stride"]) - left for at in range(length)]
        here = [
            [
                total(
                    [
                        (bias[channel], 1),
                        *(
                            (values[start + tap * step][feature], weight[channel])
                            for tap, taps in enumerate(kernel)
                            if start + tap * step in values
                            for feature, weight in enumerate(taps)
                        ),
                    ]
                )
                for channel in range(len(bias))
            ]
            for start in starts
        ]
        behind = come_out(len(row), options, reach) - length
        found.append([*here, *([[0.0] * len(bias)] * behind)])
    return found
