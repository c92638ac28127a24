"""All paths that are a row's labels, in float64: the forward algorithm, its errors.

A path's state is a place in the labels with a blank before, between and behind them:
even states are blanks, state 2 i + 1 is label i.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The valid labels of each row, moved to its beginning.

    Attributes:
        classes: Their classes, blanks behind them, ``[B, S]``.
        counts: How many there are, ``[B]``.
        blank: The blank's class.
    """

    classes: Array
    counts: Array
    blank: int

    def impossible(self, frames: Array) -> Array:
        """Return for which rows so many frames are too few, ``[B]``."""
        there = np.arange(self.classes.shape[1]) < self.counts[:, None]
        alike = self.classes[:, 1:] == self.classes[:, :-1]
        repeats = (alike & there[:, 1:]).sum(axis=1)
        return np.asarray(self.counts + repeats > frames)

    def states(self, row: int) -> tuple[Array, Array]:
        """Return one row's classes by state, and whether the state before is skipped.

        Two equal labels need the blank between them.
        """
        states = self.all_states()
        last = 2 * int(self.counts[row]) + 1
        return states[0][row, :last], states[1][row, :last]

    def all_states(self) -> tuple[Array, Array]:
        """Return the same of all rows, each ``[B, 2 S + 1]``."""
        rows, width = self.classes.shape
        classes = np.full((rows, 2 * width + 1), self.blank)
        classes[:, 1::2] = self.classes
        skips = np.zeros(classes.shape, dtype=bool)
        skips[:, 3::2] = self.classes[:, 1:] != self.classes[:, :-1]
        return classes, skips


def read_labels(options: Mapping[str, str], batch: Batch) -> Labels:
    """Return the batch's valid labels.

    Raises:
        ValueError: One of them is the blank, or no class.
    """
    classes = batch.arrays["logits"].shape[2]
    blank = 0 if options["blank"] == "first" else classes - 1
    labels, keep = batch.beside["labels"], batch.beside["label_mask"]
    wrong = keep & ((labels < 0) | (labels >= classes) | (labels == blank))
    if wrong.any():
        msg = f"label {labels[wrong][0]} is none of {classes} classes, or the blank"
        raise ValueError(msg)
    order = np.argsort(~keep, axis=1, kind="stable")
    moved = np.take_along_axis(np.where(keep, labels, blank), order, axis=1)
    return Labels(classes=moved, counts=keep.sum(axis=1), blank=blank)


def reverse(batch: Batch, labels: Labels) -> tuple[Batch, Labels]:
    """Return the rows and their labels from the end."""
    width = labels.classes.shape[1]
    back = labels.counts[:, None] - 1 - np.arange(width)
    turned = np.take_along_axis(labels.classes, np.maximum(back, 0), axis=1)
    classes = np.where(back >= 0, turned, labels.blank)
    return batch.each(lambda array: array[:, ::-1]), replace(labels, classes=classes)


