"""The second oracle of ``ctc_loss``: every path, one after the other.

A path is merged and freed of blanks as the definition says, scores are exact fractions,
their powers have 120 digits. It shares nothing with ``oracle``, so that the two can be
held against each other.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from operator import getitem
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]

DIGITS = 120
"""Of a sum of powers: a loss of 1e-40 has eighty of them left."""


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    return {
        "logits": ("B T C",),
        "labels": ("B S",),
        "label_mask": ("B S",),
        "want": ("B",) if options["reduction"] == "none" else ("",),
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's loss, or their mean.

    >>> inputs = {"logits": [[[0, 0], [0, 0], [5, 7]]], "labels": [[1, 1]],
    ...           "label_mask": [[True, False]]}
    >>> options = {"blank": "first", "reduction": "none", "zero_infinity": "infinite"}
    >>> answer(options, inputs, [[True, True, False]], {})
    [0.2876820724517809]

    Raises:
        ValueError: A valid label is the blank, or no class.
    """
    del weights
    first, zeroed = (options["blank"] == "first", options["zero_infinity"] == "zeroed")
    losses, counts = [], []
    mean = options["reduction"] == "mean"
    for frames, keep, labels, there in zip(
        inputs["logits"], mask, inputs["labels"], inputs["label_mask"], strict=True
    ):
        row = [frame for frame, valid in zip(frames, keep, strict=True) if valid]
        own = tuple(one for one, valid in zip(labels, there, strict=True) if valid)
        blank = 0 if first else len(frames[0]) - 1 if frames else -1
        found = _loss(row, own, blank)
        if row or not mean:
            losses.append(0.0 if zeroed and found == math.inf else found)
            counts.append(max(len(own), 1))
    return _mean(losses, counts) if mean else [float(loss) for loss in losses]


def _mean(losses: Sequence[Any], counts: Sequence[int]) -> float:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    with mpmath.workdps(DIGITS):
        each = [loss / count for loss, count in zip(losses, counts, strict=True)]
        return float(mpmath.fsum(each) / max(len(each), 1))


def _loss(frames: Sequence[Nested], labels: tuple[int, ...], blank: int) -> Any:
    """Return one row's loss with 120 digits, or an infinite or NaN float."""
    import mpmath

    for label in labels:
        if frames and (not 0 <= label < len(frames[0]) or label == blank):
            msg = f"label {label} is none of {len(frames[0])} classes, or the blank"
            raise ValueError(msg)
    numbers = [number for frame in frames for number in frame]
    hopeless = any(set(frame) == {-math.inf} for frame in frames)
    if hopeless or any(math.isnan(one) or one == math.inf for one in numbers):
        return math.nan
    with mpmath.workdps(DIGITS):
        whole = mpmath.fprod(mpmath.fsum(map(_power, frame)) for frame in frames)
        found = mpmath.fsum(
            mpmath.fprod(map(_power, map(getitem, frames, path)))
            for path in _paths(frames)
            if merge(path, blank) == labels
        )
        return mpmath.log(whole / found) if found else math.inf


def _power(logit: Any) -> Any:
    import mpmath

    if logit == -math.inf:
        return mpmath.mpf(0)
    exact = Fraction(logit)
    return mpmath.exp(mpmath.mpf(exact.numerator) / mpmath.mpf(exact.denominator))


def _paths(frames: Sequence[Sequence[Any]]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(len(frame)) for frame in frames))


def merge(path: Sequence[int], blank: int) -> tuple[int, ...]:
    """Return the labels of a path: runs merged, then blanks dropped.

    >>> merge((1, 1, 0, 1, 2, 2, 0), 0)
    (1, 1, 2)
    """
    merged = [name for name, _ in itertools.groupby(path)]
    return tuple(name for name in merged if name != blank)
