"""The specification of ``masked_min``: padding never wins here either."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_min",
    number=12,
    title="Minimum over the valid positions of each row",
    short="min",
    group="reductions",
    function="masked_min",
    signature="masked_min(x [B, T, ...], mask [B, T]) -> [B, ...]",
    formula="the smallest of the row's valid values; -0.0 equals 0.0",
    bound="0: a minimum rounds nothing",
    inputs=("x",),
    differentiable=("x",),
    variants=(
        Variant(
            result="row",
            empty="declared",
            usual_empty="infinity",
        ),
    ),
    also=("long-rows",),
    rounds=False,
    laws=(
        Law(
            name="member",
            number=40,
            level="core",
            module="conformance.operations.masked_max.laws",
            text="The minimum is one of the valid values.",
            why="a fill value or the zero of padding that wins",
        ),
    ),
)
