"""The specification of ``accumulated_loss``: however it is split, the same loss."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

LENGTH = 16
"""The length that the two normed reductions divide by, whatever T is."""

SUMS = ("sum", "sum_norm")
"""Reductions that divide by nothing that the mask says."""


def _variant(reduction: str, rows: int, labels: str) -> Variant:
    return Variant(
        keywords=(("reduction", reduction), ("rows", str(rows)), ("labels", labels)),
        values=(("rows", rows), ("length", LENGTH)),
        result="scalar",
        empty="zero" if reduction in SUMS else "declared",
        labels=("targets",),
        # A row needs two valid positions for one to predict the other.
        least=2 if labels == "next" else 1,
    )


OPERATION = Operation(
    name="accumulated_loss",
    number=26,
    title="Cross entropy of a batch that is computed in micro-batches",
    short="accumulated",
    group="losses",
    function="accumulated_loss",
    signature="accumulated_loss(predictions [B, T, C], targets [B, T], mask [B, T], *, "
    "reduction, rows, labels, length) -> [], the sum of what each micro-batch of so "
    "many rows adds, the last one of those that are left; labels same or next: a "
    "position predicts its own label, or that of the position behind it; length: what "
    "the norms divide by",
    formula="l = log sum exp z - z_y where a position counts, with next where it and "
    "the one behind it do; N positions count, in R rows. sum: sum of l; token_mean: "
    "sum of l / N; seq_mean_token_sum: sum of l / R; seq_mean_token_mean: mean of the "
    "R rows' means; sum_norm: sum of l / length; seq_mean_token_sum_norm: sum of l / "
    "(R length). N and R are the whole batch's, also where a micro-batch has none",
    bound="that of masked_loss for cross entropy, and of the reduction of N terms: "
    "(N + 1) v sum|l|, where rows are averaged (N + 3) v sum|l|, + u |answer|, which "
    "in float16 and bfloat16 is (P + 2) u |answer| for P micro-batches",
    inputs=("predictions", "targets"),
    differentiable=("predictions",),
    trims="outside",
    variants=(
        _variant("token_mean", 2, "same"),
        _variant("token_mean", 1, "same"),
        _variant("token_mean", 2, "next"),
        _variant("sum", 2, "same"),
        _variant("seq_mean_token_sum", 2, "same"),
        _variant("seq_mean_token_mean", 2, "same"),
        _variant("seq_mean_token_mean", 2, "next"),
        _variant("sum_norm", 2, "same"),
        _variant("seq_mean_token_sum_norm", 2, "same"),
    ),
    also=("long-rows",),
    laws=(
        Law(
            name="rows-of-padding",
            number=40,
            level="robust",
            text="Micro-batches of padding alone, before and behind the others, leave "
            "the loss as it is.",
            why="0 / 0 in a micro-batch, or a divisor that counts micro-batches or "
            "rows without positions",
            about="micro-batches without valid positions",
            since="0.2.0",
        ),
        Law(
            name="padding-labels",
            number=41,
            level="core",
            module="conformance.operations.masked_loss.laws",
            text="The label at a padded position may be anything, also no class at "
            "all.",
            why="a gather before the mask, or a class id that doubles as padding",
            since="0.2.0",
        ),
        Law(
            name="unpredicted-label",
            number=42,
            level="core",
            variants=("accumulated_loss.*.next",),
            text="Where a position predicts the label behind it, a row's first label "
            "and its last logits may be any others.",
            why="labels that are not moved, or moved the wrong way, and a prediction "
            "of the next row's first label",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
