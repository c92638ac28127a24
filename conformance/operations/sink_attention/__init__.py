"""The specification of ``sink_attention``: a share of each query goes to no key."""

from __future__ import annotations

from dataclasses import replace

from conformance.operations.windowed_attention import OPERATION as WINDOWED
from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="sink_attention",
    number=54,
    title="Attention with a learned sink, a score of each head that has no value",
    short="sink attention",
    group="weights",
    function="sink_attention",
    signature="sink_attention(query, key, value [B, T, N, D], mask [B, T], sink [N], "
    "*, causal) -> [B, T, N, D], causal true or false, sink a finite score for each "
    "of the N heads, not divided by sqrt(D)",
    formula="sum over j of p_ij value_j, p_ij = exp(s_ij - M_i) / (exp(z - M_i) + sum "
    "of exp(s_ik - M_i)), over the keys j that are valid and, if causal, j <= i; s_ij "
    "= query_i . key_j / sqrt(D), z the head's sink, M_i the largest of z and the "
    "scores: the probabilities of the keys sum to less than one, as in gpt-oss; at "
    "padded queries what the adapter declares",
    bound="that of attention with one key more, whose score is exact and whose value "
    "is zero",
    inputs=("query", "key", "value"),
    differentiable=("query", "key", "value"),
    weights=("sink",),
    variants=tuple(
        Variant(
            keywords=(("causal", name),),
            values=(("causal", name == "causal"),),
            result="position",
            empty="declared",
            padding="declared",
        )
        for name in ("full", "causal")
    ),
    laws=(
        WINDOWED.law("two-layers"),
        replace(WINDOWED.law("causal"), variants=("sink_attention.causal",)),
        replace(
            WINDOWED.law("reversed"),
            variants=("sink_attention.full",),
            why="a sink that is the first key's, or that only keys behind it feed",
        ),
        Law(
            name="heads-and-sinks",
            number=48,
            level="core",
            text="The heads in turned order, each with its own sink, have the answers "
            "that they had, and so has one head alone.",
            why="sinks of other heads, or repeated where they must be tiled",
            about="heads in another order",
            since="0.2.0",
        ),
        Law(
            name="what-the-sink-leaves",
            number=49,
            level="core",
            text="Where all values are one, an answer is one less the sink's share.",
            why="a sink that is lost, counted twice, or that keeps a value",
            about="values of one",
            since="0.2.0",
        ),
        Law(
            name="no-sink",
            number=50,
            level="core",
            text="With a sink of -32768, far below every score, the answer is that of "
            "attention.",
            why="a sink that is added as it is, not its exponential",
            about="a sink far below the scores",
            since="0.2.0",
        ),
        Law(
            name="all-to-the-sink",
            number=51,
            level="robust",
            text="With a sink of 32768, far above every score, the answer is zero.",
            why="a maximum over the keys alone, beyond which the sink's exponential "
            "overflows",
            about="a sink far above the scores",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
