"""The specification of ``unpack``: packed values, back where their positions stand."""

from __future__ import annotations

from conformance.operations.mask_from_lengths import OPERATION as FROM_LENGTHS
from conformance.operations.pack import OPERATION as PACK
from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="unpack",
    number=45,
    title="Packed values, each at its position, and zeros at padding",
    short="unpack",
    group="masks",
    function="unpack",
    signature="unpack(values [B, S, ...], x [B, T], mask [B, T], *, order) -> "
    "[B, T, ...], order rows or steps; of x the shape alone is read",
    formula="of the B S values, counted row by row, the first N stand at the batch's "
    "N valid positions, in the order that pack gives them, and zeros at padding; what "
    "is behind the N-th value is not read. What pack gives, for S = T, so comes back "
    "as it was. B S is at least N",
    bound="0: nothing is computed",
    inputs=("x",),
    beside=("values",),
    differentiable=("values",),
    rounds=False,
    without=(
        # Padding is behind the values here, not at positions: see behind-the-last,
        # wild-behind, returned-cotangent and wild-behind-gradient.
        "padding-content",
        "wild-padding",
        "gradient",
        "wild-gradient",
        # Values belong to whichever row comes: see row-alone and round-trip.
        "batch-composition",
        "batch-order",
        "valid-nan",  # NaN is a number like others here: see any-number
        "large-values",
    ),
    variants=tuple(
        Variant(keywords=(("order", order),), result="position", empty="zero")
        for order in ("rows", "steps")
    ),
    laws=(
        FROM_LENGTHS.law("only-its-shape"),
        PACK.law("many-positions"),
        Law(
            name="round-trip",
            number=45,
            level="core",
            text="What pack gives comes back as it was: x at valid positions, zeros "
            "at padding.",
            why="rows that are not put back in their order, places that are not pack's",
            about="what was packed before",
            since="0.2.0",
        ),
        Law(
            name="row-alone",
            number=46,
            level="core",
            text="A row alone, without padding, has the first values as they are.",
            why="a place that is not counted from the first value on",
            about="rows alone",
            since="0.2.0",
        ),
        Law(
            name="behind-the-last",
            number=47,
            level="core",
            text="Other numbers behind the last value that is needed change nothing.",
            why="padding that is filled with what comes next",
            about="other numbers behind the last value",
            since="0.2.0",
        ),
        Law(
            name="wild-behind",
            number=48,
            level="robust",
            text="Infinities, NaN and the dtype's largest numbers behind the last "
            "value change nothing.",
            why="what is read too far and multiplied by the mask",
            about="infinities and NaN behind the last value",
            since="0.2.0",
        ),
        Law(
            name="wild-behind-gradient",
            number=49,
            level="robust",
            needs="gradient",
            dtypes=("float32", "float64"),
            text="With those behind the last value the derivatives are as without "
            "them: zero behind the last value, bit for bit.",
            why="where() around what is read too far, whose derivative is NaN",
            about="derivatives beside infinities and NaN behind the last value",
            since="0.2.0",
        ),
        Law(
            name="returned-cotangent",
            number=51,
            level="core",
            needs="gradient",
            dtypes=("float32", "float64"),
            text="For a random cotangent each value's derivative is the cotangent at "
            "its position, bit for bit in every dtype, and zero behind the last.",
            why="cotangents that go back to other values, or are taken from padding",
            about="derivatives of values",
            since="0.2.0",
        ),
        Law(
            name="any-number",
            number=50,
            level="robust",
            text="NaN, infinities, the dtype's largest numbers and zeros among the "
            "values stand at their positions as they are.",
            why="a row's end that is found by what its values are",
            about="NaN, infinities, large numbers and zeros among the values",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
