"""The specification of ``mask_from_ids``: every id but the padding id counts."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="mask_from_ids",
    number=9,
    title="The mask of a batch of ids, from the id that stands for padding",
    short="mask of ids",
    group="masks",
    function="mask_from_ids",
    signature="mask_from_ids(ids [B, T] of whole numbers, padding_id) -> [B, T] bool",
    formula="true where the id is not padding_id, wherever it stands: a real id that "
    "equals padding_id cannot be told from padding, inside a row as little as at its "
    "end",
    bound="0: nothing is computed",
    inputs=("ids",),
    differentiable=(),
    answer="boolean",
    without=(
        "padding-content",  # at padding stands the padding id, and nothing else
        "mask-form",
        "gradient",
        "wild-padding",
        "wild-gradient",
        "valid-nan",
        "large-values",
        "forward-gradient",
    ),
    variants=tuple(
        Variant(
            keywords=(("padding_id", str(number)),),
            values=(("padding_id", number),),
            result="position",
            empty="zero",
            makes_mask=True,
            labels=("ids",),
        )
        # The article's, and one beside which 0 is an id like others.
        for number in (0, 1)
    ),
    laws=(
        Law(
            name="large-ids",
            number=40,
            level="core",
            text="Ids up to 2^31 - 1 count, multiples of 256 and 65536 too.",
            why="ids narrowed to a few bits, where some become the padding id",
        ),
        Law(
            name="other-ids",
            number=41,
            level="core",
            text="The mask does not depend on which ids stand at valid positions.",
            why="an unknown or end-of-text id taken for padding",
        ),
    ),
)
