"""Attentions with ALiBi made wrong on purpose: positions, slopes, biases and masks."""

# ruff: noqa: PLR0917 - as many arguments as attention has

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    lengths,
    over,
    places,
    read_mask,
    through_bfloat16,
    widen,
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
from conformance.operations.rotary.mutants_formulas import count

if TYPE_CHECKING:
    from collections.abc import Callable

GITHUB = "https://github.com/"
TORCH = GITHUB + "pytorch/pytorch/"
HF = GITHUB + "huggingface/transformers/"
FULL, CAUSAL = ("alibi_attention.full",), ("alibi_attention.causal",)


def list_slopes(heads: int) -> list[float]:
    """Return each head's slope, as the authors' code gives them."""
    power = 2 ** int(math.log2(heads))
    finer = slopes_of_power(2 * power)
    return slopes_of_power(power) + finer[::2][: heads - power]


def slopes_of_power(heads: int, first: int = 1) -> list[float]:
    """Return the slopes of any number of heads as if it were a power of two."""
    return [2.0 ** (-8 * (head + first) / heads) for head in range(heads)]


def bias(xp: Any, like: Any, keep: Any, *, causal: bool) -> Any:
    """Return what is added to the scores ``[B, N, query, key]``, rightly."""
    del causal
    return scale(xp, like, part(xp, count(xp, keep)))


def part(xp: Any, at: Any) -> Any:
    """Return how far apart positions ``[B, T]`` are, ``[B, query, key]``."""
    return xp.abs(at[:, :, None] - at[:, None, :])


def scale(xp: Any, like: Any, far: Any, slopes: Any = None) -> Any:
    """Return minus the distances times each head's slope."""
    slopes = list_slopes(like.shape[2]) if slopes is None else slopes
    steep = xp.asarray(slopes, dtype=widen(xp, like).dtype)
    return -steep[None, :, None, None] * xp.astype(far, steep.dtype)[:, None]


def attend(
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    keep: Any,
    queries: Any,
    *,
    causal: bool,
    added: Any = None,
) -> Any:
    """Attend from the valid ``queries`` to the keys that are to ``keep``."""
    q, k, v = (clean(xp, array, keep) for array in (query, key, value))
    q = clean(xp, query, queries)
    added = bias(xp, query, keep, causal=causal) if added is None else added
    numbers = scores(xp, q, k) / query.shape[3] ** 0.5 + added
    weights = shares(xp, numbers, visible_keys(xp, keep, causal=causal))
    return finish(xp, mix_values(xp, weights, v), queries, query)


