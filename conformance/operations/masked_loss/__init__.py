"""The specification of ``masked_loss``: padding neither pays nor is counted."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

KINDS = ("mse", "cross_entropy", "binary_cross_entropy")
REDUCTIONS = ("mean", "sum", "none", "sequence_mean")

OPERATION = Operation(
    name="masked_loss",
    number=4,
    title="Loss over the valid positions of a batch",
    short="loss",
    group="losses",
    function="masked_loss",
    signature="masked_loss(predictions, targets, mask [B, T], *, kind, reduction); "
    "mse: predictions and targets [B, T, F]; cross_entropy: logits [B, T, C] and "
    "integer targets [B, T]; binary_cross_entropy: logits and targets [B, T] -> [] "
    "or, unreduced, [B, T]",
    formula="mse: mean over F of (p - t)^2; cross_entropy: log sum exp z - z_y; "
    "binary_cross_entropy: max(z, 0) - z y + log1p(exp(-|z|)). mean: over all valid "
    "positions of the batch; sum; none: zero at padding; sequence_mean: mean of each "
    "row, then of the rows that have a valid position",
    bound="mse: l (5 u + (F + 1) v) + 4 eta; cross_entropy: u (sum p d + 4 + 4 L + d_y "
    "+ 2 l + |M| + |z_y|) + C v + eta, L = log sum e^-d; binary_cross_entropy: "
    "u (2 |z| (1 + [y soft]) + |max(z, 0) - z y| + (8 + min(|z|, 1)) log1p(e^-|z|) "
    "+ 2 l) + eta; reductions: (N + 1) v sum|l| + the sum of the positions' bounds",
    inputs=("predictions", "targets"),
    differentiable=("predictions",),
    variants=tuple(
        Variant(
            keywords=(("kind", kind), ("reduction", reduction)),
            result="position" if reduction == "none" else "scalar",
            empty="zero" if reduction in {"none", "sum"} else "declared",
            labels=("targets",) if kind == "cross_entropy" else (),
        )
        for kind in KINDS
        for reduction in REDUCTIONS
    ),
    also=("long-rows",),
    laws=(
        Law(
            name="additive",
            number=40,
            level="core",
            results=("scalar",),
            variants=("masked_loss.*.sum", "masked_loss.*.mean"),
            text="The sum over a batch is the sum over its parts, whatever their "
            "lengths, and the mean is that sum divided by all valid positions.",
            why="a mean of means: micro-batches weighted alike whatever they hold",
        ),
        Law(
            name="padding-labels",
            number=41,
            level="core",
            variants=("masked_loss.cross_entropy.*",),
            text="The label at a padded position may be anything, also no class at "
            "all.",
            why="a gather before the mask, or a class id that doubles as padding",
        ),
    ),
)
