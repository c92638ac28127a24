"""The specification of ``crf_partition``: padding is on no path."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

SINCE = "0.2.0"

OPERATION = Operation(
    name="crf_partition",
    number=48,
    title="Log of the sum over all tag paths of a linear-chain CRF",
    short="CRF sum",
    group="losses",
    function="crf_partition",
    signature="crf_partition(emissions [B, T, K], mask [B, T], transitions [K, K] from "
    "one to the next, start [K], end [K], *, ends) -> [B]; ends scored, or free: then "
    "without start and end",
    formula="log sum of exp s(y) over all paths y of the valid positions, with s(y) as "
    "crf_log_likelihood has it, or with free ends without start and end; 0 or an error "
    "for a row without any",
    bound="the larger of two running errors, of the forward algorithm over the row and "
    "over the row reversed, + 2 u |answer| + eta",
    inputs=("emissions",),
    differentiable=("emissions",),
    weights=("transitions", "start", "end"),
    variants=tuple(
        Variant(
            keywords=(("ends", ends),),
            result="row",
            empty="declared",
            omits=omits,
        )
        for ends, omits in (("scored", ()), ("free", ("start", "end")))
    ),
    also=("long-rows",),
    laws=(
        Law(
            name="best-and-all",
            number=40,
            level="core",
            text="The answer is at least the best path's score, and at most log K for "
            "each valid position above it.",
            why="a sum over too few or too many paths, an answer divided by a length",
            since=SINCE,
        ),
        Law(
            name="shift",
            number=41,
            level="core",
            text="Adding an exact number to all emissions at valid positions adds it "
            "once for each of them.",
            why="emissions that are counted twice, never, or normalised",
            since=SINCE,
        ),
        Law(
            name="reversal",
            number=42,
            level="core",
            text="The reversed row with transposed transitions, start and end swapped, "
            "has the same answer.",
            why="an end that is taken at the padded row's edge, or never",
            since=SINCE,
        ),
        Law(
            name="renamed-tags",
            number=43,
            level="core",
            text="The same tags in another order have the same answer.",
            why="a tag that means padding, start or stop to the library",
            since=SINCE,
        ),
        Law(
            name="single-positions",
            number=44,
            level="core",
            about="two rows of one position",
            text="Two rows of one position alone each have the log-sum of start, "
            "emission and end.",
            why="a first position that is no step, or a step from nowhere",
            since=SINCE,
        ),
    ),
    since=SINCE,
)
