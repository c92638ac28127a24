"""The specification of ``lengths_from_mask``: how many count, or where the last is."""

from __future__ import annotations

from conformance.operations.mask_from_lengths import OPERATION as FROM_LENGTHS
from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="lengths_from_mask",
    number=43,
    title="The length of each row of a mask",
    short="lengths",
    group="masks",
    function="lengths_from_mask",
    signature="lengths_from_mask(x [B, T, ...], mask [B, T], *, by) -> [B] int, by "
    "count or extent; of x the shape alone is read, for T where there is no mask",
    formula="count: how many of the row's positions are valid, wherever they are; "
    "extent: the number of its last valid position, from 1 on, padding before it "
    "included, as what cuts rows at their end needs it; 0 for a row without valid "
    "positions. The two are one length where padding is on the right alone",
    bound="0: positions are counted",
    inputs=("x",),
    differentiable=(),
    answer="integer",
    rounds=False,
    also=("long-rows",),
    without=(
        "padding-content",  # x may hold anything anywhere: see only-its-shape
        "gradient",
        "wild-padding",
        "wild-gradient",
        "valid-nan",
        "large-values",
        "left-padding",  # padding in front is not ignored by extent: see the laws
        "gaps",
        "forward-gradient",
    ),
    variants=tuple(
        Variant(
            keywords=(("by", by),), result="row", empty="zero", placed=by == "extent"
        )
        for by in ("count", "extent")
    ),
    laws=(
        FROM_LENGTHS.law("only-its-shape"),
        Law(
            name="one-more",
            number=45,
            level="core",
            text="One valid position more, behind a row's last one, makes its length "
            "longer by one.",
            why="a length that stops at a number, or at another row's",
            about="one position more",
            since="0.2.0",
        ),
        Law(
            name="wherever-it-stands",
            number=46,
            level="robust",
            needs="left",
            variants=("*.count",),
            text="Padding in front of a row changes no count, nor does padding in "
            "between.",
            why="the place of the first padding, or of the last valid position",
            about="padding in front and in between",
            since="0.2.0",
        ),
        Law(
            name="up-to-the-last",
            number=47,
            level="robust",
            needs="left",
            variants=("*.extent",),
            text="Padding in front of a row's last valid position is part of its "
            "extent, in front of the row and in between.",
            why="a count of valid positions, which cuts off the row's end",
            about="padding in front and in between",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
