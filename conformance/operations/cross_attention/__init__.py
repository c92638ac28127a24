"""The specification of ``cross_attention``: queries see keys of another sequence."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="cross_attention",
    number=25,
    short="cross attention",
    group="weights",
    title="Attention to another sequence, both with padding and lengths of their own",
    function="cross_attention",
    signature="cross_attention(query [B, S, H, D], query_mask [B, S], key, value "
    "[B, T, N, D], mask [B, T], *, grouped) -> [B, S, H, D], query_mask boolean, "
    "grouped true or false: head h of the queries sees head h // (H / N) of the keys, "
    "without groups H = N",
    formula="sum over j of p_ij value_j, p_ij = exp(s_ij - M_i) / sum of exp(s_ik - "
    "M_i), over the valid keys j of the query's own row; s_ij = query_i . key_j / "
    "sqrt(D), M_i their maximum; at padded queries what the adapter declares",
    bound="that of attention, over the keys that the query sees",
    inputs=("key", "value"),
    beside=("query", "query_mask"),
    differentiable=("key", "value", "query"),
    variants=tuple(
        Variant(
            keywords=(("grouped", name),),
            values=(("grouped", name == "grouped"),),
            result="row",
            empty="declared",
            padding="declared",
        )
        for name in ("plain", "grouped")
    ),
    laws=(
        Law(
            name="convex",
            number=40,
            level="core",
            text="Each element of the answer lies between the smallest and the largest "
            "value, of its head and feature, at the row's valid keys.",
            why="weights that do not sum to one, or are not of this row's keys",
            since="0.2.0",
        ),
        Law(
            name="key-shift",
            number=41,
            level="core",
            module="conformance.operations.attention.laws",
            text="Adding one exact vector to all valid keys changes nothing.",
            why="padding kept as a key with a score of zero",
            since="0.2.0",
        ),
        Law(
            name="heads-apart",
            number=42,
            level="core",
            text="The answers of permuted heads are the permuted answers, and a head "
            "of the keys alone, with its queries, has the answer that it has among "
            "others.",
            why="a mask spread over the heads' axis, queries of another head's keys",
            since="0.2.0",
        ),
        Law(
            name="query-padding",
            number=43,
            level="core",
            text="Other numbers at padded queries, more of them, or none at all, leave "
            "the answers of valid queries as they are.",
            why="the queries' mask or length taken for the keys', a softmax over the "
            "queries",
            since="0.2.0",
        ),
        Law(
            name="wild-queries",
            number=44,
            level="robust",
            text="Infinities, NaN and the dtype's largest numbers at padded queries "
            "leave the answers of valid queries as they are.",
            why="a softmax, or a norm, over the queries",
            about="infinities and NaN at padded queries",
            since="0.2.0",
        ),
        Law(
            name="other-rows",
            number=45,
            level="core",
            text="Other queries, keys, values and masks in the other rows leave a "
            "row's answers as they are.",
            why="rows packed together, keys or a mask of another row",
            since="0.2.0",
        ),
        Law(
            name="one-length",
            number=46,
            level="core",
            text="Where queries and keys have one length and one mask, the answer is "
            "that of attention.",
            why="queries taken for those of a longer row's end, keys that a query's "
            "own place hides",
            since="0.2.0",
        ),
        Law(
            name="repeated-heads",
            number=47,
            level="core",
            variants=("cross_attention.grouped",),
            text="Each head of the keys repeated for every query that shares it gives "
            "the same answer.",
            why="heads tiled where they have to be repeated",
            since="0.2.0",
        ),
        Law(
            name="wild-query-gradient",
            number=48,
            level="robust",
            needs="gradient",
            text="With infinities, NaN and the dtype's largest numbers at padded "
            "queries, and a cotangent of zero there, the derivative through them is "
            "zero, and through all else as it is without them.",
            why="NaN that a padded query answers, times its cotangent of zero",
            about="gradients beside infinities and NaN at padded queries",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
