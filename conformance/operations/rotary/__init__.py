"""The specification of ``rotary``: features turned by a token's own position."""

from __future__ import annotations

from conformance.operations.positions import OPERATION as POSITIONS
from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="rotary",
    number=38,
    title="Rotary embedding: pairs of features turned by the position of their token",
    short="rotary",
    group="layers",
    function="rotary",
    signature="rotary(x [B, T, N, D], mask [B, T], *, layout) -> [B, T, N, D], D even, "
    "layout half or interleaved, each of the N heads by itself",
    formula="the features a and b of pair d, d < D/2, become a cos - b sin and "
    "a sin + b cos of the angle p 10000^(-2d/D), p the number of valid positions "
    "before the token in its row; half: features d and d + D/2 are a pair, "
    "interleaved: 2d and 2d + 1; at padding what the adapter declares. Padding is not "
    "counted, wherever it stands: what attention makes of queries and keys that are "
    "turned so depends on the number of tokens between them alone",
    bound="3 u (|a cos| + |b sin|) + v (|a| + |b|) (4 + p f (4 + 2 |log f|)) + 2 eta, "
    "f = 10000^(-2d/D), and the same of a sin and b cos",
    inputs=("x",),
    differentiable=("x",),
    variants=tuple(
        Variant(
            keywords=(("layout", layout),),
            result="position",
            empty="declared",
            padding="declared",
        )
        for layout in ("half", "interleaved")
    ),
    laws=(
        POSITIONS.law("front-padding"),
        POSITIONS.law("cut-short"),
        Law(
            name="far-tokens",
            number=43,
            level="robust",
            one_batch=True,
            text="The tokens at the end of rows of 130, 257 and 2049 are turned as "
            "exactly as their angles allow.",
            why="positions or angles kept in float16 or bfloat16, or cut off at a "
            "table's end",
            about="rows of 130 to 2049 tokens",
            since="0.2.0",
        ),
        Law(
            name="lengths-kept",
            number=44,
            level="core",
            text="Each pair of features is as long as it was.",
            why="a sign that is lost, sines and cosines of two angles",
            since="0.2.0",
        ),
        Law(
            name="same-distance",
            number=45,
            level="core",
            text="Where all tokens of a row are one, the product of two neighbours is "
            "the same anywhere in the row.",
            why="angles that do not grow by the same step from token to token",
            about="one token all along a row",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
