"""The specification of ``birnn``: a backward direction that starts at the row's end."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="birnn",
    number=5,
    title="Bidirectional recurrent layer over padded rows",
    short="bi-RNN",
    group="layers",
    function="build_birnn",
    signature="build_birnn(forward, backward, *, cell, merge, output) -> layer; "
    "layer(x [B, T, F], mask [B, T]) -> [B, T, H or 2H] (sequence) or [B, H or 2H]",
    formula="simple: h = tanh(x W + b + h R + rb); lstm: c = f c + i g, h = o tanh(c); "
    "gru: n = tanh(x W + b + r (h R + rb)), h = (1 - z) n + z h; a padded step is no "
    "step, the backward direction reads the valid positions in reverse; sequence: zero "
    "at padding; final: h of the last valid position, backward of the first",
    bound="a running error carried through every gate of every step",
    inputs=("x",),
    differentiable=("x",),
    variants=tuple(
        Variant(
            keywords=(("cell", cell), ("merge", merge), ("output", output)),
            result="position" if output == "sequence" else "row",
            empty="zero",
        )
        for cell in ("simple", "lstm", "gru")
        for merge in ("concat", "sum")
        for output in ("sequence", "final")
    ),
    laws=(
        Law(
            name="swap",
            number=40,
            level="core",
            text="Swapping the two directions' weights on the reversed sequence "
            "reverses the output and swaps its halves.",
            why="a backward direction that reads padding first, or is not turned back",
        ),
        Law(
            name="zero-at-padding",
            number=41,
            level="core",
            results=("position",),
            text="The output at a padded position is exactly zero.",
            why="a bias or a carried state that turns padding into signal",
        ),
    ),
)
