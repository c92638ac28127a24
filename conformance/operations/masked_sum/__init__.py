"""The specification of ``masked_sum``: the sum of what counts, zero of nothing."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="masked_sum",
    number=11,
    title="Sum over the valid positions of each row",
    short="sum",
    formula="sum of x over the row's valid positions; zero for a row without any",
    bound="n v sum|x| + [float16, bfloat16] 2 u |sum| + eta",
    empty="zero",
    laws=(
        Law(
            name="shift",
            number=40,
            level="core",
            text="Adding an exact number to every valid value adds it once for each "
            "valid position.",
            why="padding that is added, or a sum that is divided",
        ),
        Law(
            name="ones",
            number=41,
            level="core",
            text="The sum of ones is the number of valid positions, exactly.",
            why="an epsilon, or a scale by the padded length",
        ),
    ),
)
