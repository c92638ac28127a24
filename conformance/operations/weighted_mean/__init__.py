"""The specification of ``weighted_mean``: weights decide how much, the mask whether."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="weighted_mean",
    number=36,
    title="Mean over the valid positions of each row with real weights",
    short="weighted mean",
    group="reductions",
    function="weighted_mean",
    signature="weighted_mean(x [B, T, ...], weight [B, T], mask [B, T]) -> [B, ...], "
    "weights of at least 0",
    formula="sum of w x over the row's valid positions / sum of w over them; what the "
    "weight is at padding changes nothing; a weight of zero is no mask, NaN beside it "
    "comes out; a row whose valid weights are all zero is left open",
    bound="(2 n + 6) v (sum of w |x|) / (sum of w) + [float16, bfloat16] 2 u |mean| + "
    "n eta / (sum of w): products, both sums and a division, or weights that are "
    "divided by their sum first",
    inputs=("x", "weight"),
    differentiable=("x", "weight"),
    variants=(Variant(result="row", empty="declared"),),
    also=("long-rows",),
    laws=(
        Law(
            name="scale",
            number=40,
            level="core",
            text="Weights of another scale, four times as large or a quarter, give the "
            "same mean.",
            why="a divisor that is the number of positions, or that has an epsilon",
            about="larger weights",
            since="0.2.0",
        ),
        Law(
            name="one-weight",
            number=41,
            level="core",
            text="Where all of a row's weight lies on one valid position, that value "
            "is the mean.",
            why="a softmax or a square of the weights, or weights that are ignored",
            about="one weight",
            since="0.2.0",
        ),
        Law(
            name="shift",
            number=42,
            level="core",
            text="Adding an exact number to every valid value adds it to the mean.",
            why="a divisor that is not the sum of the valid weights",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
