"""Softmaxes made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.mutation.arrays import MASKS, clean, kept, lengths, wide
from conformance.mutation.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable

INFINITE = float("-inf")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the probabilities of the valid positions, zero elsewhere."""
    return _softmax(xp, x, kept(xp, x, mask))


def _softmax(xp: Any, x: Any, keep: Any) -> Any:
    shares = _plain(xp, _lifted(xp, clean(xp, x, keep, INFINITE), keep))
    return xp.astype(xp.where(keep, shares, 0.0), x.dtype)


def _lifted(xp: Any, scores: Any, keep: Any) -> Any:
    """A row of minus infinities has no softmax: zeros instead."""
    return xp.where(xp.any(keep, axis=1, keepdims=True), scores, 0.0)


def _plain(xp: Any, scores: Any) -> Any:
    """The softmax of everything."""
    powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    return powers / xp.sum(powers, axis=1, keepdims=True)


def _masked(change: Callable[[Any, Any], Any], xp: Any, x: Any, mask: Any) -> Any:
    return _softmax(xp, x, change(xp, kept(xp, x, mask)))


def _filled(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(_plain(xp, clean(xp, x, kept(xp, x, mask), fill)), x.dtype)


def _added(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(kept(xp, x, mask), wider.dtype)
    return xp.astype(_plain(xp, wider + (1 - weight) * fill), x.dtype)


def _finfo_min(xp: Any, x: Any, mask: Any) -> Any:
    return _filled(float(xp.finfo(wide(xp, x).dtype).min), xp, x, mask)


def _finfo_min_added(xp: Any, x: Any, mask: Any) -> Any:
    return _added(float(xp.finfo(wide(xp, x).dtype).min), xp, x, mask)


def _masked_after(xp: Any, x: Any, mask: Any) -> Any:
    shares = _plain(xp, wide(xp, x))
    return xp.astype(xp.where(kept(xp, x, mask), shares, 0.0), x.dtype)


def _renormalised(xp: Any, x: Any, mask: Any) -> Any:
    shares = xp.where(kept(xp, x, mask), _plain(xp, wide(xp, x)), 0.0)
    total = xp.sum(shares, axis=1, keepdims=True)
    return xp.astype(shares / (total + 1e-13), x.dtype)


def _infinite_after(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    shares = _plain(xp, wide(xp, x))
    return xp.astype(xp.where(keep, shares, INFINITE), x.dtype)


def _zero_logits(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    shares = xp.where(keep, _plain(xp, clean(xp, x, keep)), 0.0)
    total = xp.sum(shares, axis=1, keepdims=True)
    return xp.astype(shares / (total + 1e-13), x.dtype)


def _zero_logits_kept(xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(_plain(xp, clean(xp, x, kept(xp, x, mask))), x.dtype)


def _empty_is_nan(xp: Any, x: Any, mask: Any) -> Any:
    return _filled(INFINITE, xp, x, mask)


def _empty_is_uniform(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    full = xp.any(keep, axis=1, keepdims=True)
    return xp.where(full, correct(xp, x, mask), xp.ones_like(x) / x.shape[1])


def _floor(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    return xp.where(keep, correct(xp, x, mask), xp.zeros_like(x) + 1e-9)


def _powers_times_mask(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    top = xp.max(_lifted(xp, clean(xp, x, keep, INFINITE), keep), axis=1, keepdims=True)
    wider = wide(xp, x)
    powers = xp.exp(wider - top) * xp.astype(keep, wider.dtype)
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


def _without_top(xp: Any, x: Any, mask: Any) -> Any:
    powers = xp.exp(clean(xp, x, kept(xp, x, mask), INFINITE))
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


def _epsilon(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x, mask) / (1 + 1e-5)


def _logarithm(xp: Any, x: Any, mask: Any) -> Any:
    logs = xp.log(correct(xp, x, mask))
    return xp.where(kept(xp, x, mask), logs, xp.zeros_like(x))


def _over_the_batch(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.T, kept(xp, x, mask).T).T


def _flat(xp: Any, x: Any, mask: Any) -> Any:
    size = (1, x.shape[0] * x.shape[1])
    keep = kept(xp, x, mask).reshape(size)
    return _softmax(xp, x.reshape(size), keep).reshape(x.shape)


def _no_nan(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return xp.where(xp.isnan(found), xp.zeros_like(found), found)


def _zeros_are_padding(xp: Any, x: Any, mask: Any) -> Any:
    return _softmax(xp, x, kept(xp, x, mask) & (x != 0))


def _sorted(xp: Any, x: Any, mask: Any) -> Any:
    order = xp.argsort(-lengths(xp, kept(xp, x, mask))[:, 0], stable=True)
    return correct(xp, x, mask)[order]


def _doubled(xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(correct(xp, x, mask), xp.float64)


def _in_place(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    x[~keep] = INFINITE
    return _softmax(xp, x, keep)


def _in_memory(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.ravel(order="K").reshape(x.shape), mask)


def _bitwise(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask) if mask is None else ~mask == 0
    return _softmax(xp, x, keep)


def _squeezed(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _leaking(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x, mask) + (x - x.detach()) * 0.5


def _unselected_power(xp: Any, x: Any, mask: Any) -> Any:
    # exp overflows at padding; its derivative there is zero times infinity.
    keep = kept(xp, x, mask)
    top = xp.max(_lifted(xp, clean(xp, x, keep, INFINITE), keep), axis=1, keepdims=True)
    powers = xp.where(keep, xp.exp(wide(xp, x) - top.detach()), 0.0)
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


def _detached(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.detach(), mask)


def _frozen_total(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    scores = _lifted(xp, clean(xp, x, keep, INFINITE), keep)
    powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True).detach())
    total = xp.sum(powers, axis=1, keepdims=True).detach()
    return xp.astype(xp.where(keep, powers / total, 0.0), x.dtype)


def _baked_length(xp: Any, x: Any, mask: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, kept(xp, x, mask))[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    return _softmax(xp, x, xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None])


_FILL = "fills padding with {} before the softmax, which smaller logits lose to"
_SELECT = "https://github.com/pytorch/pytorch/issues/"
_mutant = partial(Mutant, operation="masked_softmax")
_gradient = partial(
    _mutant,
    clause="gradient",
    kind="gradient",
    framework="torch",
    dtypes=("float32", "float64"),
)
MUTANTS: tuple[Mutant, ...] = (
    *(
        _mutant(
            name=name, text=text, clause=law, url=url, function=partial(_masked, change)
        )
        for name, (change, text, law, url) in MASKS.items()
    ),
    *(
        _mutant(
            name=f"fills-minus-{fill[1:]}",
            text=_FILL.format(fill),
            clause="large-values",
            url=url,
            dtypes=("float16", "float32"),
            function=partial(_filled, float(fill)),
        )
        for fill, url in (
            ("-1e4", ""),
            ("-1e6", "https://github.com/d2l-ai/d2l-en/pull/2423"),
            ("-1e9", "https://github.com/facebookresearch/fairseq/issues/3575"),
            ("-1e10", "https://github.com/openai/gpt-2/pull/122"),
        )
    ),
    _mutant(
        name="fills-the-smallest-number",
        text="fills padding with the dtype's smallest number: uniform when empty",
        clause="empty-row",
        function=_finfo_min,
    ),
    _mutant(
        name="adds-minus-1e4",
        text="adds -1e4 to padding, which keeps what stood there",
        clause="value",
        function=partial(_added, -1e4),
    ),
    _mutant(
        name="adds-minus-1e9",
        text="adds -1e9 to padding, which keeps what stood there",
        clause="wild-padding",
        url="https://github.com/NVIDIA/apex/issues/93",
        function=partial(_added, -1e9),
    ),
    _mutant(
        name="adds-the-smallest-number",
        text="adds the dtype's smallest number to padding, which overflows",
        clause="wild-padding",
        url="https://github.com/huggingface/transformers/pull/17306",
        function=_finfo_min_added,
    ),
    _mutant(
        name="masks-after-without-normalising",
        text="applies the mask after the softmax and does not normalise again",
        clause="value",
        url="https://github.com/huggingface/pytorch-image-models/pull/2236",
        function=_masked_after,
    ),
    _mutant(
        name="masks-after-and-normalises",
        text="applies the mask after the softmax, where padding has taken everything",
        clause="value",
        url="https://github.com/tensorflow/tensorflow/issues/43941",
        function=_renormalised,
    ),
    _mutant(
        name="minus-infinity-after",
        text="writes minus infinity into the probabilities, not the logits",
        clause="value",
        url="https://github.com/gabrielmittag/NISQA/issues/17",
        function=_infinite_after,
    ),
    _mutant(
        name="zeroes-logits-and-normalises",
        text="sets padding's logits to zero and normalises what is left",
        clause="shift",
        url="https://github.com/allenai/allennlp/pull/893",
        function=_zero_logits,
    ),
    _mutant(
        name="zeroes-logits",
        text="sets padding's logits to zero, which takes its share",
        clause="value",
        function=_zero_logits_kept,
    ),
    _mutant(
        name="empty-row-is-nan",
        text="gives NaN for a row without valid positions",
        clause="empty-row",
        url=_SELECT + "55056",
        function=_empty_is_nan,
    ),
    _mutant(
        name="floor-at-padding",
        text="leaves 1e-9 at padding",
        clause="zero-at-padding",
        url="https://github.com/torch-spyre/torch-spyre/pull/4522",
        function=_floor,
    ),
    _mutant(
        name="multiplies-powers-by-the-mask",
        text="multiplies exp by the mask, where a large logit at padding overflows",
        clause="value",
        url="https://github.com/deepmodeling/deepmd-kit/pull/5717",
        function=_powers_times_mask,
    ),
    _mutant(
        name="no-maximum-subtracted",
        text="does not subtract the maximum before exp",
        clause="value",
        function=_without_top,
    ),
    _mutant(
        name="epsilon-in-the-sum",
        text="adds 1e-5 of the sum to the divisor",
        clause="sums-to-one",
        function=_epsilon,
    ),
    _mutant(
        name="logarithm",
        text="gives log-probabilities, 0 (probability one) at padding",
        clause="value",
        url="https://github.com/allenai/allennlp/pull/105",
        function=_logarithm,
    ),
    _mutant(
        name="over-the-batch",
        text="normalises over the batch, not over time",
        clause="value",
        function=_over_the_batch,
    ),
    _mutant(
        name="over-everything",
        text="normalises over all rows together",
        clause="value",
        function=_flat,
    ),
    _mutant(
        name="nan-becomes-zero",
        text="replaces NaN in the answer with 0",
        clause="valid-nan",
        url=_SELECT + "24816",
        function=_no_nan,
    ),
    _mutant(
        name="zeros-are-padding",
        text="takes valid logits of 0 for padding",
        clause="value",
        url="https://github.com/microsoft/onnxruntime-genai/pull/1694",
        function=_zeros_are_padding,
    ),
    _mutant(
        name="rows-stay-sorted",
        text="sorts the rows by length and does not sort the answers back",
        clause="value",
        function=_sorted,
    ),
    _mutant(
        name="answers-in-float64",
        text="answers in float64 whatever the input's dtype",
        clause="contract",
        function=_doubled,
    ),
    _mutant(
        name="fills-its-input",
        text="fills padding in the caller's own array",
        clause="contract",
        url=_SELECT + "39639",
        function=_in_place,
    ),
    _mutant(
        name="reads-memory",
        text="reads memory in the order it lies in, not elements",
        clause="layout",
        function=_in_memory,
    ),
    _mutant(
        name="inverts-the-mask-bitwise",
        text="inverts the mask with ~, which is right for booleans only",
        clause="mask-form",
        function=_bitwise,
    ),
    _mutant(
        name="squeezes-every-axis",
        text="squeezes every axis of length one, the batch's too",
        clause="length-one",
        function=_squeezed,
    ),
    _gradient(
        name="gradient-leaks-to-padding",
        text="sends a gradient to padding, behind a right value",
        function=_leaking,
    ),
    _gradient(
        name="gradient-of-the-unselected-power",
        text="takes exp of padding and selects afterwards: NaN in the gradient",
        url="https://github.com/rwth-i6/returnn/issues/576",
        function=_unselected_power,
    ),
    _gradient(
        name="gradient-unconnected",
        text="lets no gradient through",
        function=_detached,
    ),
    _gradient(
        name="gradient-of-the-numerator-only",
        text="takes the sum of the powers for a constant in the gradient",
        function=_frozen_total,
    ),
    _mutant(
        name="compiled-with-the-padded-length",
        text="bakes the padded length into the compiled function",
        clause="route",
        kind="route",
        framework="jax",
        url="https://github.com/tensorflow/tensorflow/issues/31636",
        function=_baked_length,
    ),
)
"""Every mutant of the softmax."""
