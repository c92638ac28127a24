"""The specification of ``apply_mask``: zero at padding, whatever stood there."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="apply_mask",
    number=8,
    title="Zero at padding, everything else as it is",
    short="apply mask",
    group="masks",
    function="apply_mask",
    signature="apply_mask(x [B, T, ...], mask [B, T]) -> [B, T, ...]",
    formula="x where the mask holds, zero elsewhere",
    bound="0: nothing is computed",
    inputs=("x",),
    differentiable=("x",),
    variants=(Variant(result="position", empty="zero"),),
    laws=(
        Law(
            name="idempotent",
            number=40,
            level="core",
            text="What was masked and is masked again stays as it is, bit for bit.",
            why="a mask that also scales what it keeps",
        ),
        Law(
            name="bias",
            number=41,
            level="core",
            text="A number added to what was masked is zero at padding again once it "
            "is masked again, and stands everywhere else.",
            why="padding that a layer's bias turned into signal for the next layer",
        ),
    ),
)
