"""The specification of ``strided_conv1d``: how long a row is that comes out."""

from __future__ import annotations

from dataclasses import replace

from conformance.operations.conv1d import OPERATION as CONVOLUTION
from conformance.specification import Law, Operation, Variant

_SHARED = {
    law.name: replace(law, since="0.2.0", variants=("*",)) for law in CONVOLUTION.laws
}
"""What a convolution without a stride is asked as well: the same functions."""

RIGHT_ALONE = ("left-padding", "gaps")
"""Common laws that a stride has no answer to: what it keeps is counted from the row's
first position, padding or not."""

OPERATION = Operation(
    name="strided_conv1d",
    number=51,
    title="Convolution with a stride: the answers, and how many of them a row has",
    short="strided conv1d",
    group="layers",
    function="strided_conv1d",
    signature="strided_conv1d(x [B, T, F], mask [B, T], kernel [K, F, C], bias [C], "
    "*, padding, stride, dilation) -> [B, T', C], padding on the right; T' is the "
    "length that comes out of T",
    formula="y_j = bias + sum over k of x_(j stride - left + k dilation) kernel_k, x "
    "being zero at padding and outside the row; R = (K - 1) dilation, left = 0 "
    "(valid), floor(R / 2) (half) or R (causal). A row of n valid positions comes out "
    "with max(floor((n - R - 1) / stride) + 1, 0) of them (valid), so that one "
    "shorter than a window has none, or with ceil(n / stride) (half, causal), and "
    "what stands behind them is zero. Neither left nor the length depends on T",
    bound="that of conv1d, at every position that is kept",
    inputs=("x",),
    differentiable=("x",),
    weights=("kernel", "bias"),
    without=RIGHT_ALONE,
    variants=tuple(
        Variant(
            keywords=(
                ("padding", padding),
                ("stride", str(stride)),
                ("dilation", str(dilation)),
            ),
            values=(("stride", stride), ("dilation", dilation)),
            result="position",
            empty="zero",
        )
        for padding, stride, dilation in (
            ("valid", 2, 1),
            ("valid", 2, 2),
            ("half", 2, 1),
            ("causal", 3, 2),
        )
    ),
    laws=(
        _SHARED["zero-at-padding"],
        _SHARED["bias-apart"],
        _SHARED["superposition"],
        replace(_SHARED["causal"], variants=("strided_conv1d.causal.*",)),
        Law(
            name="lengths",
            number=44,
            level="core",
            about="rows of every length, which come out with theirs",
            text="Rows of one position, of two and so on up to nine, beside each "
            "other, each have the answers, and as many, that they have alone.",
            why="a length that is divided without a window, rounded up, or taken from "
            "the longest row's end",
            since="0.2.0",
        ),
        Law(
            name="long-lengths",
            number=45,
            level="robust",
            about="lengths in rows of 259 to 4099 positions",
            text="Rows of 259, 520 and 4099 positions come out as long as the "
            "whole-number formula says.",
            why="lengths kept in int8, bfloat16, float16, or as shares of the longest",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
