"""Losses that change with the split, or go wrong as any loss may."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, lengths, over, read_mask, widen
from conformance.operations._common.loss_mutants import (
    HF,
    TORCH,
    add_usual_losses,
    bake_count,
)
from conformance.operations._common.losses import at_least_one
from conformance.operations._common.mutant import ANY, Mutants, compiled
from conformance.operations.accumulated_loss.mutants_formulas import (
    accumulate,
    correct,
    divide,
    predict,
)
from conformance.operations.masked_loss.mutants_formulas import terms

TUNE = "https://github.com/meta-pytorch/torchtune/pull/"

TOKENS = ("accumulated_loss.token_mean.*",)
MEANS = (*TOKENS, "accumulated_loss.seq_*")
ROWS = ("accumulated_loss.seq_*",)
NEXT = ("accumulated_loss.*.next",)
SAME = ("accumulated_loss.*.same",)
NORMED = ("accumulated_loss.*_norm.*",)
MUTANTS = Mutants("accumulated_loss", correct)


def _in_parts(part: Any, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return accumulate(xp, p, t, read_mask(xp, p, mask), part=part, **how)


def _in_pairs(pair: Any, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return accumulate(xp, p, t, read_mask(xp, p, mask), pair=pair, **how)


def _as_other(reduction: str, *arrays: Any, **how: Any) -> Any:
    return divide(*arrays, **{**how, "reduction": reduction})


wrong = partial(MUTANTS.wrong, around=_in_parts)
pair_wrongly = partial(MUTANTS.wrong, around=_in_pairs, variants=NEXT)
spoil, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual_losses(MUTANTS, accumulate, labels=ANY, reduced=ANY)


@wrong("value", url=HF + "issues/24725", variants=MEANS)
def mean_of_means(xp: Any, losses: Any, keep: Any, whole: Any, **how: Any) -> Any:
    """Takes the mean of the micro-batches' means, whatever they hold."""
    parts = -(-whole.shape[0] // how["rows"])
    return divide(xp, losses, keep, keep, **how) / parts


@wrong("value", url="https://github.com/verl-project/verl/issues/7200", variants=MEANS)
def sum_of_means(xp: Any, losses: Any, keep: Any, whole: Any, **how: Any) -> Any:
    """Divides each micro-batch by its own count, and adds up."""
    del whole
    return divide(xp, losses, keep, keep, **how)


@wrong("value", url="https://github.com/ml-explore/mlx-lm/pull/1413", variants=MEANS)
def means_by_rows(xp: Any, losses: Any, keep: Any, whole: Any, **how: Any) -> Any:
    """Weights each micro-batch's mean by its rows, not by what counts in them."""
    return divide(xp, losses, keep, keep, **how) * (keep.shape[0] / whole.shape[0])


@wrong("value", url=TUNE + "1875", variants=TOKENS)
def divides_by_the_padded_count(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Divides by B T, padding included."""
    return divide(xp, losses, keep, xp.ones_like(whole), **how)


@wrong("value", url=HF + "pull/34373", variants=MEANS)
def divides_once_more(xp: Any, losses: Any, keep: Any, whole: Any, **how: Any) -> Any:
    """Divides by the number of micro-batches what is divided by the whole count."""
    parts = -(-whole.shape[0] // how["rows"])
    return divide(xp, losses, keep, whole, **how) / parts


@wrong(
    "value", url="https://github.com/OpenNMT/OpenNMT-py/issues/2209", variants=TOKENS
)
def takes_the_first_count(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Takes every micro-batch for as long as the first."""
    parts = whole.shape[0] / how["rows"]
    return divide(xp, losses, keep, whole[: how["rows"]], **how) / parts


@wrong("value", variants=ROWS)
def counts_rows_of_padding(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Divides by rows where it should by rows that count, and by T for their mean."""
    del whole
    reduction = how["reduction"]
    if reduction == "seq_mean_token_mean":
        losses = losses / keep.shape[1]
        return divide(xp, losses, keep, keep, **{**how, "reduction": "sum"})
    return divide(xp, losses, keep, keep, **how)


@wrong(
    "extra-padding",
    url="https://github.com/verl-project/verl/pull/4360",
    variants=NORMED,
)
def norms_by_the_padded_length(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Divides by T, which padding changes, not by the length that is given."""
    return divide(xp, losses, keep, whole, **{**how, "length": max(keep.shape[1], 1)})


@wrong("value", url=HF + "pull/39659", variants=MEANS)
def divides_by_full_micro_batches(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Takes the last micro-batch for a full one, which has fewer rows."""
    share = keep.shape[0] / how["rows"]
    return divide(xp, losses, keep, whole, **how) * share


@wrong("value", url="https://github.com/tracel-ai/burn/issues/5695")
def drops_the_last_micro_batch(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Leaves out a last micro-batch that has fewer rows."""
    full = keep.shape[0] == how["rows"]
    return divide(xp, losses, keep, whole, **how) * (1.0 if full else 0.0)


@wrong("rows-of-padding", url=TORCH + "70348", variants=MEANS)
def a_micro_batch_of_nothing_is_nan(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Weights each micro-batch's mean by its count, and has 0 / 0 where it is zero."""
    number = xp.sum(xp.astype(keep, losses.dtype))
    return divide(xp, losses, keep, whole, **how) / number * number


@wrong(
    "rows-of-padding", url="https://github.com/huggingface/trl/pull/6439", variants=ROWS
)
def counts_rows_without_positions(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Divides by all rows, those without a valid position too."""
    right = divide(xp, losses, keep, whole, **how)
    there = xp.astype(xp.any(whole, axis=1), xp.int32)
    return right * at_least_one(xp, there, losses) / max(whole.shape[0], 1)


for _reduction, _other, _url in (
    (
        "token_mean",
        "seq_mean_token_mean",
        "https://github.com/huggingface/trl/pull/2881",
    ),
    (
        "seq_mean_token_mean",
        "token_mean",
        "https://github.com/verl-project/verl/issues/2776",
    ),
    ("seq_mean_token_sum", "sum", ""),
    (
        "sum_norm",
        "seq_mean_token_sum_norm",
        "https://github.com/verl-project/verl/issues/3741",
    ),
    (
        "seq_mean_token_sum_norm",
        "sum_norm",
        "https://github.com/verl-project/verl/issues/3741",
    ),
    ("sum", "token_mean", ""),
):
    MUTANTS.add(
        f"{_other}-for-{_reduction}".replace("_", "-"),
        "value",
        f"gives {_other} where {_reduction} is asked for",
        partial(_in_parts, partial(_as_other, _other)),
        url=_url,
        variants=(f"accumulated_loss.{_reduction}.*",),
    )


@wrong("valid-nan", url="https://github.com/numpy/numpy/issues/27797")
def skips_nan(xp: Any, losses: Any, keep: Any, whole: Any, **how: Any) -> Any:
    """Leaves a NaN loss out of its micro-batch's sum."""
    numbers = xp.where(xp.isnan(losses), xp.zeros_like(losses), losses)
    return divide(xp, numbers, keep, whole, **how)


@wrong("long-rows", variants=TOKENS)
def counts_in_int8(xp: Any, losses: Any, keep: Any, whole: Any, **how: Any) -> Any:
    """Counts what counts in int8, which ends at 127."""
    number = at_least_one(xp, lengths(xp, whole), losses)
    narrow = xp.astype(xp.astype(number, xp.int8), losses.dtype)
    return divide(xp, losses, keep, whole, **how) * number / narrow


@pair_wrongly("value", url=HF + "issues/3711")
def labels_not_moved(p: Any, t: Any, keep: Any, labels: str) -> Any:
    """Lets each position predict its own label."""
    del labels
    return predict(p, t, keep, "same")


@pair_wrongly("value")
def labels_moved_the_other_way(p: Any, t: Any, keep: Any, labels: str) -> Any:
    """Lets each position predict the label before it."""
    del labels
    return p[:, 1:], t[:, :-1], keep[:, 1:] & keep[:, :-1]


@pair_wrongly("value", url=HF + "pull/46898")
def labels_moved_twice(p: Any, t: Any, keep: Any, labels: str) -> Any:
    """Moves labels that are moved already: each position predicts the one but next."""
    del labels
    return p[:, :-2], t[:, 2:], keep[:, :-2] & keep[:, 1:-1] & keep[:, 2:]


@pair_wrongly("value", url="https://github.com/huggingface/nanoVLM/issues/152")
def masks_by_the_position_alone(p: Any, t: Any, keep: Any, labels: str) -> Any:
    """Counts each valid position, its label behind the row's end too."""
    del labels
    return p[:, :-1], t[:, 1:] % 3, keep[:, :-1]


@pair_wrongly("left-padding")
def masks_by_the_label_alone(p: Any, t: Any, keep: Any, labels: str) -> Any:
    """Counts each valid label, the first one, which padding predicts, too."""
    del labels
    return p[:, :-1], t[:, 1:], keep[:, 1:]


@spoil("value", url=HF + "pull/46204", variants=("accumulated_loss.token_mean.2.next",))
def counts_the_first_label(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Divides by all labels, each row's first, which none predicts, among them."""
    keep = read_mask(xp, p, mask)

    def part(xp: Any, losses: Any, own: Any, whole: Any, **how: Any) -> Any:
        del whole
        return divide(xp, losses, own, keep, **how)

    return accumulate(xp, p, t, keep, part=part, **how)


@wrong(
    "value",
    url="https://github.com/Liquid4All/liquid-finetune/pull/40",
    variants=("accumulated_loss.token_mean.*.same",),
)
def leaves_out_the_first_label(
    xp: Any, losses: Any, keep: Any, whole: Any, **how: Any
) -> Any:
    """Divides by the labels without each row's first, which counts here."""
    return divide(xp, losses, keep, whole[:, 1:], **how)


@spoil("unpredicted-label", variants=NEXT)
def predicts_over_the_rows_end(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Moves labels over all rows at once: a full row's end predicts the next row."""
    keep = read_mask(xp, p, mask)
    same = {**how, "labels": "same"}
    moved = xp.roll(t.reshape((-1,)), -1).reshape(t.shape)
    there = xp.roll(keep.reshape((-1,)), -1).reshape(keep.shape)
    return accumulate(xp, p, moved, keep & there, **same)


@spoil("padding-labels", url=TORCH + "15508")
def gathers_before_the_mask(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Looks up the labels of padding before it masks."""
    keep = read_mask(xp, p, mask)
    z, y, kept = predict(p, t, keep, how["labels"])
    _ = terms(xp, clean(xp, z, kept), y, "cross_entropy")
    return accumulate(xp, p, t, keep, **how)


@spoil("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Multiplies the loss by the mask after it is NaN."""
    keep = read_mask(xp, p, mask)
    wide = widen(xp, p)
    away = xp.sum(wide, axis=-1) * xp.astype(~keep, wide.dtype)
    return xp.astype(accumulate(xp, p, t, keep, **how) + 0 * xp.sum(away), p.dtype)


@spoil("large-values", url="https://github.com/google-deepmind/optax/issues/896")
def no_maximum_subtracted(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Takes exp of logits as they are, which overflows."""
    keep = read_mask(xp, p, mask)
    total = xp.log(xp.sum(xp.exp(clean(xp, p, keep)), axis=-1, keepdims=True))
    shifted = xp.where(over(keep, p), clean(xp, p, keep) - total, 0.0)
    return xp.astype(accumulate(xp, shifted, t, keep, **how), p.dtype)


@gradient(url=TUNE + "1917")
def gradient_of_the_last_micro_batch(
    xp: Any, p: Any, t: Any, mask: Any, **how: Any
) -> Any:
    """Keeps the gradient of the last micro-batch alone, behind a right value."""
    last = p.shape[0] - (p.shape[0] - 1) % how["rows"] - 1
    return correct(xp, xp.concat([p[:last].detach(), p[last:]]), t, mask, **how)


@gradient(url=HF + "pull/34373")
def gradient_averaged_over_parts(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Divides the gradient by the number of micro-batches, behind a right value."""
    parts = -(-p.shape[0] // how["rows"])
    found = correct(xp, p, t, mask, **how)
    return found.detach() + (found - found.detach()) / parts


MUTANTS.add(
    "compiled-with-the-padded-count",
    "route",
    "bakes the padded count into the compiled function",
    partial(bake_count, accumulate),
    url=HF + "issues/38448",
    variants=("accumulated_loss.token_mean.*.same",),
    **compiled(),
)
