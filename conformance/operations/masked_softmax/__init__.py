"""The specification of ``masked_softmax``: no probability for padding."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_softmax",
    number=3,
    title="Softmax over the valid positions of each row",
    short="softmax",
    group="weights",
    function="masked_softmax",
    signature="masked_softmax(x [B, T], mask [B, T]) -> [B, T]",
    formula="exp(x_i - M) / sum of exp(x_j - M) over the valid j, M the row's valid "
    "maximum; zero at padding",
    bound="p_i (u (d_i + sum p d + 10) + n v) + 2 eta, d_i = M - x_i",
    inputs=("x",),
    differentiable=("x",),
    variants=(Variant(result="position", empty="declared"),),
    laws=(
        Law(
            name="zero-at-padding",
            number=40,
            level="core",
            text="The probability of a padded position is exactly zero.",
            why="a large negative number added to padding instead of leaving it out",
        ),
        Law(
            name="sums-to-one",
            number=41,
            level="core",
            text="The probabilities of a row's valid positions sum to one.",
            why="a mask applied after the softmax, without normalising again",
        ),
        Law(
            name="shift",
            number=42,
            level="core",
            text="Adding an exact number to all valid values changes nothing.",
            why="padding kept as a logit of zero",
        ),
    ),
)
