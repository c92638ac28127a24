"""The specification of ``masked_log_softmax``: the logarithm of no padding."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_log_softmax",
    number=15,
    title="Logarithm of the softmax over the valid positions of each row",
    short="log softmax",
    group="weights",
    function="masked_log_softmax",
    signature="masked_log_softmax(x [B, T], mask [B, T]) -> [B, T]",
    formula="x_i - M - L, L = log of the sum of exp(x_j - M) over the valid j, M the "
    "row's valid maximum; at padding stands what the adapter declares: minus infinity, "
    "or zero",
    bound="u (sum p d + 4 + 4 L + d_i + 2 |l_i| + |M| + |x_i|) + n v + eta, "
    "d_i = M - x_i",
    inputs=("x",),
    differentiable=("x",),
    variants=(
        Variant(
            result="position",
            empty="declared",
            usual_empty="negative-infinity",
            padding="declared",
            usual_padding="negative-infinity",
        ),
    ),
    laws=(
        Law(
            name="shift",
            number=40,
            level="core",
            module="conformance.operations.masked_softmax.laws",
            text="Adding an exact number to all valid values changes nothing.",
            why="padding kept as a logit of zero",
        ),
        Law(
            name="not-above-zero",
            number=41,
            level="core",
            text="No logarithm of a valid position is above zero.",
            why="a sum that leaves out some of the valid positions",
        ),
    ),
)
