"""The specification of ``masked_min``: padding never wins here either."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="masked_min",
    number=12,
    title="Minimum over the valid positions of each row",
    short="min",
    formula="the smallest of the row's valid values; -0.0 equals 0.0",
    bound="0: a minimum rounds nothing",
    usual_empty="infinity",
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
