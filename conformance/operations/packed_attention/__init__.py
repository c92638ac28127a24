"""The specification of ``packed_attention``: no sequence of a row sees another."""

from __future__ import annotations

from dataclasses import replace

from conformance.operations.attention import OPERATION as ATTENTION
from conformance.specification import Law, Operation, Variant

_SHARED = {
    law.name: replace(law, since="0.2.0", variants=("*",)) for law in ATTENTION.laws
}
"""What attention asks for as well, whatever its keys are: the same functions."""

OPERATION = Operation(
    name="packed_attention",
    number=32,
    title="Attention within each of several sequences that share a row",
    short="packed attention",
    group="weights",
    function="packed_attention",
    signature="packed_attention(query, key, value [B, T, N, D], segments [B, T], mask "
    "[B, T], *, causal) -> [B, T, N, D], segments whole numbers from 1 on: valid "
    "positions of a row with one number are one sequence, and stand together; causal "
    "true or false",
    formula="sum over j of p_ij value_j, p_ij = exp(s_ij - M_i) / sum of exp(s_ik - "
    "M_i), over the valid keys j of the query's own row with its number, and, if "
    "causal, j <= i; s_ij = query_i . key_j / sqrt(D), M_i their maximum; at padded "
    "queries what the adapter declares. Which numbers they are says nothing, and at "
    "padding any number may stand, a sequence's too. cu_seqlens say the same: where "
    "each sequence begins among the valid positions, and where the last one ends",
    bound="that of attention, over the keys that the query sees",
    inputs=("query", "key", "value", "segments"),
    differentiable=("query", "key", "value"),
    variants=tuple(
        Variant(
            keywords=(("causal", name),),
            values=(("causal", name == "causal"),),
            result="position",
            empty="declared",
            padding="declared",
            labels=("segments",),
        )
        for name in ("full", "causal")
    ),
    laws=(
        _SHARED["convex"],
        _SHARED["key-shift"],
        _SHARED["heads-apart"],
        _SHARED["two-layers"],
        replace(_SHARED["causal"], variants=("packed_attention.causal",)),
        Law(
            name="alone",
            number=45,
            level="core",
            text="Each sequence has the answers that attention gives it in a row of "
            "its own.",
            why="sequences that see each other, a boundary off by one, positions "
            "counted in the row where the sequence's are meant",
            since="0.2.0",
        ),
        Law(
            name="other-sequences",
            number=46,
            level="core",
            text="Other numbers in the other sequences of a row leave a sequence's "
            "answers as they are.",
            why="boundaries that are lost, or replaced by the padding mask",
            since="0.2.0",
        ),
        Law(
            name="sequence-order",
            number=47,
            level="core",
            text="The answers of a row whose sequences stand in another order are its "
            "answers in that order.",
            why="boundaries of another row, sequences sorted and not sorted back",
            since="0.2.0",
        ),
        Law(
            name="renumbered",
            number=48,
            level="core",
            text="Falling numbers, or larger ones, for the same sequences change "
            "nothing.",
            why="numbers taken for places, counts or a mask, sequences found by the "
            "number that the first one ought to have",
            since="0.2.0",
        ),
        Law(
            name="one-sequence",
            number=49,
            level="core",
            text="Where each row is one sequence, the answer is that of attention.",
            why="a longest sequence that is taken from elsewhere, a first key that is "
            "hidden",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
