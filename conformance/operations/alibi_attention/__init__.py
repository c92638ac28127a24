"""The specification of ``alibi_attention``: scores that fall with the distance."""

from __future__ import annotations

from dataclasses import replace

from conformance.operations.positions import OPERATION as POSITIONS
from conformance.operations.windowed_attention import OPERATION as WINDOWED
from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="alibi_attention",
    number=47,
    title="Attention with ALiBi: scores fall with the number of tokens in between",
    short="alibi attention",
    group="weights",
    function="alibi_attention",
    signature="alibi_attention(query, key, value [B, T, N, D], mask [B, T], *, causal) "
    "-> [B, T, N, D], causal true or false, each of the N heads by itself, with a "
    "slope of its own",
    formula="sum over j of p_ij value_j, p_ij = exp(s_ij - M_i) / sum of exp(s_ik - "
    "M_i), over the keys j that are valid and, if causal, j <= i; s_ij = query_i . "
    "key_j / sqrt(D) - m |c_i - c_j|, M_i their maximum, c_i the number of valid "
    "positions before i in its row: padding is not counted, wherever it stands. The "
    "slopes m are the authors' own: 2^(-8 h/N), h from 1 to N, where N is a power of "
    "two; else those of the largest power of two P below N, then every other one of "
    "2 P heads, from the first on; at padded queries what the adapter declares",
    bound="that of attention, r_ij with (4u + (D + 2) v) m max(c_i, c_j) as well: a "
    "causal bias may be m c_j alone",
    inputs=("query", "key", "value"),
    differentiable=("query", "key", "value"),
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
        WINDOWED.law("convex"),
        WINDOWED.law("key-shift"),
        WINDOWED.law("two-layers"),
        replace(WINDOWED.law("causal"), variants=("alibi_attention.causal",)),
        replace(POSITIONS.law("front-padding"), number=45),
        replace(
            WINDOWED.law("reversed"),
            variants=("alibi_attention.full",),
            why="a bias that falls on one side alone, or that grows on the other",
        ),
        Law(
            name="distance-alone",
            number=48,
            level="core",
            text="Where all queries are zero, a weight falls by exp(-m) with each "
            "token in between, whatever the keys.",
            why="slopes of another number of heads, a bias that is lost, scaled, "
            "clipped or of the other sign",
            about="queries of zero",
            since="0.2.0",
        ),
        Law(
            name="far-keys",
            number=49,
            level="robust",
            one_batch=True,
            text="The last tokens of rows of 130, 257 and 300 attend as exactly as "
            "the first.",
            why="positions kept in bfloat16",
            about="rows of 130 to 300 tokens",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
