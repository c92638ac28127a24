"""Logarithms of softmaxes made wrong on purpose."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import clean, widen
from conformance.operations._common.family import add_fills, add_usual, call_formula
from conformance.operations._common.mutant import Mutants

INFINITE = float("-inf")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the logarithms of valid positions, minus infinity elsewhere."""
    return call_formula(_logs, xp, x, mask)


def _logs(xp: Any, x: Any, keep: Any) -> Any:
    there = xp.any(keep, axis=1, keepdims=True)
    scores = xp.where(there, clean(xp, x, keep, INFINITE), 0.0)
    return _only(xp, _log_softmax_of_all(xp, scores), keep, x)


def _only(xp: Any, found: Any, keep: Any, x: Any, fill: float = INFINITE) -> Any:
    return xp.astype(xp.where(keep, found, fill), x.dtype)


def _log_softmax_of_all(xp: Any, scores: Any) -> Any:
    below = scores - xp.max(scores, axis=1, keepdims=True)
    return below - xp.log(xp.sum(xp.exp(below), axis=1, keepdims=True))


def _fill(fill: float, xp: Any, x: Any, keep: Any) -> Any:
    return _only(xp, _log_softmax_of_all(xp, clean(xp, x, keep, fill)), keep, x)


MUTANTS = Mutants("masked_log_softmax", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(MUTANTS, _logs)
add_fills(MUTANTS, _fill)


@wrong("wild-padding", url="https://github.com/huggingface/transformers/pull/17306")
def adds_minus_1e9(xp: Any, x: Any, keep: Any) -> Any:
    """Adds -1e9 to padding, which keeps what stood there."""
    wider = widen(xp, x)
    weight = xp.astype(keep, wider.dtype)
    return _only(xp, _log_softmax_of_all(xp, wider + (1 - weight) * -1e9), keep, x)


@wrong("value", url="https://github.com/huggingface/pytorch-image-models/pull/2236")
def masked_after_the_sum(xp: Any, x: Any, keep: Any) -> Any:
    """Puts minus infinity at padding after summing over everything."""
    return _only(xp, _log_softmax_of_all(xp, widen(xp, x)), keep, x)


@wrong("value", url="https://github.com/allenai/allennlp/pull/105")
def certain_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Puts 0 at padding, a probability of one, minus infinity declared."""
    return _only(xp, widen(xp, _logs(xp, x, keep)), keep, x, 0.0)


@wrong("large-values", url="https://github.com/jax-ml/jax/issues/17070")
def logarithm_of_the_softmax(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the logarithm of a softmax that underflows."""
    # The logarithm of a probability that underflowed.
    return xp.log(xp.exp(_logs(xp, x, keep)))


@wrong("value")
def adds_epsilon(xp: Any, x: Any, keep: Any) -> Any:
    """Adds 1e-5 to probabilities before the logarithm."""
    found = xp.log(xp.exp(widen(xp, _logs(xp, x, keep))) + 1e-5)
    return _only(xp, found, keep, x)


@wrong("not-above-zero")
def gives_the_softmax(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the probabilities themselves."""
    return _only(xp, xp.exp(widen(xp, _logs(xp, x, keep))), keep, x)


@wrong("value")
def takes_off_the_maximum_alone(xp: Any, x: Any, keep: Any) -> Any:
    """Takes off the maximum and not the logarithm of the sum."""
    scores = clean(xp, x, keep, INFINITE)
    there = xp.any(keep, axis=1, keepdims=True)
    scores = xp.where(there, scores, 0.0)
    return _only(xp, scores - xp.max(scores, axis=1, keepdims=True), keep, x)


@wrong("large-values", url="https://github.com/deepmodeling/deepmd-kit/pull/5717")
def exponentials_overflow(xp: Any, x: Any, keep: Any) -> Any:
    """Takes exponentials without the maximum taken off, which overflow."""
    scores = clean(xp, x, keep, INFINITE)
    total = xp.sum(xp.exp(scores), axis=1, keepdims=True)
    return _only(xp, scores - xp.log(total), keep, x)


@wrong("empty-row", url="https://github.com/pytorch/pytorch/issues/55056")
def empty_row_is_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Gives NaN for a row without valid positions."""
    found = _log_softmax_of_all(xp, clean(xp, x, keep, INFINITE))
    return xp.astype(found, x.dtype)
