"""The specification of ``stack``: must a mask stand before every layer?"""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="stack",
    number=20,
    title="A recurrent layer, a convolution and a recurrent layer over padded rows",
    short="RNN stack",
    group="layers",
    function="build_stack",
    signature="build_stack(first_forward, first_backward, convolution, second_forward, "
    "second_backward, *, cell, output) -> layer; layer(x [B, T, F], mask [B, T]) -> "
    "[B, T, 2H] (sequence) or [B, 2H] (final)",
    formula="birnn.CELL.concat.sequence, then conv1d.same.1, then "
    "birnn.CELL.concat.OUTPUT, each as specified and each with the mask: the first has "
    "no step at padding, the convolution is given zeros there, the second has no step "
    "at what the convolution's bias and the row's end have left there, and the answer "
    "is zero there. The mask behind one layer and before the next are one mask",
    bound="a running error carried through every layer, stored between them",
    inputs=("x",),
    differentiable=("x",),
    trims="outside",
    variants=tuple(
        Variant(
            keywords=(("cell", cell), ("output", output)),
            result="position" if output == "sequence" else "row",
            empty="zero",
        )
        for cell, output in (
            ("simple", "sequence"),
            ("simple", "final"),
            ("lstm", "sequence"),
            ("gru", "final"),
        )
    ),
    laws=(
        Law(
            name="row-by-row",
            number=40,
            level="core",
            text="The padded batch gives what the same layer gives for each row alone "
            "and unpadded: a mask is needed before every layer and behind the last.",
            why="a mask left out before one layer, which the next one hides or carries",
        ),
        Law(
            name="zero-at-padding",
            number=41,
            level="core",
            results=("position",),
            text="The output at a padded position is exactly zero.",
            why="a mask left out behind the last layer",
        ),
    ),
)
