"""Attentions with a sink made wrong on purpose: the sink's share, masks and fills."""

# ruff: noqa: PLR0917 - as many arguments as the operation has

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    lengths,
    over,
    read_mask,
    through_bfloat16,
)
from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants, compiled
from conformance.operations.attention.mutants_formulas import (
    INFINITE,
    finish,
    mix_values,
    scores,
    shares,
    softmax,
    visible_keys,
)

if TYPE_CHECKING:
    from collections.abc import Callable

GITHUB = "https://github.com/"
TORCH = GITHUB + "pytorch/pytorch/"
FULL, CAUSAL = ("sink_attention.full",), ("sink_attention.causal",)


def spend(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Return the keys' probabilities ``[B, N, query, key]``, rightly."""
    return share_with(xp, numbers, sees, column(xp, numbers, sink))


def share_with(xp: Any, numbers: Any, sees: Any, score: Any) -> Any:
    """Return the keys' probabilities beside one key more, of ``score``."""
    hidden = xp.where(sees, numbers, INFINITE)
    return softmax(xp, xp.concat([hidden, score], axis=3))[..., :-1]


def column(xp: Any, numbers: Any, sink: Any) -> Any:
    """Return each head's sink as the score of one key more."""
    score = xp.astype(sink, numbers.dtype)[None, :, None, None]
    return score + 0 * numbers[..., :1]


def attend(
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    keep: Any,
    queries: Any,
    sink: Any,
    *,
    causal: bool,
    weigh: Callable[..., Any] = spend,
) -> Any:
    """Attend from the valid ``queries`` to the keys that are to ``keep``."""
    q, k, v = clean(xp, query, queries), clean(xp, key, keep), clean(xp, value, keep)
    numbers = scores(xp, q, k) / query.shape[3] ** 0.5
    weights = weigh(xp, numbers, visible_keys(xp, keep, causal=causal), sink)
    return finish(xp, mix_values(xp, weights, v), queries, query)


def correct(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, sink: Any, **options: Any
) -> Any:
    """Return each query's share of the values that it sees, zero at padding."""
    keep = read_mask(xp, query, mask)
    return attend(xp, query, key, value, keep, keep, sink, **options)


def change_mask(
    change: Callable[[Any, Any], Any],
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    sink: Any,
    **options: Any,
) -> Any:
    """Attend with a mask gone wrong."""
    keep = read_mask(xp, query, mask)
    return attend(xp, query, key, value, change(xp, keep), keep, sink, **options)


def weigh_wrongly(
    formula: Any,
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    sink: Any,
    **options: Any,
) -> Any:
    """Attend with the probabilities ``formula(xp, numbers, sees, sink)``."""
    keep = read_mask(xp, query, mask)
    found = attend(xp, query, key, value, keep, keep, sink, weigh=formula, **options)
    return xp.astype(found, query.dtype)


def sink_wrongly(formula: Any, xp: Any, *tensors: Any, **options: Any) -> Any:
    """Attend with the sinks ``formula(xp, sink, query)``."""
    changed = (*tensors[:-1], formula(xp, tensors[-1], tensors[0]))
    return correct(xp, *changed, **options)


def weigh_raw(
    weigh: Any,
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    sink: Any,
    **options: Any,
) -> Any:
    """Weigh raw keys by ``weigh(xp, scores, sees, sink)``, and take raw values."""
    keep = read_mask(xp, query, mask)
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    weights = weigh(xp, numbers, visible_keys(xp, keep, **options), sink)
    # A row without valid positions keeps what comes of it.
    shown = keep | xp.logical_not(xp.any(keep, axis=1, keepdims=True))
    return finish(xp, mix_values(xp, weights, value), shown, query)


def powers(xp: Any, numbers: Any, sees: Any) -> tuple[Any, Any, Any]:
    """Return what the keys' scores are powers of, their sum, and the keys' maximum."""
    hidden = xp.where(sees, numbers, INFINITE)
    top = xp.max(hidden, axis=3, keepdims=True)
    top = xp.where(top == INFINITE, 0.0, top)
    found = xp.exp(hidden - top)
    return found, xp.sum(found, axis=3, keepdims=True), top


MUTANTS = Mutants("sink_attention", correct, around=weigh_wrongly)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_masks(
    MUTANTS,
    change_mask,
    without=(
        "forgets-the-first-position",
        "everything-up-to-the-last",
        "longest-row-for-all",
        "last-rows-mask",
    ),
)


@wrong("what-the-sink-leaves", url=GITHUB + "vllm-project/vllm-metal/pull/550")
def ignores_the_sink(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Takes the softmax over the keys alone."""
    del sink
    return shares(xp, numbers, sees)


@wrong("what-the-sink-leaves")
def sink_without_padding_alone(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Leaves the sink out where a mask hides something."""
    right, none = spend(xp, numbers, sees, sink), shares(xp, numbers, sees)
    return xp.where(xp.all(sees), right, none)


@wrong("what-the-sink-leaves")
def sink_counts_twice(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Counts the sink twice."""
    score, hidden = column(xp, numbers, sink), xp.where(sees, numbers, INFINITE)
    return softmax(xp, xp.concat([hidden, score, score], axis=3))[..., :-2]


@wrong("no-sink", url=GITHUB + "PaddlePaddle/PaddleFleet/pull/1439")
def sink_is_no_power(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Adds the sink to the denominator as it is, not its exponential."""
    found, total, _top = powers(xp, numbers, sees)
    return found / (total + xp.abs(column(xp, numbers, sink)))


@wrong("value", url=GITHUB + "sgl-project/sgl-kernel-xpu/pull/235")
def sink_in_base_two(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Takes two to the power of the sink, whose scores are in base e."""
    return spend(xp, numbers, sees, sink * 0.6931471805599453)


@wrong("value")
def sink_beside_the_maximum(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Does not subtract the maximum from the sink."""
    found, total, _top = powers(xp, numbers, sees)
    return found / (total + xp.exp(column(xp, numbers, sink)))


@wrong("all-to-the-sink", url=GITHUB + "NVIDIA/TensorRT-LLM/pull/19220")
def maximum_of_the_keys_alone(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Subtracts the keys' maximum, above which the sink's exponential overflows."""
    found, total, top = powers(xp, numbers, sees)
    taken = xp.exp(column(xp, numbers, sink) - top)
    # What it takes is held, and divided by once more: infinity by infinity.
    return found / total * (1.0 - taken / (total + taken))


@wrong("what-the-sink-leaves")
def first_key_takes_the_sinks_share(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Gives what the sink takes to the row's first position."""
    weights = spend(xp, numbers, sees, sink)
    first = xp.arange(numbers.shape[3]) == 0
    left = 1.0 - xp.sum(weights, axis=3, keepdims=True)
    return weights + xp.where(first & sees, left, 0.0)


@wrong("value")
def drops_the_first_key(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Puts the sink in front, and drops it behind."""
    hidden = xp.where(sees, numbers, INFINITE)
    return softmax(xp, xp.concat([column(xp, numbers, sink), hidden], axis=3))[..., :-1]


@wrong("extra-padding")
def sink_for_each_hidden_key(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Gives each hidden key the sink for a score, beside the one sink."""
    score = column(xp, numbers, sink)
    filled = xp.where(sees, numbers, score + 0 * numbers)
    found = softmax(xp, xp.concat([filled, score], axis=3))[..., :-1]
    return xp.where(sees, found, 0.0)


@wrong("causal", variants=CAUSAL)
def sink_against_the_whole_row(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Weighs the sink against all keys of the row, later ones too."""
    row = xp.any(sees, axis=2, keepdims=True)
    kept = xp.sum(spend(xp, numbers, row, sink), axis=3, keepdims=True)
    return shares(xp, numbers, sees) * kept


@wrong("value")
def sink_against_padding_too(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Weighs the sink against all keys, padding included."""
    kept = xp.sum(spend(xp, numbers, sees | True, sink), axis=3, keepdims=True)
    return shares(xp, numbers, sees) * kept


@wrong("value", around=sink_wrongly)
def sink_is_scaled(xp: Any, sink: Any, query: Any) -> Any:
    """Divides the sink by the root of D, as the scores."""
    del xp
    return sink / query.shape[3] ** 0.5


@wrong("heads-and-sinks", around=sink_wrongly)
def sinks_turned_round(xp: Any, sink: Any, query: Any) -> Any:
    """Gives each head the sink of the one opposite."""
    del query
    return xp.flip(sink, axis=0)


@wrong("heads-and-sinks", around=sink_wrongly)
def first_sink_for_all(xp: Any, sink: Any, query: Any) -> Any:
    """Gives every head the first one's sink."""
    del xp, query
    return sink[:1] + 0 * sink


@wrong("value", around=sink_wrongly)
def sink_in_bfloat16(xp: Any, sink: Any, query: Any) -> Any:
    """Keeps the sinks in bfloat16, whatever the query's dtype."""
    del query
    return through_bfloat16(xp, sink)


@wrong("value", around=sink_wrongly)
def sink_of_the_other_sign(xp: Any, sink: Any, query: Any) -> Any:
    """Subtracts the sink where it is added."""
    del xp, query
    return -sink


@wrong("value", around=sink_wrongly)
def sink_cut_at_zero(xp: Any, sink: Any, query: Any) -> Any:
    """Takes a sink below zero for zero."""
    del query
    return xp.clip(sink, 0.0, float("inf"))


@wrong("batch-composition")
def sinks_by_the_row(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Repeats the sinks where rows and heads are one axis, and has to tile them."""
    rows, heads = numbers.shape[:2]
    index = xp.arange(rows * heads) // rows
    score = xp.astype(sink, numbers.dtype)[index].reshape((rows, heads, 1, 1))
    return share_with(xp, numbers, sees, score + 0 * numbers[..., :1])


@wrong("causal", raw=True, variants=CAUSAL, url=TORCH + "issues/96099")
def sink_replaces_the_triangle(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, sink: Any, *, causal: bool
) -> Any:
    """Is not causal where there is a sink."""
    del causal
    return correct(xp, query, key, value, mask, sink, causal=False)


@wrong("value", around=weigh_raw, url=GITHUB + "NVIDIA/apex/issues/93")
def adds_minus_1e4(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Adds -1e4 to the scores of padding, which keeps what they were."""
    hidden = numbers + (1 - xp.astype(sees, numbers.dtype)) * -10000.0
    return spend(xp, hidden, sees | True, sink)


@wrong("wild-padding", around=weigh_raw)
def multiplies_padded_values_by_zero(
    xp: Any, numbers: Any, sees: Any, sink: Any
) -> Any:
    """Multiplies padded values by a probability of zero, which NaN survives."""
    return spend(xp, numbers, sees, sink)


@wrong(
    "empty-row",
    around=weigh_raw,
    url=GITHUB + "fla-org/flash-linear-attention/pull/831",
)
def empty_row_is_nan(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    """Weighs the sink against a maximum of minus infinity where no key is seen."""
    hidden = xp.where(sees, numbers, INFINITE)
    alone = softmax(xp, hidden)
    kept = xp.sum(spend(xp, numbers, sees, sink), axis=3, keepdims=True)
    return alone * kept


@wrong("two-layers", raw=True, url=TORCH + "issues/41508")
def padded_queries_are_nan(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, sink: Any, **options: Any
) -> Any:
    """Gives NaN at padded queries, which the next layer multiplies by zero."""
    keep = read_mask(xp, query, mask)
    valid = keep | xp.logical_not(xp.any(keep, axis=1, keepdims=True))
    found = correct(xp, query, key, value, mask, sink, **options)
    return xp.where(over(valid, found), found, float("nan"))


@wrong("valid-nan", raw=True, url=TORCH + "issues/24816")
def nan_becomes_zero(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Replaces NaN in the answer with 0."""
    found = correct(xp, *tensors, **options)
    return xp.where(xp.isnan(found), 0.0, found)


@wrong("contract", raw=True)
def answers_like_its_sink(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Answers in float64, the dtype of its sink."""
    return xp.astype(correct(xp, *tensors, **options), xp.float64)


@gradient(raw=True, url=GITHUB + "Dao-AILab/flash-attention/issues/1973")
def gradient_past_the_sink(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Lets no gradient through to the sink."""
    held = (*tensors[:-1], tensors[-1].detach())
    return correct(xp, *held, **options)


@gradient(raw=True, url=GITHUB + "Dao-AILab/flash-attention/issues/2102")
def gradient_without_the_sink(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Leaves the sink out of the backward pass of query, key and value."""
    found = correct(xp, *tensors, **options)
    back = weigh_wrongly(_without_sink, xp, *tensors, **options)
    held = (*(tensor.detach() for tensor in tensors[:-1]), tensors[-1])
    own = correct(xp, *held, **options)
    return found.detach() + back - back.detach() + own - own.detach()


def _without_sink(xp: Any, numbers: Any, sees: Any, sink: Any) -> Any:
    del sink
    return shares(xp, numbers, sees)


@gradient("wild-gradient", raw=True, url=TORCH + "issues/41508")
def gradient_of_unselected_scores(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, sink: Any, **options: Any
) -> Any:
    """Selects the scores after the product: NaN in the gradient."""
    keep = read_mask(xp, query, mask)
    sees = visible_keys(xp, keep, **options) & keep[:, None, :, None]
    numbers = scores(xp, query, key) / query.shape[3] ** 0.5
    weights = spend(xp, xp.where(sees, numbers, 0.0), sees, sink)
    return finish(xp, mix_values(xp, weights, clean(xp, value, keep)), keep, query)


@wrong(
    "route",
    raw=True,
    url="https://github.com/tensorflow/tensorflow/issues/31636",
    **compiled(),
)
def compiled_with_the_padded_length(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, sink: Any, **options: Any
) -> Any:
    """Bakes the padded length into the compiled function."""
    keep = read_mask(xp, query, mask)
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [query.shape[1]] * query.shape[0]
    keys = xp.arange(query.shape[1])[None] < xp.asarray(known)[:, None]
    return attend(xp, query, key, value, keys, keep, sink, **options)
