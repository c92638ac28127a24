"""The second oracle of ``stack``: 50 digits, one layer after the other.

It shares the second oracles of ``birnn`` and ``conv1d``, and nothing with ``oracle``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.cells_exact import weight_axes
from conformance.operations.birnn import exact as birnn
from conformance.operations.conv1d.exact import convolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Weights = Mapping[str, Nested]
    Rows = list[list[Any]]  # of mpmath.mpf, which has no types

SAME = {"padding": "same", "dilation": "1"}


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    want = "B T 2U" if options["output"] == "sequence" else "B 2U"
    arrays: dict[str, tuple[str, ...]] = {"x": ("B T F",)}
    for layer, features, units in (("first", "F", "H"), ("second", "C", "U")):
        for way in ("forward", "backward"):
            owner = f"{layer}_{way}"
            arrays |= weight_axes(owner, options["cell"], features, units)
        if layer == "first":
            arrays["convolution.kernel"] = ("K 2H C",)
            arrays["convolution.bias"] = ("C",)
    return {**arrays, "want": (want,)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Weights],
) -> Nested:
    """Return what the stack gives; zero at padding and for an empty row.

    >>> ahead = {"kernel": [[1]], "recurrent_kernel": [[0]], "bias": [0],
    ...          "recurrent_bias": [0]}
    >>> weights = {"convolution": {"kernel": [[[1], [1]]], "bias": [0]}}
    >>> for layer in ("first", "second"):
    ...     weights |= {f"{layer}_forward": ahead, f"{layer}_backward": ahead}
    >>> options = {"cell": "simple", "output": "final"}
    >>> answer(options, {"x": [[[0.5], [7]]]}, [[True, False]], weights)
    [[0.7278944044432927, 0.7278944044432927]]
    """
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    with mpmath.workdps(50):
        return [
            _row(options, row, keep, weights)
            for row, keep in zip(inputs["x"], mask, strict=True)
        ]


def _row(
    options: Mapping[str, str],
    row: Sequence[Sequence[float]],
    keep: Sequence[bool],
    weights: Mapping[str, Weights],
) -> Nested:
    import mpmath

    valid = [position for position, counts in enumerate(keep) if counts]
    ahead, back = _both(options["cell"], "first", row, valid, weights)
    given = [[*ahead.get(t, ()), *back.get(t, ())] for t in range(len(row))]
    kernel, bias = (weights["convolution"][part] for part in ("kernel", "bias"))
    middle: Rows = [
        [mpmath.fsum(mpmath.mpf(a) * mpmath.mpf(b) for a, b in terms) for terms in each]
        for each in convolve(SAME, given, keep, kernel, bias)
    ]
    ahead, back = _both(options["cell"], "second", middle, valid, weights)
    zero = [0.0] * 2 * len(weights["second_forward"]["recurrent_kernel"])
    if options["output"] == "final":
        ends = [*ahead[valid[-1]], *back[valid[0]]] if valid else zero
        return [float(number) for number in ends]
    return [
        [float(number) for number in (*ahead[t], *back[t])] if counts else list(zero)
        for t, counts in enumerate(keep)
    ]


def _both(
    cell: str,
    layer: str,
    row: Sequence[Sequence[Any]],
    valid: list[int],
    weights: Mapping[str, Weights],
) -> tuple[dict[int, Any], dict[int, Any]]:
    """Return the states of both directions at each valid position."""
    ahead = birnn.walk_over(cell, weights[f"{layer}_forward"], row, valid)
    back = birnn.walk_over(cell, weights[f"{layer}_backward"], row, valid[::-1])
    return ahead, back