def correct(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Return each query's mean of the values that it sees, zero at padding."""
    keep = read_mask(xp, query, mask)
    return attend(xp, query, key, value, keep, keep, **options)


def change_mask(
    change: Callable[[Any, Any], Any],
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    **options: Any,
) -> Any:
    """Attend with a mask gone wrong."""
    keep = read_mask(xp, query, mask)
    return attend(xp, query, key, value, change(xp, keep), keep, **options)


def bias_wrongly(
    formula: Any,
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    **options: Any,
) -> Any:
    """Attend with the bias ``formula(xp, like, keep, causal)``."""
    keep = read_mask(xp, query, mask)
    added = formula(xp, query, keep, **options)
    return attend(xp, query, key, value, keep, keep, added=added, **options)


def count_wrongly(formula: Any, xp: Any, *tensors: Any, **options: Any) -> Any:
    """Attend with the positions ``formula(xp, keep)``."""

    def place(xp: Any, like: Any, keep: Any, **_options: Any) -> Any:
        return scale(xp, like, part(xp, formula(xp, keep)))

    return bias_wrongly(place, xp, *tensors, **options)


def tilt_wrongly(formula: Any, xp: Any, *tensors: Any, **options: Any) -> Any:
    """Attend with the slopes ``formula(heads)``."""

    def tilt(xp: Any, like: Any, keep: Any, **_options: Any) -> Any:
        far = part(xp, count(xp, keep))
        return scale(xp, like, far, formula(like.shape[2]))

    return bias_wrongly(tilt, xp, *tensors, **options)


def weigh_raw(
    weigh: Any, xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Weigh raw keys by ``weigh(xp, scores, sees)``, and take raw values."""
    keep = read_mask(xp, query, mask)
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    numbers = numbers + bias(xp, query, keep, **options)
    weights = weigh(xp, numbers, visible_keys(xp, keep, **options))
    # A row without valid positions keeps what comes of it.
    shown = keep | xp.logical_not(xp.any(keep, axis=1, keepdims=True))
    return finish(xp, mix_values(xp, weights, value), shown, query)


MUTANTS = Mutants("alibi_attention", correct, around=bias_wrongly)
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


@wrong("gaps", around=count_wrongly, url=HF + "pull/17866")
def counts_padding(xp: Any, keep: Any) -> Any:
    """Counts along the row, padding in between included."""
    return places(xp, keep)


@wrong(
    "far-keys",
    around=count_wrongly,
    url=GITHUB + "bigscience-workshop/Megatron-DeepSpeed/pull/101",
)
def positions_in_bfloat16(xp: Any, keep: Any) -> Any:
    """Keeps positions in bfloat16, which has no odd number beyond 256."""
    return through_bfloat16(xp, xp.astype(count(xp, keep), xp.float32))


@wrong(
    "value",
    variants=FULL,
    url=GITHUB + "ofirpress/attention_with_linear_biases/issues/5",
)
def keys_position_alone(xp: Any, like: Any, keep: Any, *, causal: bool) -> Any:
    """Adds the key's position times the slope, which is right where it is causal."""
    del causal
    at = count(xp, keep)[:, None, :]
    return -scale(xp, like, at + 0 * xp.permute_dims(at, (0, 2, 1)))


@wrong(
    "reversed",
    variants=FULL,
    url=GITHUB + "lucidrains/x-transformers/pull/88",
)
def grows_ahead(xp: Any, like: Any, keep: Any, *, causal: bool) -> Any:
    """Takes the distance with its sign, so that keys ahead get more."""
    del causal
    at = count(xp, keep)
    return scale(xp, like, at[:, :, None] - at[:, None, :])


@wrong(
    "reversed",
    variants=FULL,
    url=GITHUB + "NVIDIA-NeMo/Speech/pull/7105",
)
def flat_ahead(xp: Any, like: Any, keep: Any, *, causal: bool) -> Any:
    """Adds nothing to keys ahead, as if they were hidden."""
    del causal
    at = count(xp, keep)
    return scale(xp, like, xp.clip(at[:, :, None] - at[:, None, :], 0, keep.shape[1]))


@wrong("distance-alone", url=GITHUB + "meta-pytorch/attention-gym/pull/86")
def sign_lost(xp: Any, like: Any, keep: Any, *, causal: bool) -> Any:
    """Adds the distance, so that far keys get more."""
    return -bias(xp, like, keep, causal=causal)


@wrong(
    "distance-alone",
    url=GITHUB + "ofirpress/attention_with_linear_biases/issues/20",
)
def bias_lost(xp: Any, like: Any, keep: Any, *, causal: bool) -> Any:
    """Adds no bias where there is padding."""
    some = xp.logical_not(xp.all(keep))
    return xp.where(some, 0.0, bias(xp, like, keep, causal=causal))


@wrong("distance-alone", url=GITHUB + "NVIDIA/TensorRT-Model-Connect/pull/32")
def bias_is_scaled(xp: Any, like: Any, keep: Any, *, causal: bool) -> Any:
    """Divides the bias by the root of D, as the scores."""
    return bias(xp, like, keep, causal=causal) / like.shape[3] ** 0.5


@wrong("value")
def squares_the_distances(xp: Any, like: Any, keep: Any, *, causal: bool) -> Any:
    """Squares the distances."""
    del causal
    return scale(xp, like, part(xp, count(xp, keep)) ** 2)


@wrong("value", around=tilt_wrongly, url=GITHUB + "ml-explore/mlx/pull/3071")
def one_geometric_sequence(heads: int) -> list[float]:
    """Takes 2^(-8 h/N) for any N, a power of two or not."""
    return slopes_of_power(heads)


@wrong("value", around=tilt_wrongly, url=GITHUB + "paiml/aprender/pull/2143")
def slopes_from_one(heads: int) -> list[float]:
    """Begins with a slope of one: 2^(-8 (h - 1)/N)."""
    power = 2 ** int(math.log2(heads))
    finer = slopes_of_power(2 * power, first=0)
    return slopes_of_power(power, first=0) + finer[::2][: heads - power]


@wrong("value", around=tilt_wrongly, url=HF + "pull/28380")
def slopes_of_the_next_power(heads: int) -> list[float]:
    """Takes the first slopes of the next power of two."""
    return slopes_of_power(2 ** math.ceil(math.log2(heads)))[:heads]


@wrong("value", around=tilt_wrongly, url=GITHUB + "antofuller/CROMA/issues/12")
def slopes_sorted(heads: int) -> list[float]:
    """Sorts the slopes, so that other heads have them."""
    return sorted(list_slopes(heads), reverse=True)


@wrong("value", around=tilt_wrongly, url=GITHUB + "lucidrains/x-transformers/pull/85")
def some_heads_without(heads: int) -> list[float]:
    """Gives the heads beyond a power of two no slope."""
    power = 2 ** int(math.log2(heads))
    return [*slopes_of_power(power), *[0.0] * (heads - power)]


@wrong(
    "value",
    around=tilt_wrongly,
    url=GITHUB + "bigscience-workshop/Megatron-DeepSpeed/issues/227",
)
def first_slope_for_all(heads: int) -> list[float]:
    """Gives every head the first one's slope."""
    return list_slopes(heads)[:1] * heads


@wrong(
    "batch-composition",
    raw=True,
    url=GITHUB + "bigscience-workshop/Megatron-DeepSpeed/pull/222",
)
def slopes_by_the_row(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Repeats the slopes where rows and heads are one axis, and has to tile them."""
    keep = read_mask(xp, query, mask)
    rows, heads = query.shape[0], query.shape[2]
    index = xp.arange(rows * heads) // rows
    steep = xp.asarray(list_slopes(heads), dtype=widen(xp, query).dtype)[index]
    far = xp.astype(part(xp, count(xp, keep)), steep.dtype)[:, None]
    added = -steep.reshape((rows, heads, 1, 1)) * far
    return attend(xp, query, key, value, keep, keep, added=added, **options)


@wrong("causal", raw=True, variants=CAUSAL, url=TORCH + "issues/96099")
def bias_replaces_the_triangle(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, *, causal: bool
) -> Any:
    """Puts the bias in place of the triangle."""
    del causal
    return correct(xp, query, key, value, mask, causal=False)


@wrong(
    "value",
    raw=True,
    url=GITHUB + "baichuan-inc/Baichuan-13B/issues/172",
)
def bias_replaces_the_mask(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Puts the bias in place of the padding mask."""
    keep = read_mask(xp, query, mask)
    full = xp.ones_like(keep)
    added = bias(xp, query, keep, **options)
    found = attend(xp, query, key, value, full, keep, added=added, **options)
    return xp.astype(found, query.dtype)


@wrong("value", around=weigh_raw, url=GITHUB + "NVIDIA/apex/issues/93")
def adds_minus_1e4(xp: Any, numbers: Any, sees: Any) -> Any:
    """Adds -1e4 to the scores of padding, which keeps what they were."""
    return softmax(xp, numbers + (1 - xp.astype(sees, numbers.dtype)) * -10000.0)


@wrong(
    "large-values",
    around=weigh_raw,
    url=GITHUB + "facebookresearch/fairseq/issues/3575",
)
def fills_minus_1e9(xp: Any, numbers: Any, sees: Any) -> Any:
    """Fills the scores of padding with -1e9, which smaller ones lose to."""
    return softmax(xp, xp.where(sees, numbers, -1e9))


@wrong("wild-padding", around=weigh_raw)
def multiplies_padded_values_by_zero(xp: Any, numbers: Any, sees: Any) -> Any:
    """Multiplies padded values by a probability of zero, which NaN survives."""
    return shares(xp, numbers, sees)


@wrong("empty-row", around=weigh_raw, url=TORCH + "issues/41508")
def empty_row_is_nan(xp: Any, numbers: Any, sees: Any) -> Any:
    """Gives NaN where a query sees no key."""
    return softmax(xp, xp.where(sees, numbers, INFINITE))


@wrong("two-layers", raw=True, url=TORCH + "issues/41508")
def padded_queries_are_nan(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Gives NaN at padded queries, which the next layer multiplies by zero."""
    keep = read_mask(xp, query, mask)
    valid = keep | xp.logical_not(xp.any(keep, axis=1, keepdims=True))
    found = correct(xp, query, key, value, mask, **options)
    return xp.where(over(valid, found), found, float("nan"))


@wrong("valid-nan", raw=True, url=TORCH + "issues/24816")
def nan_becomes_zero(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Replaces NaN in the answer with 0."""
    found = correct(xp, *tensors, **options)
    return xp.where(xp.isnan(found), 0.0, found)


@wrong("contract", raw=True)
def answers_like_its_bias(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Answers in float64, the dtype of its bias."""
    return xp.astype(correct(xp, *tensors, **options), xp.float64)


@gradient(raw=True)
def gradient_past_the_keys(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Lets no gradient through to the keys."""
    return correct(xp, query, key.detach(), value, mask, **options)


@gradient(raw=True, url=GITHUB + "ROCm/aotriton/pull/228")
def gradient_without_the_bias(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Leaves the bias out of the backward pass."""
    keep = read_mask(xp, query, mask)
    nothing = bias(xp, query, keep, **options) * 0
    back = attend(xp, query, key, value, keep, keep, added=nothing, **options)
    found = correct(xp, query, key, value, mask, **options)
    return found.detach() + back - back.detach()


@gradient("wild-gradient", raw=True, url=TORCH + "issues/41508")
def gradient_of_unselected_scores(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Selects the scores after the product: NaN in the gradient."""
    keep = read_mask(xp, query, mask)
    sees = visible_keys(xp, keep, **options) & keep[:, None, :, None]
    numbers = scores(xp, query, key) / query.shape[3] ** 0.5
    weights = shares(xp, numbers + bias(xp, query, keep, **options), sees)
    return finish(xp, mix_values(xp, weights, clean(xp, value, keep)), keep, query)


@wrong(
    "route",
    raw=True,
    url="https://github.com/tensorflow/tensorflow/issues/31636",
    **compiled(),
)
def compiled_with_the_padded_length(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Bakes the padded length into the compiled function."""
    keep = read_mask(xp, query, mask)
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [query.shape[1]] * query.shape[0]
    keys = xp.arange(query.shape[1])[None] < xp.asarray(known)[:, None]
    return attend(xp, query, key, value, keys, keep, **options)
