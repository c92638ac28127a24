"""The specification of ``pool1d``: windows that padding has no part in."""

from __future__ import annotations

from dataclasses import replace

from conformance.operations.strided_conv1d import OPERATION as STRIDED
from conformance.operations.strided_conv1d import RIGHT_ALONE
from conformance.specification import Law, Operation, Variant

_SHARED = {law.name: replace(law, variants=("*",)) for law in STRIDED.laws}
"""What a convolution with a stride is asked as well: the same functions."""

AVERAGE = ("pool1d.average.*",)

OPERATION = Operation(
    name="pool1d",
    number=52,
    title="Average or maximum over the valid positions of each window",
    short="pool1d",
    group="layers",
    function="pool1d",
    signature="pool1d(x [B, T, F], mask [B, T], *, of, padding, window, stride) -> "
    "[B, T', F], padding on the right; T' is the length that comes out of T",
    formula="y_j = the mean (average) or the largest (maximum) of x_i over the valid "
    "positions i from j stride - left to j stride - left + window - 1; left = 0 "
    "(valid, ahead), floor((window - 1) / 2) (half) or window - 1 (causal). A row of "
    "n valid positions comes out with max(floor((n - window) / stride) + 1, 0) of "
    "them (valid), or with ceil(n / stride) (half, causal, ahead), whose last windows "
    "may have fewer positions, and what stands behind them is zero. Neither left nor "
    "the length depends on T",
    bound="average: (n + 1) v mean|x| + [float16, bfloat16] 2 u |y| + eta, n the "
    "window's valid positions; maximum: 0",
    inputs=("x",),
    differentiable=("x",),
    without=RIGHT_ALONE,
    variants=tuple(
        Variant(
            keywords=(
                ("of", of),
                ("padding", padding),
                ("window", str(window)),
                ("stride", str(stride)),
            ),
            values=(("window", window), ("stride", stride)),
            result="position",
            empty="zero",
        )
        for of, padding, window, stride in (
            ("average", "valid", 3, 2),
            ("average", "half", 3, 2),
            ("average", "ahead", 2, 2),
            ("maximum", "ahead", 3, 2),
            ("maximum", "causal", 3, 3),
        )
    ),
    laws=(
        _SHARED["zero-at-padding"],
        Law(
            name="constant",
            number=41,
            level="core",
            text="Of rows of one number, whole or negative, every answer is that "
            "number, the last one too.",
            why="a divisor that is the window's length, padding's zero among the "
            "window's values",
            since="0.2.0",
        ),
        Law(
            name="within",
            number=42,
            level="core",
            text="An answer lies between the smallest and the largest valid value of "
            "its row.",
            why="padding in a window, a sum in place of a mean",
            since="0.2.0",
        ),
        _SHARED["lengths"],
        _SHARED["long-lengths"],
    ),
    since="0.2.0",
)
