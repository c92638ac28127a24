"""The specification of ``masked_cumsum``: sums up to each valid position."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_cumsum",
    number=35,
    title="Sum of the valid values up to each position",
    short="cumulative sum",
    group="reductions",
    function="masked_cumsum",
    signature="masked_cumsum(x [B, T, ...], mask [B, T]) -> [B, T, ...]",
    formula="at a valid position the sum of x over the row's valid positions up to "
    "it, its own included; a padded position adds nothing, wherever it is; at padding "
    "stands what the adapter declares, zero or the sum that is held",
    bound="n v (sum of |x| up to there) + [float16, bfloat16] 2 u |sum| + eta, n the "
    "valid positions up to there: whatever the order of the sums, as in a parallel "
    "scan",
    inputs=("x",),
    differentiable=("x",),
    variants=(Variant(result="position", empty="zero", padding="declared"),),
    laws=(
        Law(
            name="causal",
            number=40,
            level="core",
            text="Other values at later positions leave the sums of earlier ones as "
            "they are.",
            why="a sum from the end, or the row's total less what follows",
            since="0.2.0",
        ),
        Law(
            name="counts",
            number=41,
            level="core",
            text="Sums of ones number the valid positions, in rows of 130, 300 and "
            "2052.",
            why="sums in int8, bfloat16 or float16",
            about="long rows",
            since="0.2.0",
        ),
        Law(
            name="steps",
            number=42,
            level="core",
            text="Whole numbers come back as the differences of neighbouring sums.",
            why="means, decays, or a sum that leaves its own position out",
            about="differences",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
