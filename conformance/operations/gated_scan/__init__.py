"""The specification of ``gated_scan``: over padding the state is held, not decayed."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="gated_scan",
    number=28,
    title="Linear recurrence with a decay of its own at each position",
    short="scan",
    group="layers",
    function="gated_scan",
    signature="gated_scan(initial [B, F], x [B, T, F], decay [B, T, F], mask [B, T], "
    "*, output) -> [B, T, F] (sequence) or [B, F] (final), decay in [0, 1], initial "
    "the state before each row's first position",
    formula="h_t = decay_t h_(t-1) + x_t at valid positions, h = initial before the "
    "first one; a padded step is no step: it neither adds nor decays, wherever it is; "
    "sequence: h_t, at padding what the adapter declares; final: h of the last valid "
    "position, which is the initial state where a row has none",
    bound="v sum over s of |x_s| P_s (1 + the sum of 6 + 4 |log decay_r|) + [float16, "
    "bfloat16] u |h| + eta for each step, P_s the product of the decays behind s, the "
    "inner sum over them; initial is x before the first position. Whatever the order "
    "of the steps, and also where decays go through their logarithm",
    inputs=("x", "decay"),
    beside=("initial",),
    differentiable=("x", "decay", "initial"),
    variants=(
        Variant(
            keywords=(("output", "sequence"),),
            result="position",
            empty="zero",
            padding="declared",
        ),
        Variant(keywords=(("output", "final"),), result="row", empty="initial"),
    ),
    also=("long-rows",),
    laws=(
        Law(
            name="chunks",
            number=40,
            level="core",
            text="A batch in two chunks, the second of which begins with the states "
            "that the first one ends with, gives what it gives at once, wherever it "
            "is cut.",
            why="a state taken at the chunk's last position, where a short row has "
            "padding, or one that starts again, or that no decay reaches",
            about="chunks",
            since="0.2.0",
        ),
        Law(
            name="no-decay",
            number=41,
            level="core",
            text="Where each decay is one, the answer is the initial state and the sum "
            "of the valid inputs up to there.",
            why="inputs or states that are weighted by what is left of the decay",
            about="decays of one",
            since="0.2.0",
        ),
        Law(
            name="full-decay",
            number=42,
            level="core",
            text="Where each decay is zero, the answer is the input itself, whatever "
            "the state before it.",
            why="a division by a product of decays, or their logarithm",
            about="decays of zero",
            since="0.2.0",
        ),
        Law(
            name="superposition",
            number=43,
            level="core",
            text="The answers for two inputs and two initial states add up to the "
            "answer for their sums.",
            why="an activation, a norm or a limit on the state",
            since="0.2.0",
        ),
        Law(
            name="causal",
            number=44,
            level="core",
            results=("position",),
            text="Other inputs and decays at later positions leave the answers of "
            "earlier ones as they are.",
            why="rows that are read from their end",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
