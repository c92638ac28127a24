"""The specification of ``masked_topk``: the k largest values that are there."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_topk",
    number=56,
    title="The k largest valid values of each row, largest first",
    short="top k",
    group="reductions",
    function="masked_topk",
    signature="masked_topk(x [B, T, ...], mask [B, T], *, k) -> [B, k, ...]",
    formula="the k largest of the row's valid values, largest first, equal ones as "
    "often as they stand there; -0.0 equals 0.0. A row with n < k of them gives its n "
    "values, and in the k - n places behind stands what the adapter declares at "
    "padding, minus infinity, zero or what an empty row gives; so it is where T < k. "
    "NaN comes first, as often as it stands there; what stands behind NaN is left "
    "open. Where equal values share a cotangent, any non-negative shares are right "
    "that sum to one for each place",
    bound="0: a choice rounds nothing",
    inputs=("x",),
    differentiable=("x",),
    rounds=False,
    variants=tuple(
        Variant(
            keywords=(("k", str(k)),),
            values=(("k", k),),
            result="row",
            empty="declared",
            padding="declared",
            usual_empty="negative-infinity",
            usual_padding="negative-infinity",
        )
        for k in (2, 3)
    ),
    laws=(
        Law(
            name="descends",
            number=40,
            level="core",
            text="No answer is larger than the one before it.",
            why="values in ascending order, or in the row's own",
            about="the order of the answers",
            since="0.2.0",
        ),
        Law(
            name="repeated-values",
            number=41,
            level="core",
            text="Where all valid values are equal, each place has that value, as many "
            "as the row has of them.",
            why="a maximum found k times, each time without all that equal it; a set "
            "of values",
            about="equal values",
            since="0.2.0",
        ),
        Law(
            name="missing-places",
            number=42,
            level="core",
            text="A row of fewer than k valid positions gives them all, and what is "
            "declared in the places behind; T < k is no special case.",
            why="places filled from padding or with a fill value, a k that is cut to "
            "the padded length, or is beyond it and raises",
            about="rows of fewer than k values",
            since="0.2.0",
        ),
        Law(
            name="peak",
            number=43,
            level="core",
            text="k values that stand out at the last valid positions of a row of 130, "
            "300 or 2052 are found there.",
            why="positions in int8, bfloat16 or float16, a search that samples",
            about="positions far behind",
            since="0.2.0",
        ),
        Law(
            name="tied-shares",
            number=44,
            level="core",
            needs="gradient",
            dtypes=("float32", "float64"),
            text="The derivatives of equal valid values sum to the cotangents of the "
            "places that hold that value, and what is positive in them to no more than "
            "what is positive there.",
            why="the whole cotangent for each of several equal values",
            about="the shares of equal values",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
