"""The specification of ``masked_max``: the largest value that is really there."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="masked_max",
    number=2,
    title="Maximum over the valid positions of each row",
    short="max",
    formula="the largest of the row's valid values; -0.0 equals 0.0",
    bound="0: a maximum rounds nothing",
    usual_empty="negative-infinity",
    also=("long-rows", "subnormals"),
    rounds=False,
    laws=(
        Law(
            name="member",
            number=40,
            level="core",
            module="conformance.operations.masked_max.laws",
            text="The maximum is one of the row's valid values.",
            why="padding's zero, or a fill value, that wins over negative values",
        ),
    ),
)
