"""The specification of ``reverse_sequence``: the valid part turned round, in place."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="reverse_sequence",
    number=7,
    title="The valid positions of each row in reverse order, padding where it is",
    short="reverse",
    group="masks",
    function="reverse_sequence",
    signature="reverse_sequence(x [B, T, ...], mask [B, T]) -> [B, T, ...]",
    formula="at a row's k-th valid position of n stands what stood at its valid "
    "position n + 1 - k; at padding stands what the adapter declares: its own "
    "content, or zero",
    bound="0: nothing is computed",
    inputs=("x",),
    differentiable=("x",),
    variants=(
        Variant(
            result="position",
            empty="zero",
            padding="declared",
        ),
    ),
    laws=(
        Law(
            name="involution",
            number=40,
            level="core",
            text="Reversing what was reversed gives the row's valid values back, bit "
            "for bit.",
            why="a row that is moved as well as reversed",
        ),
        Law(
            name="same-values",
            number=41,
            level="core",
            text="A row's valid positions hold the values that they held before, each "
            "as often, in every feature.",
            why="padding that is turned into the row, and a value that is lost for it",
        ),
    ),
)
