"""The specification of ``crf_marginals``: padding is on no path."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

SINCE = "0.2.0"

OPERATION = Operation(
    name="crf_marginals",
    number=49,
    title="Each position's tags by their share of the paths of a linear-chain CRF",
    short="CRF shares",
    group="losses",
    function="crf_marginals",
    signature="crf_marginals(emissions [B, T, K], mask [B, T], transitions [K, K] from "
    "one to the next, start [K], end [K], *, ends) -> [B, T, K]; ends scored, or free: "
    "then without start and end",
    formula="p[t, k] = sum of exp s(y) over the paths y of the valid positions that "
    "have tag k at t / sum of exp s(y) over all, with s(y) as crf_partition has it; 0 "
    "at padding",
    bound="p (e^E - 1), at most 1, + 2 u p + eta, with E twice the roundings of all "
    "steps of the forward and of the backward algorithm, each (12 + 2 K + 4 log K) v + "
    "v (3 of what it reached + its emission and transition)",
    inputs=("emissions",),
    differentiable=("emissions",),
    weights=("transitions", "start", "end"),
    variants=tuple(
        Variant(
            keywords=(("ends", ends),),
            result="position",
            empty="zero",
            omits=omits,
        )
        for ends, omits in (("scored", ()), ("free", ("start", "end")))
    ),
    laws=(
        Law(
            name="sums-to-one",
            number=40,
            level="core",
            text="The shares of the tags of a valid position sum to one.",
            why="messages from both ends over different masks",
            since=SINCE,
        ),
        Law(
            name="shift",
            number=41,
            level="core",
            text="Adding an exact number to all emissions at valid positions changes "
            "nothing.",
            why="an emission that is counted from both ends",
            since=SINCE,
        ),
        Law(
            name="reversal",
            number=42,
            level="core",
            text="The reversed row with transposed transitions, start and end swapped, "
            "has the reversed shares.",
            why="messages from one end alone, a backward pass from the padded edge",
            since=SINCE,
        ),
        Law(
            name="renamed-tags",
            number=43,
            level="core",
            text="The same tags in another order have the same shares.",
            why="a tag that means padding, start or stop to the library",
            since=SINCE,
        ),
        Law(
            name="single-positions",
            number=44,
            level="core",
            text="Two rows of one position alone each have the softmax of start, "
            "emission and end.",
            why="a first or last position that is no step",
            since=SINCE,
        ),
        Law(
            name="many-positions",
            number=45,
            level="robust",
            about="rows of 160 positions",
            text="A row of 160 positions, none of whose paths float32 can tell from an "
            "impossible one, has its exact shares.",
            why="probabilities that are multiplied, lengths kept in int8",
            since=SINCE,
        ),
    ),
    since=SINCE,
)
