"""Logarithms of softmaxes made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, kept, wide
from conformance.operations._common.family import called, fill_faults, usual
from conformance.operations._common.mutant import Mutant, Mutants

INFINITE = float("-inf")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the logarithms of valid positions, minus infinity elsewhere."""
    return called(_logs, xp, x, mask)


def _logs(xp: Any, x: Any, keep: Any) -> Any:
    there = xp.any(keep, axis=1, keepdims=True)
    scores = xp.where(there, clean(xp, x, keep, INFINITE), 0.0)
    return _only(xp, _plain(xp, scores), keep, x)


def _only(xp: Any, found: Any, keep: Any, x: Any, fill: float = INFINITE) -> Any:
    return xp.astype(xp.where(keep, found, fill), x.dtype)


def _plain(xp: Any, scores: Any) -> Any:
    below = scores - xp.max(scores, axis=1, keepdims=True)
    return below - xp.log(xp.sum(xp.exp(below), axis=1, keepdims=True))


def _filled(fill: float, xp: Any, x: Any, keep: Any) -> Any:
    return _only(xp, _plain(xp, clean(xp, x, keep, fill)), keep, x)


def _added(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    wider = wide(xp, x)
    weight = xp.astype(keep, wider.dtype)
    return _only(xp, _plain(xp, wider + (1 - weight) * -1e9), keep, x)


def _masked_after(xp: Any, x: Any, mask: Any) -> Any:
    return _only(xp, _plain(xp, wide(xp, x)), kept(xp, x, mask), x)


def _zero_at_padding(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    return _only(xp, wide(xp, correct(xp, x, mask)), keep, x, 0.0)


def _through_the_softmax(xp: Any, x: Any, mask: Any) -> Any:
    # The logarithm of a probability that underflowed.
    return xp.log(xp.exp(correct(xp, x, mask)))


def _epsilon(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    found = xp.log(xp.exp(wide(xp, correct(xp, x, mask))) + 1e-5)
    return _only(xp, found, keep, x)


def _softmax(xp: Any, x: Any, mask: Any) -> Any:
    return _only(xp, xp.exp(wide(xp, correct(xp, x, mask))), kept(xp, x, mask), x)


def _maximum_alone(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    scores = clean(xp, x, keep, INFINITE)
    there = xp.any(keep, axis=1, keepdims=True)
    scores = xp.where(there, scores, 0.0)
    return _only(xp, scores - xp.max(scores, axis=1, keepdims=True), keep, x)


def _without_top(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    scores = clean(xp, x, keep, INFINITE)
    total = xp.sum(xp.exp(scores), axis=1, keepdims=True)
    return _only(xp, scores - xp.log(total), keep, x)


def _empty_is_nan(xp: Any, x: Any, mask: Any) -> Any:
    found = _plain(xp, clean(xp, x, kept(xp, x, mask), INFINITE))
    return xp.astype(found, x.dtype)


_mutant = partial(Mutant, operation="masked_log_softmax")
MUTANTS = Mutants("masked_log_softmax", correct)
MUTANTS.extend(
    (
        *usual("masked_log_softmax", _logs),
        *fill_faults("masked_log_softmax", _filled),
        _mutant(
            name="adds-minus-1e9",
            text="adds -1e9 to padding, which keeps what stood there",
            clause="wild-padding",
            url="https://github.com/huggingface/transformers/pull/17306",
            function=_added,
        ),
        _mutant(
            name="masked-after-the-sum",
            text="puts minus infinity at padding after summing over everything",
            clause="value",
            url="https://github.com/huggingface/pytorch-image-models/pull/2236",
            function=_masked_after,
        ),
        _mutant(
            name="certain-padding",
            text="puts 0 at padding, a probability of one, minus infinity declared",
            clause="value",
            url="https://github.com/allenai/allennlp/pull/105",
            function=_zero_at_padding,
        ),
        _mutant(
            name="logarithm-of-the-softmax",
            text="takes the logarithm of a softmax that underflows",
            clause="large-values",
            url="https://github.com/jax-ml/jax/issues/17070",
            function=_through_the_softmax,
        ),
        _mutant(
            name="adds-epsilon",
            text="adds 1e-5 to probabilities before the logarithm",
            clause="value",
            function=_epsilon,
        ),
        _mutant(
            name="gives-the-softmax",
            text="gives the probabilities themselves",
            clause="not-above-zero",
            function=_softmax,
        ),
        _mutant(
            name="takes-off-the-maximum-alone",
            text="takes off the maximum and not the logarithm of the sum",
            clause="value",
            function=_maximum_alone,
        ),
        _mutant(
            name="exponentials-overflow",
            text="takes exponentials without the maximum taken off, which overflow",
            clause="large-values",
            url="https://github.com/deepmodeling/deepmd-kit/pull/5717",
            function=_without_top,
        ),
        _mutant(
            name="empty-row-is-nan",
            text="gives NaN for a row without valid positions",
            clause="empty-row",
            url="https://github.com/pytorch/pytorch/issues/55056",
            function=_empty_is_nan,
        ),
    )
)
