"""The specification of ``layer_norm``: a control, which needs no mask."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

OPERATION = Operation(
    name="layer_norm",
    number=23,
    title="Layer norm of each position by itself, which needs no mask",
    short="layer norm",
    group="layers",
    function="layer_norm",
    signature="layer_norm(x [B, T, F], mask [B, T], scale [F], offset [F]) "
    "-> [B, T, F]",
    formula="scale (x - m) / sqrt(v + 1e-3) + offset, m and v the mean and variance "
    "(divided by F) of the position's own F features; at padding what the adapter "
    "declares. A control: no valid position depends on the mask, and every case is one "
    "in which all positions count",
    bound="that of masked_batch_norm, n = F",
    inputs=("x",),
    differentiable=("x",),
    weights=("scale", "offset"),
    variants=(
        Variant(
            result="position",
            empty="zero",
            padding="declared",
        ),
    ),
    laws=(
        Law(
            name="shift",
            number=40,
            level="core",
            text="Adding an exact number to all features of the valid positions "
            "changes nothing.",
            why="the mean of squares less the square of the mean, which cancels",
        ),
        Law(
            name="each-by-itself",
            number=41,
            level="core",
            text="The valid positions in rows of another length have the answers that "
            "they had.",
            why="statistics over time, or over the batch",
        ),
    ),
)
