"""The specification of ``pack``: what counts, one behind another, without padding."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="pack",
    number=44,
    title="The valid positions of a batch, one behind another",
    short="pack",
    group="masks",
    function="pack",
    signature="pack(x [B, T, ...], mask [B, T], *, order) -> [B, T, ...], order rows "
    "or steps",
    formula="the batch's N valid positions in the first N of the answer's B T places, "
    "counted row by row, and zeros in the others; rows: a row's valid positions behind "
    "those of the rows before it, as jagged values and cu_seqlens have them; steps: "
    "every row's first valid position, then every row's second and so on, each time "
    "rows with more valid positions before those with fewer, and rows with as many in "
    "their own order, as torch's PackedSequence has them of sorted rows; where it "
    "sorts, it promises no order of equal ones. The answer has the size of "
    "x, so that a compiled function knows it: behind what a library gives that "
    "answers with N positions an adapter puts zeros",
    bound="0: nothing is computed",
    inputs=("x",),
    differentiable=("x",),
    rounds=False,
    without=(
        "batch-composition",  # a row's place depends on the others: see row-alone
        "valid-nan",  # NaN is a number like others here: see any-number
        "large-values",
    ),
    variants=tuple(
        Variant(keywords=(("order", order),), result="position", empty="zero")
        for order in ("rows", "steps")
    ),
    laws=(
        Law(
            name="row-alone",
            number=40,
            level="core",
            text="A row alone, trimmed to its valid positions, is packed to itself.",
            why="a place that is not counted from the batch's own beginning",
            about="rows alone",
            since="0.2.0",
        ),
        Law(
            name="parts",
            number=41,
            level="core",
            variants=("pack.rows",),
            text="What the first rows of a batch give, and behind it what the others "
            "give, is what all of them give.",
            why="rows that change places, and a boundary that is lost",
            about="a batch in two parts",
            since="0.2.0",
        ),
        Law(
            name="put-back",
            number=42,
            level="core",
            text="Put back to where it stood, what is packed is x at valid positions, "
            "each of them once.",
            why="a position that is packed twice, and one that is lost for it",
            about="packing and unpacking",
            since="0.2.0",
        ),
        Law(
            name="any-number",
            number=43,
            level="robust",
            text="NaN, infinities, the dtype's largest numbers and zeros at valid "
            "positions stand among the others as they are.",
            why="padding that is found by what stands there, or multiplied away",
            about="NaN, infinities, large numbers and zeros at valid positions",
            since="0.2.0",
        ),
        Law(
            name="many-positions",
            number=44,
            level="robust",
            one_batch=True,
            text="Rows of 130, 257 and 2049 valid positions stand one behind another.",
            why="places or lengths in int8, bfloat16 or float16",
            about="rows of 130 to 2049 positions",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
