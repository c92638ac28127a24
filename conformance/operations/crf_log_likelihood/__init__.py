"""The specification of ``crf_log_likelihood``: a path has no step at padding."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="crf_log_likelihood",
    number=17,
    title="Log-likelihood of a tag path in a linear-chain CRF",
    short="CRF loss",
    group="losses",
    function="crf_log_likelihood",
    signature="crf_log_likelihood(emissions [B, T, K], tags [B, T] int, mask [B, T], "
    "transitions [K, K] from one to the next, start [K], end [K]) -> [B]",
    formula="s(y) - log sum of exp s(y') over all paths y' of the valid positions; "
    "s(y) = start of the first valid tag + the emissions of the tags at valid "
    "positions + the transitions between each valid position's tag and the next valid "
    "one's + end of the last valid tag; 0 or an error for a row without any",
    bound="a running error carried through the forward algorithm, + (2 n + 2) u sum of "
    "the path's magnitudes + 2 u |answer| + eta",
    inputs=("emissions", "tags"),
    differentiable=("emissions",),
    weights=("transitions", "start", "end"),
    variants=(Variant(result="row", empty="declared", labels=("tags",)),),
    also=("long-rows",),
    laws=(
        Law(
            name="sums-to-one",
            number=40,
            level="core",
            text="The probabilities of all paths of a row sum to one.",
            why="a path's score and the partition that use different masks",
        ),
        Law(
            name="shift",
            number=41,
            level="core",
            text="Adding an exact number to all emissions at valid positions changes "
            "nothing.",
            why="emissions of padding in the score or in the partition alone",
        ),
        Law(
            name="reversal",
            number=42,
            level="core",
            text="The reversed row with transposed transitions, start and end "
            "swapped, has the same likelihood.",
            why="an end that is taken at the padded row's edge, or never",
        ),
        Law(
            name="padding-tags",
            number=43,
            level="robust",
            about="no tags at padding",
            text="The tag at a padded position may be anything, also no tag at all.",
            why="a gather before the mask, or a tag id that doubles as padding",
        ),
    ),
)
