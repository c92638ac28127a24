"""The specification of ``masked_cummax``: the largest value up to each position."""

from __future__ import annotations

from conformance.operations.masked_cumsum import OPERATION as SUMS
from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_cummax",
    number=53,
    title="Largest of the valid values up to each position",
    short="cumulative max",
    group="reductions",
    function="masked_cummax",
    signature="masked_cummax(x [B, T, ...], mask [B, T]) -> [B, T, ...]",
    formula="at a valid position the largest of x over the row's valid positions up "
    "to it, its own included; -0.0 equals 0.0; from a NaN on it is NaN; at padding "
    "stands what the adapter declares, zero or the largest value that is held",
    bound="0: a maximum rounds nothing",
    inputs=("x",),
    differentiable=("x",),
    rounds=False,
    variants=(Variant(result="position", empty="zero", padding="declared"),),
    laws=(
        SUMS.law("causal"),
        Law(
            name="climbs",
            number=41,
            level="core",
            text="Each answer is the value at its position or the answer before it, "
            "whichever is larger.",
            why="a fill value, padding's zero, or a maximum that begins again",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
