"""The specification of ``masked_mean``: pooling without the padding's share."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="masked_mean",
    number=1,
    title="Mean over the valid positions of each row",
    short="mean",
    formula="sum of x over the row's valid positions / their number",
    bound="(n + 1) v mean|x| + [float16, bfloat16] 2 u |mean| + eta",
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
