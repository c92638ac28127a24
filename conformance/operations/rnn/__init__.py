"""The specification of ``rnn``: a state taken, held over padding and given back."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

_VARIANTS = (
    ("simple", "forward", "sequence"),
    ("simple", "backward", "final"),
    ("lstm", "forward", "sequence"),
    ("lstm", "forward", "final"),
    ("lstm", "backward", "sequence"),
    ("lstm", "backward", "final"),
    ("gru", "forward", "final"),
    ("gru", "backward", "sequence"),
)
"""All four of the cell with two states, and for the others each word once."""

OPERATION = Operation(
    name="rnn",
    number=33,
    title="Recurrent layer in one direction, with its state taken and given back",
    short="RNN",
    group="layers",
    function="build_rnn",
    signature="build_rnn(weights, *, cell, direction, output) -> layer; layer(initial "
    "[B, H], x [B, T, F], mask [B, T]) -> [B, T, H] (sequence) or [B, H] (final), "
    "initial the state before each row's first step; the state of an lstm is h and c "
    "side by side, [B, 2H], as initial and as final",
    formula="the cells of birnn; h and c = initial before the first step; a padded "
    "step is no step: the state is held, wherever it is; backward reads the valid "
    "positions in reverse, its answers stand where they were read; sequence: h of each "
    "valid position, at padding what the adapter declares; final: the state behind the "
    "last step, which is the initial state where a row has none",
    bound="a running error carried through every gate of every step, as birnn",
    inputs=("x",),
    beside=("initial",),
    differentiable=("x", "initial"),
    variants=tuple(
        Variant(
            keywords=(("cell", cell), ("direction", direction), ("output", output)),
            result="position" if output == "sequence" else "row",
            empty="zero" if output == "sequence" else "initial",
            padding="declared" if output == "sequence" else "zero",
        )
        for cell, direction, output in _VARIANTS
    ),
    laws=(
        Law(
            name="chunks",
            number=40,
            level="core",
            text="A batch in two chunks, the second of which begins with the states "
            "that the first one ends with, gives what it gives at once, wherever it is "
            "cut; backward, the later chunk is the first.",
            why="a chunk that starts again, and a state given back in another order "
            "than it is taken in",
            about="chunks",
            since="0.2.0",
        ),
        Law(
            name="step-by-step",
            number=41,
            level="core",
            results=("row",),
            text="Position by position, the state handed on each time, gives what the "
            "row gives at once.",
            why="a state that a call of one position does not take or give back, as in "
            "streaming",
            about="steps one by one",
            since="0.2.0",
        ),
        Law(
            name="ended-rows",
            number=42,
            level="robust",
            text="The same with rows that are padding in one of the chunks, since they "
            "have ended before it or begin behind it: their state is given back as it "
            "was.",
            why="a state taken at the chunk's last position, where a short row has "
            "padding, and one that is lost where a row has no step",
            about="rows that have ended",
            since="0.2.0",
        ),
        Law(
            name="open-gates",
            number=43,
            level="core",
            variants=("rnn.lstm.*", "rnn.gru.*"),
            text="Where a cell's gates keep all of its state and let nothing in, the "
            "state is the initial one: h of a gru, c of an lstm, whose h is tanh(c) "
            "where its last gate is open.",
            why="gates in another order, an initial state ignored, and h and c mixed "
            "up",
            about="gates that keep the state",
            since="0.2.0",
        ),
        Law(
            name="causal",
            number=44,
            level="core",
            results=("position",),
            text="Other inputs at steps that come later leave the answers of earlier "
            "ones as they are; backward, later steps are at earlier positions.",
            why="rows that are read from their other end",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
