"""Softmaxes made wrong on purpose, and which law each breaks first."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, count, widen
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import Mutants

INFINITE = float("-inf")


def softmax(xp: Any, x: Any, keep: Any) -> Any:
    """Return the probabilities of the valid positions, zero elsewhere."""
    shares = softmax_of_all(xp, lift_empty_rows(xp, clean(xp, x, keep, INFINITE), keep))
    return xp.astype(xp.where(keep, shares, 0.0), x.dtype)


def lift_empty_rows(xp: Any, scores: Any, keep: Any) -> Any:
    """A row of minus infinities has no softmax: zeros instead."""
    return xp.where(xp.any(keep, axis=1, keepdims=True), scores, 0.0)


def softmax_of_all(xp: Any, scores: Any) -> Any:
    """The softmax of everything."""
    powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    return powers / xp.sum(powers, axis=1, keepdims=True)


def fill(fill: float, xp: Any, x: Any, keep: Any) -> Any:
    """Return the softmax with a number at padding."""
    return xp.astype(softmax_of_all(xp, clean(xp, x, keep, fill)), x.dtype)


def add_fill(fill: float, xp: Any, x: Any, keep: Any) -> Any:
    """Return the softmax with a number added to padding."""
    wider = widen(xp, x)
    weight = xp.astype(keep, wider.dtype)
    return xp.astype(softmax_of_all(xp, wider + (1 - weight) * fill), x.dtype)


_SELECT = "https://github.com/pytorch/pytorch/issues/"
MUTANTS = Mutants("masked_softmax", partial(call_formula, softmax), around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(
    MUTANTS,
    softmax,
    without=(
        "zeroes-its-input",
        "reads-memory",
        "nan-becomes-zero",
        "gradient-of-the-other-branch",
    ),
)
for _fill, _url in (
    ("-1e4", ""),
    ("-1e6", "https://github.com/d2l-ai/d2l-en/pull/2423"),
    ("-1e9", "https://github.com/facebookresearch/fairseq/issues/3575"),
    ("-1e10", "https://github.com/openai/gpt-2/pull/122"),
):
    MUTANTS.add(
        f"fills-minus-{_fill[1:]}",
        "large-values",
        f"fills padding with {_fill} before the softmax, which smaller logits lose to",
        partial(call_formula, partial(fill, float(_fill))),
        url=_url,
        dtypes=("float16", "float32"),
    )
for _fill, _clause, _url in (
    ("-1e4", "value", ""),
    ("-1e9", "wild-padding", "https://github.com/NVIDIA/apex/issues/93"),
):
    MUTANTS.add(
        f"adds-minus-{_fill[1:]}",
        _clause,
        f"adds {_fill} to padding, which keeps what stood there",
        partial(call_formula, partial(add_fill, float(_fill))),
        url=_url,
    )


@wrong("empty-row")
def fills_the_smallest_number(xp: Any, x: Any, keep: Any) -> Any:
    """Fills padding with the dtype's smallest number: uniform when empty."""
    return fill(float(xp.finfo(widen(xp, x).dtype).min), xp, x, keep)


@wrong("wild-padding", url="https://github.com/huggingface/transformers/pull/17306")
def adds_the_smallest_number(xp: Any, x: Any, keep: Any) -> Any:
    """Adds the dtype's smallest number to padding, which overflows."""
    return add_fill(float(xp.finfo(widen(xp, x).dtype).min), xp, x, keep)


@wrong("value", url="https://github.com/huggingface/pytorch-image-models/pull/2236")
def masks_after_without_normalising(xp: Any, x: Any, keep: Any) -> Any:
    """Applies the mask after the softmax and does not normalise again."""
    shares = softmax_of_all(xp, widen(xp, x))
    return xp.astype(xp.where(keep, shares, 0.0), x.dtype)


@wrong("value", url="https://github.com/tensorflow/tensorflow/issues/43941")
def masks_after_and_normalises(xp: Any, x: Any, keep: Any) -> Any:
    """Applies the mask after the softmax, where padding has taken everything."""
    shares = xp.where(keep, softmax_of_all(xp, widen(xp, x)), 0.0)
    total = xp.sum(shares, axis=1, keepdims=True)
    return xp.astype(shares / (total + 1e-13), x.dtype)


@wrong("value", url="https://github.com/gabrielmittag/NISQA/issues/17")
def minus_infinity_after(xp: Any, x: Any, keep: Any) -> Any:
    """Writes minus infinity into the probabilities, not the logits."""
    shares = softmax_of_all(xp, widen(xp, x))
    return xp.astype(xp.where(keep, shares, INFINITE), x.dtype)


@wrong("shift", url="https://github.com/allenai/allennlp/pull/893")
def zeroes_logits_and_normalises(xp: Any, x: Any, keep: Any) -> Any:
    """Sets padding's logits to zero and normalises what is left."""
    shares = xp.where(keep, softmax_of_all(xp, clean(xp, x, keep)), 0.0)
    total = xp.sum(shares, axis=1, keepdims=True)
    return xp.astype(shares / (total + 1e-13), x.dtype)


