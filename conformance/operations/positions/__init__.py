"""The specification of ``positions``: a token's number says how many came before it."""

from __future__ import annotations

from dataclasses import replace

from conformance.operations.packed_attention import OPERATION as PACKED
from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="positions",
    number=37,
    title="The position of each valid token in its row, or in its sequence of the row",
    short="positions",
    group="masks",
    function="positions",
    signature="positions(segments [B, T], mask [B, T], *, within, start) -> [B, T] "
    "int, within row or segment, start the first position, 0 or 2; segments as in "
    "packed_attention: whole numbers from 1 on, valid positions of a row with one "
    "number are one sequence, and stand together",
    formula="start + the number of valid positions before it in the row (row), or in "
    "the row with its number (segment); at padding what the adapter declares. Padding "
    "is not counted, wherever it stands, and row does not look at the segments. "
    "RoBERTa and fairseq start at padding_idx + 1, which is 2",
    bound="0: positions are counted",
    inputs=("segments",),
    differentiable=(),
    answer="integer",
    rounds=False,
    without=(
        "gradient",
        "wild-padding",
        "wild-gradient",
        "valid-nan",
        "large-values",
        "forward-gradient",
    ),
    variants=tuple(
        Variant(
            keywords=(("within", within), ("start", str(start))),
            values=(("start", start),),
            result="position",
            empty="declared",
            padding="declared",
            labels=("segments",),
        )
        for within in ("row", "segment")
        for start in (0, 2)
    ),
    laws=(
        Law(
            name="front-padding",
            number=40,
            level="core",
            needs="left",
            text="Padding that is put in front of every row, or of one row alone, "
            "changes no position.",
            why="positions counted along the row, padding included, or from one "
            "offset for the whole batch",
            since="0.2.0",
        ),
        Law(
            name="cut-short",
            number=41,
            level="core",
            text="A row that is cut off has the positions that it has in full length.",
            why="positions counted from the row's end, or from its padded length",
            about="rows that are cut off",
            since="0.2.0",
        ),
        Law(
            name="far-positions",
            number=42,
            level="robust",
            one_batch=True,
            text="Positions are as exact at the end of rows of 130, 257 and 2049 "
            "tokens as at their beginning.",
            why="positions kept in int8 or bfloat16, or cut off at a table's end",
            about="rows of 130 to 2049 tokens",
            since="0.2.0",
        ),
        replace(PACKED.law("sequence-order"), variants=("positions.segment.*",)),
        PACKED.law("renumbered"),
    ),
    since="0.2.0",
)
