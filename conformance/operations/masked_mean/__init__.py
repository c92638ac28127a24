"""The specification of ``masked_mean``: pooling without the padding's share."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_mean",
    number=1,
    title="Mean over the valid positions of each row",
    short="mean",
    group="reductions",
    function="masked_mean",
    signature="masked_mean(x [B, T, ...], mask [B, T]) -> [B, ...]",
    formula="sum of x over the row's valid positions / their number",
    bound="(n + 1) v mean|x| + [float16, bfloat16] 2 u |mean| + eta",
    inputs=("x",),
    differentiable=("x",),
    variants=(Variant(result="row", empty="declared"),),
    also=("long-rows", "subnormals"),
    laws=(
        Law(
            name="between",
            number=40,
            level="core",
            text="The mean lies between the smallest and the largest valid value.",
            why="padding in the sum or in the count",
        ),
        Law(
            name="shift",
            number=41,
            level="core",
            text="Adding an exact number to every valid value adds it to the mean.",
            why="a divisor that is not the number of valid positions",
        ),
    ),
)
