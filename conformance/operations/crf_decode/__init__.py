"""The specification of ``crf_decode``: the best path, and no tag at padding."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="crf_decode",
    number=18,
    title="The best tag path of a linear-chain CRF",
    short="CRF decode",
    group="losses",
    function="crf_decode",
    signature="crf_decode(emissions [B, T, K], mask [B, T], transitions [K, K] from "
    "one to the next, start [K], end [K]) -> [B, T] int",
    formula="the tags of the path over the valid positions with the largest score, as "
    "crf_log_likelihood scores it; any best path where there are several; at padding "
    "stands what the adapter declares: no tag, -1, or zero",
    bound="0 at a position where every path with another tag is worse by more than "
    "twice the rounding of a path's score, (2 n + 2) u of its magnitudes; elsewhere "
    "the path's score is held, by the law best-path",
    inputs=("emissions",),
    differentiable=(),
    weights=("transitions", "start", "end"),
    answer="integer",
    without=("gradient", "wild-gradient", "forward-gradient", "valid-nan"),
    variants=(
        Variant(
            result="position",
            empty="declared",
            usual_empty="no-tag",
            padding="declared",
            usual_padding="no-tag",
        ),
    ),
    laws=(
        Law(
            name="best-path",
            number=40,
            level="core",
            text="The path is made of tags that there are, and no path has a larger "
            "score by more than rounding.",
            why="a path traced back from padding, or scored over it",
        ),
        Law(
            name="reversal",
            number=41,
            level="core",
            text="The reversed row with transposed transitions, start and end "
            "swapped, has the reversed path.",
            why="an end that is taken at the padded row's edge, or never",
        ),
    ),
)
