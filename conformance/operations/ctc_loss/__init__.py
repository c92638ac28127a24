"""The specification of ``ctc_loss``: a padded frame emits nothing."""

from __future__ import annotations

from conformance.specification import Law, Operation, Variant

ROWS_APART = ("ctc_loss.*.none.*",)
"""The variants with a loss for each row."""

OPERATION = Operation(
    name="ctc_loss",
    number=39,
    title="Connectionist temporal classification of a row's valid frames",
    short="CTC loss",
    group="losses",
    function="ctc_loss",
    signature="ctc_loss(labels [B, S] int, label_mask [B, S], logits [B, T, C], mask "
    "[B, T], *, blank, reduction, zero_infinity) -> [B] or, with the reduction mean, "
    "[]; label_mask boolean, true at a row's first labels; blank first (class 0) or "
    "last (class C - 1), no valid label; zero_infinity true or false",
    formula="l = -log sum over all paths of the product of p at each valid frame: a "
    "path gives each valid frame a class, and is the row's valid labels once runs of "
    "one class are merged and then blanks dropped; p = softmax z over C. A row is "
    "impossible if no path is its labels: it has fewer valid frames than labels and "
    "pairs of equal neighbours among them; l is infinite then. A row without valid "
    "frames is impossible unless it has no label either; then l is 0. With "
    "zero_infinity an infinite l is 0. "
    "mean: the mean of l / max(number of labels, 1) over the rows that have a valid "
    "frame",
    bound="the larger of two running errors, of the forward algorithm over the row and "
    "over the row reversed, with the bound of masked_log_softmax over C at each frame, "
    "+ u l + eta; mean: its mean, + (B + 2) v mean + u mean + eta",
    inputs=("logits",),
    beside=("labels", "label_mask"),
    differentiable=("logits",),
    variants=tuple(
        Variant(
            keywords=(
                ("blank", blank),
                ("reduction", reduction),
                ("zero_infinity", infinity),
            ),
            values=(("zero_infinity", infinity == "zeroed"),),
            result="row" if reduction == "none" else "scalar",
            empty="zero" if infinity == "zeroed" else "impossible",
            labels=("labels",),
        )
        for blank, reduction, infinity in (
            ("first", "none", "infinite"),
            ("last", "none", "infinite"),
            ("first", "none", "zeroed"),
            ("first", "mean", "zeroed"),
        )
    ),
    laws=(
        Law(
            name="sums-to-one",
            number=40,
            level="core",
            variants=ROWS_APART,
            text="The probabilities of all label sequences that a row's frames can "
            "emit sum to one.",
            why="repeats merged wrongly, a blank that is skipped where it must stand, "
            "logits that are never normalised",
            since="0.2.0",
        ),
        Law(
            name="shift",
            number=41,
            level="core",
            text="Adding one exact number to all logits of a frame changes nothing.",
            why="logits taken for logarithms of probabilities",
            since="0.2.0",
        ),
        Law(
            name="reversal",
            number=42,
            level="core",
            text="The reversed row with reversed labels has the same loss.",
            why="paths that must begin or end with a blank, or with a label",
            since="0.2.0",
        ),
        Law(
            name="label-padding",
            number=43,
            level="core",
            text="Other labels at label padding, more of it, or none at all, leave the "
            "loss as it is.",
            why="label lengths ignored, or counted by what is not zero",
            since="0.2.0",
        ),
        Law(
            name="no-class",
            number=44,
            level="robust",
            about="no classes at label padding",
            text="At label padding anything may stand: the blank, or no class at all.",
            why="a class looked up before the label's mask",
            since="0.2.0",
        ),
        Law(
            name="no-labels",
            number=45,
            level="robust",
            about="rows without labels",
            text="A row without labels has one path, blanks alone; the other rows are "
            "as they were.",
            why="label lengths raised to one, a last label that is not there",
            since="0.2.0",
        ),
        Law(
            name="impossible",
            number=46,
            level="robust",
            about="labels that a row's frames cannot emit",
            text="A row with more labels, and blanks between equal ones, than frames "
            "is impossible: its loss is infinite, or 0 with zero_infinity; with as "
            "many it is not. The other rows are as they were.",
            why="repeats that need no blank, an infinity made zero, or spread to the "
            "other rows",
            since="0.2.0",
        ),
        Law(
            name="many-frames",
            number=47,
            level="robust",
            about="rows of 160 frames",
            text="A row of 160 frames, none of whose paths float32 can tell from an "
            "impossible one, has its exact loss, also where that is above 1000.",
            why="probabilities that are multiplied, the logarithm of a small number "
            "for that of nothing, lengths kept in int8",
            since="0.2.0",
        ),
        Law(
            name="impossible-gradient",
            number=48,
            level="robust",
            needs="gradient",
            about="gradients beside impossible rows",
            text="With an impossible row in the batch the derivative through the other "
            "rows is as it is without it; with zero_infinity it is zero in that row.",
            why="infinity minus infinity in the row that is made zero afterwards",
            since="0.2.0",
        ),
    ),
    since="0.2.0",
)
