"""The specification of ``attention``: no query sees a padded key."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="attention",
    number=6,
    title="Scaled dot-product attention within each row, some keys being padding",
    short="attention",
    group="weights",
    function="attention",
    signature="attention(query, key, value [B, T, N, D], mask [B, T], *, causal) "
    "-> [B, T, N, D], causal true or false, each of the N heads by itself",
    formula="sum over j of p_ij value_j, p_ij = exp(s_ij - M_i) / sum of exp(s_ik - "
    "M_i), over the keys j that are valid and, if causal, j <= i; s_ij = query_i . "
    "key_j / sqrt(D), M_i their maximum; at padded queries what the adapter declares",
    bound="sum E_ij |value_j| + (2u + (2n + 1) v) sum p |value_j| + 2u |answer| + "
    "2 eta (1 + sum |value_j|); E_ij = p_ij (e^(r_ij + log sum p e^r) - 1), no more "
    "than the other keys' sum; r_ij = (4u + (D + 2) v) |query_i| . |key_j| / sqrt(D) + "
    "2u (M_i - s_ij) + 4u + eta (sum |query_i| + sum |key_j|)",
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
        Law(
            name="convex",
            number=40,
            level="core",
            text="Each element of the answer lies between the smallest and the largest "
            "value, of its head and feature, at the positions that its query sees.",
            why="weights that do not sum to one, or are not of this row's positions",
        ),
        Law(
            name="key-shift",
            number=41,
            level="core",
            text="Adding one exact vector to all valid keys changes nothing.",
            why="padding kept as a key with a score of zero",
        ),
        Law(
            name="heads-apart",
            number=42,
            level="core",
            text="The answers of permuted heads are the permuted answers, and a head "
            "alone has the answer that it has among others.",
            why="a mask spread over the heads' axis, a softmax over the heads",
        ),
        Law(
            name="two-layers",
            number=43,
            level="core",
            text="An answer, with whatever stands at its padding, is good as the "
            "queries, keys and values of a second layer with the same mask.",
            why="a mask at the first layer or the last pooling only, NaN at padded "
            "queries that the next layer multiplies by zero",
        ),
        Law(
            name="causal",
            number=44,
            level="core",
            variants=("attention.causal",),
            text="Other numbers at later positions leave the answers of earlier ones "
            "as they are.",
            why="a triangle that is off by one, transposed, or lost where the padding "
            "mask is given",
        ),
    ),
)
