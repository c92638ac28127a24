"""The specification of ``weighted_loss``: the mask says what, weights how much."""

from __future__ import annotations

from conformance.operations.masked_loss import OPERATION as LOSS
from conformance.specification import Law, Operation, Variant

KINDS = ("mse", "cross_entropy")
REDUCTIONS = ("by_weights", "by_count", "by_nonzero", "sum", "none")

MEANS = ("by_weights", "by_count", "by_nonzero")
"""Reductions that divide, and give what an adapter declares of nothing."""

WEIGHED = ("by_weights", "by_nonzero")
"""Those whose divisor the weights make, which is 0 where all of them are."""

OPERATION = Operation(
    name="weighted_loss",
    number=55,
    title="Loss over the valid positions of a batch with real weights",
    short="weighted loss",
    group="losses",
    function="weighted_loss",
    signature="weighted_loss(predictions, targets, weight [B, T], mask [B, T], *, "
    "kind, reduction), weights of at least 0; mse: predictions and targets [B, T, F]; "
    "cross_entropy: logits [B, T, C] and integer targets [B, T] -> [] or, unreduced, "
    "[B, T]",
    formula="l as masked_loss has it. sum: sum of w l over the valid positions; "
    "by_weights: that sum / the sum of their weights; by_count: / their number; "
    "by_nonzero: / the number of those whose weight is not 0, of which no derivative "
    "is taken; none: w l, zero at padding. What the weight is at padding changes "
    "nothing; a weight of zero is no mask, NaN beside it comes out",
    bound="w (the bound of l) + u w l, where it divides 3 u w l, by_weights N v w l "
    "more, + eta; reductions: (N + 1) v sum w |l| + the sum of the positions' bounds: "
    "weights may be divided, or scaled, before they are multiplied",
    inputs=("predictions", "targets", "weight"),
    differentiable=("predictions", "weight"),
    variants=tuple(
        Variant(
            keywords=(("kind", kind), ("reduction", reduction)),
            result="position" if reduction == "none" else "scalar",
            empty="declared" if reduction in MEANS else "zero",
            labels=("targets",) if kind == "cross_entropy" else (),
        )
        for kind in KINDS
        for reduction in REDUCTIONS
    ),
    also=("long-rows",),
    laws=(
        Law(
            name="additive",
            number=40,
            level="core",
            results=("scalar",),
            text="The sum over a batch is the sum over its parts, whatever their "
            "lengths and weights, and each mean is that sum divided by what its parts "
            "divide by together.",
            why="a mean of means, or of rows, whatever they weigh",
            since="0.2.0",
        ),
        Law(
            name="padding-labels",
            number=41,
            level="core",
            module="conformance.operations.masked_loss.laws",
            variants=("weighted_loss.cross_entropy.*",),
            text=LOSS.law("padding-labels").text,
            why="a weight of zero times what was looked up of no class",
            since="0.2.0",
        ),
        Law(
            name="scale",
            number=42,
            level="core",
            text="Weights four times as large, or a 64th, give the same loss by "
            "weights, and four times or a 64th of it otherwise.",
            why="an epsilon, or a floor of one, in a divisor that weights make",
            about="larger weights",
            since="0.2.0",
        ),
        Law(
            name="weight-of-zero",
            number=43,
            level="core",
            text="A valid position whose weight is zero adds nothing to the sum; it is "
            "counted by_count, and is not by_nonzero.",
            why="a weight of zero taken for padding, or padding for a weight of zero",
            about="weights of zero",
            since="0.2.0",
        ),
        Law(
            name="no-weight",
            number=44,
            level="robust",
            text="Where all valid weights are zero, by_weights and by_nonzero give "
            "what a batch without valid positions gives, as declared; any other "
            "reduction gives zero.",
            why="zero divided by zero in a batch that has nothing to learn from",
            about="weights that are all zero",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
