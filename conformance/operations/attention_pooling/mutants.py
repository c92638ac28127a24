"""Attention poolings made wrong on purpose: their weights, then their deviation."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, count, widen
from conformance.operations._common.family import add_empty, add_usual, call_formula
from conformance.operations._common.mutant import ANY, Mutants, derivative

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Formula, Row

INFINITE = float("-inf")
GITHUB = "https://github.com/"
TORCH = GITHUB + "pytorch/pytorch/issues/"
POSITION, FEATURE, DEVIATION = ("*.position",), ("*.feature",), ("*.mean_std.*",)
MEAN = ("*.mean.*",)

_FILLS = {
    "fills-minus-1e4": -1e4,
    "fills-minus-2-to-32": 1 - 2.0**32,
    "padding-scores-are-zero": 0.0,
}


def pool_rows(
    xp: Any,
    x: Any,
    keep: Any,
    *,
    score: Any,
    pool: str,
    per: str,
    floor: float,
    fault: str = "",
) -> Any:
    """Return each row's weighted mean and, if asked for, its deviation."""
    there = keep[..., None]
    wide = clean(xp, x, keep)
    scores = widen(xp, score if per == "feature" else score[..., None])
    weights = _weigh(xp, scores, there, wide, fault)
    if fault in {"multiplies-by-a-weight-of-zero", "fills-the-smallest-number"}:
        wide = widen(xp, x)
    mean = xp.sum(weights * wide, axis=1)
    if pool == "mean":
        return xp.astype(mean, x.dtype)
    root = _deviate(xp, wide, keep, (weights, mean), floor=floor, fault=fault)
    parts = [root, mean] if fault == "deviation-in-front" else [mean, root]
    return xp.astype(xp.concat(parts, axis=1), x.dtype)


def _weigh(xp: Any, scores: Any, there: Any, wide: Any, fault: str) -> Any:
    """Return the weights ``[B, T, 1 or F]``, zero at padding."""
    change = _CHANGES.get(fault)
    if change is not None:
        scores = change(xp, scores, wide)
    clear = xp.where(there, scores, _FILLS.get(fault, INFINITE))
    if fault == "adds-minus-1e9":
        clear = scores + (1 - xp.astype(there, scores.dtype)) * -1e9
    if fault in {"softmax-before-the-mask", "softmax-of-everything"}:
        clear = scores
    some = xp.any(there, axis=1, keepdims=True)
    if fault == "fills-the-smallest-number":
        clear = xp.where(there, scores, float(xp.finfo(scores.dtype).min))
        return _soften(xp, clear)
    clear = xp.where(some, clear, 0.0)
    if fault in _AXES:
        axis = _AXES[fault]
        clear = xp.where(xp.any(there), xp.where(there, clear, -1e30), 0.0)
        return xp.where(there, _soften(xp, clear, axis=axis), 0.0)
    if fault in {"powers-of-the-scores", "epsilon-in-the-sum"}:
        powers = xp.where(there, xp.exp(xp.where(there, scores, 0.0)), 0.0)
        total = xp.sum(powers, axis=1, keepdims=True)
        total = total + 1e-3 if fault == "epsilon-in-the-sum" else total
        return powers / xp.where(some, total, 1.0)
    if fault == "constant-total":
        powers = xp.exp(clear - xp.max(clear, axis=1, keepdims=True).detach())
        found = powers / xp.sum(powers, axis=1, keepdims=True).detach()
        return xp.where(there, found, 0.0)
    found = _soften(xp, clear)
    if fault == "softmax-before-the-mask":
        found = xp.where(there, found, 0.0)
        return found / (xp.sum(found, axis=1, keepdims=True) + 1e-9)
    shown = some if fault in _FILLS or fault == "adds-minus-1e9" else there
    return xp.where(shown, found, 0.0)


