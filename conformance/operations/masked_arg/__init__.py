"""The specification of ``masked_arg``: where the largest or smallest value stands."""

from __future__ import annotations

from conformance.specification import Law, specify_reduction

OPERATION = specify_reduction(
    name="masked_arg",
    number=34,
    title="Position of the largest or the smallest valid value of each row",
    short="arg max, min",
    formula="the first of the row's valid positions that hold its largest valid value "
    "(`max`) or its smallest one (`min`), counted from 0 with padding; -0.0 equals "
    "0.0; a row with NaN at a valid position is left open",
    bound="0: a position is right or wrong",
    keywords=({"of": "max"}, {"of": "min"}),
    answer="integer",
    rounds=False,
    laws=(
        Law(
            name="first-of-ties",
            number=40,
            level="core",
            text="Where all valid values are equal, it is the row's first valid "
            "position.",
            why="the last of several, or whichever a parallel search meets first",
            about="equal values",
            since="0.2.0",
        ),
        Law(
            name="peak",
            number=41,
            level="core",
            text="One value that stands out at the last valid position of a row of "
            "130, 300 or 2052 is found there.",
            why="positions in int8, bfloat16 or float16",
            about="a position far behind",
            since="0.2.0",
        ),
        Law(
            name="losing-infinity",
            number=42,
            level="robust",
            needs="left",
            text="Where all valid values are the infinity that loses, behind padding, "
            "it is the row's first valid position.",
            why="padding filled with that infinity, and found before the values",
            about="infinite values",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