@wrong("value")
def zeroes_logits(xp: Any, x: Any, keep: Any) -> Any:
    """Sets padding's logits to zero, which takes its share."""
    return xp.astype(softmax_of_all(xp, clean(xp, x, keep)), x.dtype)


@wrong("empty-row", url=_SELECT + "55056")
def empty_row_is_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Gives NaN for a row without valid positions."""
    return fill(INFINITE, xp, x, keep)


@wrong("zero-at-padding", url="https://github.com/torch-spyre/torch-spyre/pull/4522")
def floor_at_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Leaves 1e-9 at padding."""
    return xp.where(keep, softmax(xp, x, keep), xp.zeros_like(x) + 1e-9)


@wrong("value", url="https://github.com/deepmodeling/deepmd-kit/pull/5717")
def multiplies_powers_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies exp by the mask, where a large logit at padding overflows."""
    top = xp.max(
        lift_empty_rows(xp, clean(xp, x, keep, INFINITE), keep), axis=1, keepdims=True
    )
    wider = widen(xp, x)
    powers = xp.exp(wider - top) * xp.astype(keep, wider.dtype)
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


@wrong("value")
def no_maximum_subtracted(xp: Any, x: Any, keep: Any) -> Any:
    """Does not subtract the maximum before exp."""
    powers = xp.exp(clean(xp, x, keep, INFINITE))
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


@wrong("sums-to-one")
def epsilon_in_the_sum(xp: Any, x: Any, keep: Any) -> Any:
    """Adds 1e-5 of the sum to the divisor."""
    return softmax(xp, x, keep) / (1 + 1e-5)


@wrong("value", url="https://github.com/allenai/allennlp/pull/105")
def logarithm(xp: Any, x: Any, keep: Any) -> Any:
    """Gives log-probabilities, 0 (probability one) at padding."""
    logs = xp.log(softmax(xp, x, keep))
    return xp.where(keep, logs, xp.zeros_like(x))


@wrong("value")
def over_the_batch(xp: Any, x: Any, keep: Any) -> Any:
    """Normalises over the batch, not over time."""
    return softmax(xp, x.T, keep.T).T


@wrong("value")
def over_everything(xp: Any, x: Any, keep: Any) -> Any:
    """Normalises over all rows together."""
    size = (1, x.shape[0] * x.shape[1])
    keep = keep.reshape(size)
    return softmax(xp, x.reshape(size), keep).reshape(x.shape)


@wrong("valid-nan", url=_SELECT + "24816")
def nan_becomes_zero(xp: Any, x: Any, keep: Any) -> Any:
    """Replaces NaN in the answer with 0."""
    found = softmax(xp, x, keep)
    return xp.where(xp.isnan(found), xp.zeros_like(found), found)


@wrong("valid-nan", url="https://github.com/numpy/numpy/issues/27797")
def skips_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Leaves NaN at valid positions out, as masked arrays do."""
    numbers = keep & ~xp.isnan(x)
    found = softmax(xp, xp.where(numbers, x, xp.zeros_like(x)), numbers)
    return xp.where(keep & ~numbers, xp.full_like(found, float("nan")), found)


@wrong("minus-infinity")
def subtracts_the_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Subtracts the mean of the logits before exp, not their maximum."""
    scores = clean(xp, x, keep)
    number = count(xp, keep, scores)
    mean = xp.sum(scores, axis=1, keepdims=True) / number
    low = clean(xp, scores - mean, keep, INFINITE)
    powers = xp.exp(low)
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


@wrong("value", url="https://github.com/microsoft/onnxruntime-genai/pull/1694")
def zeros_are_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Takes valid logits of 0 for padding."""
    return softmax(xp, x, keep & (x != 0))


@wrong("contract", url=_SELECT + "39639")
def fills_its_input(xp: Any, x: Any, keep: Any) -> Any:
    """Fills padding in the caller's own array."""
    x[~keep] = INFINITE
    return softmax(xp, x, keep)


@wrong("layout")
def reads_memory(xp: Any, x: Any, keep: Any) -> Any:
    """Reads memory in the order it lies in, not elements."""
    return softmax(xp, x.ravel(order="K").reshape(x.shape), keep)


@gradient(url="https://github.com/rwth-i6/returnn/issues/576")
def gradient_of_the_unselected_power(xp: Any, x: Any, keep: Any) -> Any:
    """Takes exp of padding and selects afterwards: NaN in the gradient."""
    # exp overflows at padding; its derivative there is zero times infinity.
    top = xp.max(
        lift_empty_rows(xp, clean(xp, x, keep, INFINITE), keep), axis=1, keepdims=True
    )
    powers = xp.where(keep, xp.exp(widen(xp, x) - top.detach()), 0.0)
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


@gradient()
def gradient_unconnected(xp: Any, x: Any, keep: Any) -> Any:
    """Lets no gradient through."""
    return softmax(xp, x.detach(), keep)


@gradient()
def gradient_of_the_numerator_only(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the sum of the powers for a constant in the gradient."""
    scores = lift_empty_rows(xp, clean(xp, x, keep, INFINITE), keep)
    powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True).detach())
    total = xp.sum(powers, axis=1, keepdims=True).detach()
    return xp.astype(xp.where(keep, powers / total, 0.0), x.dtype)
