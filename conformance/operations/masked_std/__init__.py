"""The specification of ``masked_std``: the root of a variance, with ddof."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="masked_std",
    number=24,
    title="Standard deviation over the valid positions of each row",
    short="deviation",
    group="reductions",
    function="masked_std",
    signature="masked_std(x [B, T, ...], mask [B, T], *, ddof) -> [B, ...]",
    formula="root of the sum of (x - m)^2 over the row's valid positions / (n - ddof), "
    "m their mean; a row with fewer than ddof + 1 is as an empty one; where it is 0, "
    "the derivative is 0 or another share of at most g / root(n - ddof)",
    bound="E / (std + root(std^2 - E)), root(E) where E > std^2, + 3 v std + [float16, "
    "bfloat16] 2 u std + eta, E the bound of std^2, as masked_variance has it",
    inputs=("x",),
    differentiable=("x",),
    variants=tuple(
        Variant(
            keywords=(("ddof", str(ddof)),),
            values=(("ddof", ddof),),
            result="row",
            empty="declared",
            least=ddof + 1,
        )
        for ddof in (0, 1)
    ),
    also=("long-rows",),
    since="0.2.0",
    laws=(
        Law(
            name="shift",
            number=40,
            level="core",
            module="conformance.operations.masked_variance.laws",
            text="Adding an exact number to all valid values changes nothing.",
            why="the mean of squares less the square of the mean, which cancels",
        ),
    ),
)
