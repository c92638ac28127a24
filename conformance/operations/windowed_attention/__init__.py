"""The specification of ``windowed_attention``: queries see near keys alone."""

from __future__ import annotations

from dataclasses import replace

from conformance.operations.attention import OPERATION as ATTENTION
from conformance.specification import Law, Operation, Variant

_SHARED = {
    law.name: replace(law, since="0.2.0", variants=("*",)) for law in ATTENTION.laws
}
"""What attention asks for as well, whatever its keys are: the same functions."""

OPERATION = Operation(
    name="windowed_attention",
    number=29,
    title="Attention to the keys of a window around each position, some being padding",
    short="windowed attention",
    group="weights",
    function="windowed_attention",
    signature="windowed_attention(query, key, value [B, T, N, D], mask [B, T], *, "
    "causal, window) -> [B, T, N, D], causal true or false, window a whole number: "
    "how far the window reaches on each side, the query's own position not counted",
    formula="sum over j of p_ij value_j, p_ij = exp(s_ij - M_i) / sum of exp(s_ik - "
    "M_i), over the valid keys j with |i - j| <= window and, if causal, j <= i; s_ij = "
    "query_i . key_j / sqrt(D), M_i their maximum; at padded queries what the adapter "
    "declares. The window counts positions, padding between valid ones included, as "
    "flash-attention, JAX, FlexAttention and Transformers count: a row with gaps has "
    "another answer than the same row without them, and padding in front of a row or "
    "behind it moves nothing",
    bound="that of attention, over the keys that the query sees",
    inputs=("query", "key", "value"),
    differentiable=("query", "key", "value"),
    trims="outside",
    variants=tuple(
        Variant(
            keywords=(("causal", name), ("window", str(window))),
            values=(("causal", name == "causal"), ("window", window)),
            result="position",
            empty="declared",
            padding="declared",
        )
        # Two numbers, so that a window of the adapter's own is not the one asked for.
        for name, window in (("full", 1), ("causal", 2))
    ),
    laws=(
        _SHARED["convex"],
        _SHARED["key-shift"],
        _SHARED["heads-apart"],
        _SHARED["two-layers"],
        replace(_SHARED["causal"], variants=("windowed_attention.causal.*",)),
        Law(
            name="outside-the-window",
            number=45,
            level="core",
            text="Other numbers farther from a position than the window reaches leave "
            "its answer as it is.",
            why="a window that reaches one position too far, or to its block's end, or "
            "that is lost where a mask is given",
            since="0.2.0",
        ),
        Law(
            name="wide-window",
            number=46,
            level="core",
            text="Where the window spans the whole row, the answer is that of "
            "attention.",
            why="blocks that end before the window does, keys beyond a row's ends that "
            "were filled in and count",
            since="0.2.0",
        ),
        Law(
            name="reversed",
            number=47,
            level="core",
            variants=("windowed_attention.full.*",),
            text="The answers of a row turned round are its answers turned round.",
            why="a window that looks back alone, or ahead alone",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