def log_shares(batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return the log-softmax of each frame, 0 at padding, and its error in a dtype.

    The error is that of masked_log_softmax, over the classes of a frame.
    """
    p = PRECISIONS[dtype]
    z = select_valid(batch, "logits", 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        top = z.max(axis=2, keepdims=True, initial=-np.inf)
        power = np.exp(z - top)
        total = power.sum(axis=2, keepdims=True)
        above = np.log(total)
        logs = z - top - above
        distance = np.where(power > 0, top - z, 0.0)
        spread = (power / total * distance).sum(axis=2, keepdims=True)
    size = np.abs(top) + np.abs(z) + 2 * np.abs(logs)
    terms = spread + 4 + 4 * above + distance + size
    error = p.u * terms + z.shape[2] * p.v + p.eta
    # A class of minus infinity is no term of any path.
    error = np.where(np.isneginf(logs), 0.0, error)
    return np.where(batch.mask[..., None], logs, 0.0), error


def log_likelihood(batch: Batch, labels: Labels, dtype: str) -> tuple[Array, Array]:
    """Return the log of all paths' sum, ``[B]``, and its error in ``dtype``.

    Before the first frame a path is in the first blank; a padded frame is no step.
    """
    p = PRECISIONS[dtype]
    classes, skips = labels.all_states()
    rows = np.arange(batch.rows)[:, None]
    logs, own = log_shares(batch, dtype)
    reached = np.full(classes.shape, -np.inf)
    reached[:, :1] = 0.0
    error = np.zeros(classes.shape)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for t in range(batch.time):
            here = batch.mask[:, t, None]
            now, new = logs[:, t][rows, classes], own[:, t][rows, classes]
            scores = _before(reached, skips, -np.inf)
            # A frame is added once: before the sum, or behind it, where less is there.
            size = p.u * (np.abs(scores) + np.abs(now)[:, None])
            carried = _before(error, skips, 0.0) + size
            total, off = _log_sum(scores, carried, dtype)
            off = off + new
            reached = np.where(here, total + now, reached)
            error = np.where(here, off, error)
        last = 2 * labels.counts[:, None] - np.arange(2)
        ends = np.take_along_axis(reached, np.maximum(last, 0), axis=1)
        ends = np.where(last >= 0, ends, -np.inf)
        off = np.take_along_axis(error, np.maximum(last, 0), axis=1)
        value, off = _log_sum(ends[..., None], off[..., None], dtype)
    return value[:, 0], off[:, 0]


def count_uses(logs: Array, classes: Array, skips: Array) -> Array:
    """Return each class's share of one row's paths at each frame, ``[n, C]``.

    Args:
        logs: The log-softmax of its valid frames, ``[n, C]``.
        classes: Its states' classes, ``[K]``.
        skips: Whether the state before may be left out, ``[K]``.
    """
    ahead = _forward(logs[:, classes], skips)
    # From the end a state is left out where the one behind it may be.
    back = np.concatenate([skips[2:], [False, False]])[: len(skips)][::-1]
    behind = _forward(logs[::-1][:, classes[::-1]], back)[::-1, ::-1]
    both = ahead + behind - logs[:, classes]
    whole = both.max(axis=1, keepdims=True, initial=-np.inf)
    share = np.exp(both - whole)
    share = share / share.sum(axis=1, keepdims=True)
    found = np.zeros_like(logs)
    for state, name in enumerate(classes):
        found[:, name] += share[:, state]
    return found


def _forward(logs: Array, skips: Array) -> Array:
    """Return the logs of what reaches each state at each frame, ``[n, K]``."""
    found = np.full(logs.shape, -np.inf)
    reached = np.where(np.arange(len(skips)) == 0, 0.0, -np.inf)
    for t, now in enumerate(logs):
        scores = _before(reached[None], skips[None], -np.inf)
        reached = np.logaddexp.reduce(scores[0], axis=0) + now
        found[t] = reached
    return found


def _before(states: Array, skips: Array, fill: float) -> Array:
    """Return what a step comes from, ``[B, 3, K]``: itself, the one before, two."""
    found = np.full((len(states), 3, states.shape[1]), fill)
    found[:, 0] = states
    found[:, 1, 1:] = states[:, :-1]
    found[:, 2, 2:] = np.where(skips[:, 2:], states[:, :-2], fill)
    return found


def _log_sum(scores: Array, error: Array, dtype: str) -> tuple[Array, Array]:
    """Return log sum exp over axis 1 and its error, given that of the scores.

    Of one term it is that term: exp(0) and log(1) are exact. Of three it may be taken
    two at a time.
    """
    p = PRECISIONS[dtype]
    top = scores.max(axis=1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    power = np.exp(scores - top)
    total = power.sum(axis=1)
    log = np.log(total)
    value = log + top[:, 0]
    distance = np.where(power > 0, top - scores, 0.0)
    share = power / total[:, None]
    moved = np.where(power > 0, share * (error + p.u * distance), 0.0).sum(axis=1)
    sums = np.maximum((power > 0).sum(axis=1) - 1, 0)
    own = p.u * (4 + 4 * np.abs(log) + np.abs(value)) + p.v
    return value, np.where(sums > 0, moved + sums * own + p.eta, moved)
