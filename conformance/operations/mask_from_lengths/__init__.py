"""The specification of ``mask_from_lengths``: how many positions of a row count."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="mask_from_lengths",
    number=42,
    title="The mask of a batch of lengths",
    short="mask of len.",
    group="masks",
    function="mask_from_lengths",
    signature="mask_from_lengths(lengths [B] of whole numbers, x [B, T, ...], *, side) "
    "-> [B, T] bool, side where padding stands, right or left; of x the shape alone is "
    "read",
    formula="true at a row's first min(length, T) positions where padding stands on "
    "the right, at its last ones where it stands on the left; lengths are at least 0, "
    "count positions, and need no order. A share of T, as SpeechBrain's relative "
    "lengths, is no length",
    bound="0: nothing is computed",
    inputs=("x",),
    beside=("lengths",),
    differentiable=(),
    answer="boolean",
    rounds=False,
    without=(
        "padding-content",  # x may hold anything anywhere: see only-its-shape
        "mask-form",
        "gradient",
        "wild-padding",
        "wild-gradient",
        "valid-nan",
        "left-padding",  # a length does not say where padding stands, the variant does
        "gaps",
        "large-values",
        "forward-gradient",
    ),
    variants=tuple(
        Variant(
            keywords=(("side", side),),
            result="position",
            empty="zero",
            makes_mask=True,
            labels=("lengths",),
        )
        for side in ("right", "left")
    ),
    laws=(
        Law(
            name="beyond-time",
            number=40,
            level="robust",
            text="Of a row whose length is above T every position counts.",
            why="a length that wraps round, or a row that is dropped for it",
            about="lengths above T",
            since="0.2.0",
        ),
        Law(
            name="only-its-shape",
            number=41,
            level="core",
            text="What x holds changes nothing: zeros alone, or the largest numbers "
            "that there are.",
            why="a mask that is taken from the values as well",
            about="x of zeros, or of large numbers",
            since="0.2.0",
        ),
        Law(
            name="far-lengths",
            number=42,
            level="robust",
            one_batch=True,
            text="Rows of 130, 257 and 2049 positions end where their lengths say.",
            why="positions or lengths compared in int8, bfloat16 or float16",
            about="rows of 130 to 2049 positions",
            since="0.2.0",
        ),
        Law(
            name="length-types",
            number=43,
            level="robust",
            one_batch=True,
            text="Lengths of 32 and of 8 bits mean the same, also where T is more than "
            "eight bits hold.",
            why="positions counted in the lengths' own dtype, lengths read as other "
            "integers",
            about="lengths in int32 and uint8",
            since="0.2.0",
        ),
        Law(
            name="adds-up",
            number=44,
            level="core",
            text="As many positions of a row count as its length says, one run of "
            "them, which touches the side without padding.",
            why="an end that is off by one, padding on the other side",
            about="how many positions count",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