def _soften(xp: Any, scores: Any, axis: Any = 1) -> Any:
    powers = xp.exp(scores - xp.max(scores, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def _deviate(
    xp: Any,
    wide: Any,
    keep: Any,
    pooled: tuple[Any, Any],
    *,
    floor: float,
    fault: str,
) -> Any:
    """Return the root of the weighted variance."""
    (weights, mean), there = pooled, keep[..., None]
    if fault == "deviation-without-weights":
        number = count(xp, keep, mean)[:, None]
        weights = xp.where(there, 1 / number, 0.0)
        mean = xp.sum(weights * wide, axis=1)
    if fault == "constant-weights":
        weights = weights.detach()
    away = xp.where(there, wide - mean[:, None], 0.0)
    if fault == "does-not-centre":
        away = wide
    variance = xp.sum(weights * away**2, axis=1)
    if fault == "one-pass":
        variance = xp.sum(weights * wide**2, axis=1) - mean**2
    if fault == "unbiased":
        variance = variance / (1 - xp.sum(weights**2, axis=1))
    floor = 0.0 if fault == "no-floor" else floor
    if fault == "adds-the-floor":
        variance, floor = variance + floor, 0.0
    if fault == "floor-under-the-root":
        variance = xp.where(variance > 0, variance, 0 * variance)
        root = xp.sqrt(xp.where(variance > 0, variance, 1e-30))
        root = xp.where(root < floor, floor, root)
    elif fault == "root-before-the-floor":
        root = xp.where(variance < floor, floor**0.5, xp.sqrt(variance))
    else:
        root = xp.where(variance < floor, floor, variance)
        root = root if fault == "no-root" else xp.sqrt(root)
    return xp.where(xp.any(there, axis=1), root, 0.0)


def _take_first(xp: Any, scores: Any, wide: Any) -> Any:
    return scores[..., :1] + xp.zeros_like(wide)


_CHANGES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "ignores-the-scores": lambda xp, scores, _wide: xp.zeros_like(scores),
    "clips-the-scores": lambda xp, scores, _wide: xp.clip(scores, -30, 30),
    "constant-scores": lambda _xp, scores, _wide: scores.detach(),
    "first-features-scores": _take_first,
    "nan-scores-are-zero": lambda xp, scores, _wide: xp.where(
        xp.isnan(scores), 0.0, scores
    ),
}
_AXES: dict[str, Any] = {
    "over-the-features": 2,
    "over-an-axis-of-one": 2,
    "over-the-rows": 0,
    "over-the-batch": (0, 1),
}


def _call(formula: Formula, xp: Any, x: Any, score: Any, mask: Any, **how: Any) -> Any:
    """Call what takes x and a mask, with the scores as a keyword."""
    return formula(xp, x, mask, score=score, **how)


def _change(
    formula: Formula, xp: Any, x: Any, score: Any, mask: Any, **how: Any
) -> Any:
    return call_formula(formula, xp, x, mask, score=score, **how)


MUTANTS = Mutants("attention_pooling", partial(_change, pool_rows), around=_change)
_USUAL = Mutants("attention_pooling", MUTANTS.correct)
# The positions at a row's ends are asked of the reductions often enough.
add_usual(
    _USUAL,
    pool_rows,
    without=(
        "forgets-the-first-position",
        "one-position-too-many",
        "everything-up-to-the-last",
        "longest-row-for-all",
        "nan-becomes-zero",
        "compiled-with-the-padded-length",
    ),
)
add_empty(_USUAL, pool_rows, float("nan"), "zero")
MUTANTS.extend(
    replace(
        each,
        function=partial(_call, each.function),
        # It adds a number for each feature to the answer, which has twice as many.
        variants=MEAN if each.name == "gradient-leaks-to-padding" else ANY,
    )
    for each in _USUAL
)

# fmt: off
_ROWS: tuple[Row, ...] = (
    ("ignores-the-scores", "value", ANY, "",
     "gives the plain mean, whatever the scores"),
    ("padding-scores-are-zero", "score-shift", ANY,
     GITHUB + "ilivans/tf-rnn-attention/issues/11",
     "gives padding a score of zero, which takes its share"),
    ("softmax-of-everything", "value", ANY,
     GITHUB + "ilivans/tf-rnn-attention/issues/8",
     "takes the softmax over padding too, and trusts that its values are zero"),
    ("softmax-before-the-mask", "value", ANY,
     GITHUB + "tensorflow/tensorflow/issues/43941",
     "applies the mask after the softmax, where padding took everything"),
    ("fills-minus-1e4", "large-values", ANY,
     GITHUB + "hyunwoongko/transformer/pull/40",
     "fills the scores of padding with -1e4, which smaller ones lose to"),
    ("fills-minus-2-to-32", "large-values", ANY,
     GITHUB + "facebookresearch/fairseq/issues/3575",
     "fills the scores of padding with -2^32 + 1, which smaller ones lose to"),
    ("fills-the-smallest-number", "empty-row", ANY, "",
     "fills the scores of padding with the smallest number: uniform when empty"),
    ("adds-minus-1e9", "wild-padding", ANY,
     GITHUB + "NVIDIA/apex/issues/93",
     "adds -1e9 to the scores of padding, which keeps what they were"),
    ("multiplies-by-a-weight-of-zero", "wild-padding", ANY,
     GITHUB + "numpy/numpy/issues/20375",
     "multiplies padded values by a weight of zero, which NaN survives"),
    ("over-the-features", "value", FEATURE,
     GITHUB + "keras-team/keras-io/pull/1904",
     "takes the softmax over the features, not over time"),
    ("over-an-axis-of-one", "value", POSITION,
     GITHUB + "localminimum/R-net/issues/8",
     "takes the softmax over an axis of one, so that every weight is one"),
    ("over-the-rows", "batch-composition", ANY,
     GITHUB + "PetrochukM/PyTorch-NLP/issues/2",
     "takes the softmax over the rows of the batch"),
    ("over-the-batch", "batch-composition", ANY,
     GITHUB + "danielegrattarola/spektral/issues/302",
     "takes the softmax over all rows together"),
    ("first-features-scores", "value", FEATURE, "",
     "weighs every feature by the first one's scores"),
    ("powers-of-the-scores", "large-values", ANY, "",
     "takes the powers without the maximum, which overflow"),
    ("epsilon-in-the-sum", "score-shift", ANY,
     GITHUB + "allenai/allennlp/pull/893",
     "adds 1e-3 to the sum of the powers"),
    ("clips-the-scores", "large-values", ANY, "",
     "clips the scores to 30"),
    ("nan-scores-are-zero", "valid-nan", ANY, "",
     "takes a score that is NaN for zero"),
    ("deviation-without-weights", "value", DEVIATION, "",
     "gives the plain deviation beside the weighted mean"),
    ("does-not-centre", "shift", DEVIATION, "",
     "gives the root of the mean of squares"),
    ("one-pass", "shift", DEVIATION, "",
     "takes the square of the mean off the mean of squares, which cancels"),
    ("unbiased", "one-score", DEVIATION,
     GITHUB + "pyannote/pyannote-audio/pull/2047",
     "divides by one less the sum of squared weights, which is zero for one token"),
    ("no-root", "value", DEVIATION, "",
     "gives the variance, not its root"),
    ("no-floor", "one-score", DEVIATION, "",
     "has no floor under the variance"),
    ("adds-the-floor", "value", DEVIATION, "",
     "adds the floor to the variance"),
    ("floor-under-the-root", "one-score", DEVIATION, "",
     "has the floor under the deviation, not under the variance"),
    ("deviation-in-front", "value", DEVIATION, "",
     "gives the deviation first and the mean behind it"),
)
_DERIVED: tuple[Row, ...] = (
    ("gradient-skips-the-scores", "gradient", ANY, "",
     "lets no gradient reach the scores"),
    ("gradient-of-a-constant-total", "gradient", ANY, "",
     "takes the sum of the powers for a constant in the gradient"),
    ("gradient-of-constant-weights", "gradient", DEVIATION, "",
     "lets no gradient of the deviation reach the scores"),
    ("gradient-is-nan-at-zero", "gradient", DEVIATION, TORCH + "4320",
     "takes the root of a variance of zero before the floor: infinity times zero"),
)
# fmt: on
_FAULTS = {
    "gradient-skips-the-scores": "constant-scores",
    "gradient-of-a-constant-total": "constant-total",
    "gradient-of-constant-weights": "constant-weights",
    "gradient-is-nan-at-zero": "root-before-the-floor",
}


def _make(name: str) -> Formula:
    return partial(_change, partial(pool_rows, fault=_FAULTS.get(name, name)))


MUTANTS.faults(_make, _ROWS)
MUTANTS.faults(_make, _DERIVED, **derivative())
