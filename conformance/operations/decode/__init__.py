"""The specification of ``decode``: a cache, and padding in it, change nothing."""

from __future__ import annotations

from conformance.operations.cross_attention import OPERATION as CROSS
from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="decode",
    number=41,
    title="Attention step by step behind a padded prompt whose keys are cached",
    short="decoding",
    group="weights",
    function="decode",
    signature="decode(query, step_key, step_value [B, S, N, D], step_mask [B, S], key, "
    "value [B, T, N, D], mask [B, T], *, chunk) -> [B, S, N, D], key, value and mask "
    "the prompt's, step_mask boolean, false where a row has ended; chunk false: a call "
    "for each of the S steps, true: one call for all of them",
    formula="sum over j of p_ij value_j, p_ij = exp(s_ij - M_i) / sum of exp(s_ik - "
    "M_i), over the valid keys j of the query's own row: all of the prompt's, and the "
    "steps' up to the query's own; s_ij = query_i . key_j / sqrt(D), M_i their "
    "maximum; at padded steps, where a row has ended, what the adapter declares. Where "
    "padding is, in front of a prompt or behind it, changes nothing, nor does what of "
    "a row is its prompt: the answers are those of causal attention to the whole row. "
    "A row without a prompt begins with its first step",
    bound="that of attention, over the keys that the query sees",
    inputs=("key", "value"),
    beside=("query", "step_key", "step_value", "step_mask"),
    differentiable=("key", "value", "query", "step_key", "step_value"),
    # Beside steps of ordinary size a prompt's large keys are nothing, or everything.
    without=("large-values",),
    variants=tuple(
        Variant(
            keywords=(("chunk", name),),
            values=(("chunk", name == "chunk"),),
            result="row",
            empty="steps",
            padding="declared",
        )
        for name in ("single", "chunk")
    ),
    laws=(
        Law(
            name="split",
            number=40,
            level="core",
            text="The first steps of each row given as the end of its prompt leave the "
            "answers of the other steps as they are, at every split.",
            why="steps that see another part of the cache than a prompt does, a cache "
            "that is written or read from another slot than the next one",
            about="another split into prompt and steps",
            since="0.2.0",
        ),
        Law(
            name="ended-rows",
            number=41,
            level="core",
            text="Other numbers at the steps of a row that has ended, more of them, or "
            "none at all, leave the answers of valid steps as they are.",
            why="a row that goes on after its end, or takes others with it",
            about="rows that have ended",
            since="0.2.0",
        ),
        Law(
            name="later-steps",
            number=42,
            level="core",
            text="Other numbers at later steps leave the answers of earlier ones as "
            "they are.",
            why="a chunk without a triangle, slots that are read before they are "
            "written",
            about="other numbers at later steps",
            since="0.2.0",
        ),
        Law(
            name="other-rows",
            number=43,
            level="core",
            module=CROSS.law("other-rows").module,
            text="Other prompts, steps and masks in the other rows leave a row's "
            "answers as they are.",
            why="one place to write for all rows, a cache or mask of another row",
            since="0.2.0",
        ),
        Law(
            name="skipped-steps",
            number=44,
            level="robust",
            needs="gaps",
            text="A padded step between valid ones is no key of those behind it.",
            why="drafts that were refused, or an ended row's steps, left in the cache",
            about="padded steps between valid ones",
            since="0.2.0",
        ),
        Law(
            name="wild-steps",
            number=45,
            level="robust",
            text="Infinities, NaN and the dtype's largest numbers at padded steps "
            "leave the answers of valid steps as they are.",
            why="slots beyond a row's end that are weighed by zero",
            about="infinities and NaN at padded steps",
            since="0.2.0",
        ),
        Law(
            name="wild-step-gradient",
            number=46,
            level="robust",
            needs="gradient",
            text="With infinities, NaN and the dtype's largest numbers at padded "
            "steps, and a cotangent of zero there, the derivative through them is "
            "zero, and through all else as it is without them.",
            why="NaN that a padded step answers, times its cotangent of zero",
            about="gradients beside infinities and NaN at padded steps",
            since="0.2.0",
        ),
        Law(
            name="large-keys",
            number=47,
            level="robust",
            text="Keys of prompt and steps far below -1e10 (in float16 below -32752), "
            "and far above 1e10, are weighed like any others.",
            why="a large negative number in place of padding's scores, with all others "
            "below it",
            about="keys beyond 1e10",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
