"""Laws of the bidirectional layer alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.exact import elsewhere
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def swap(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Directions' weights swapped on the reversed sequence: the output reversed."""
    batch = sample.batch
    turned = sample.replace_batch(_swap_weights(_reverse_rows(batch)))
    first = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    second = subject.answer(turned.batch, like=turned.want)
    want = first
    if subject.variant.result == "position":
        want = np.take_along_axis(first, _reversal(batch.mask)[..., None], axis=1)
    if subject.variant.options["merge"] == "concat":
        units = want.shape[-1] // 2
        want = np.roll(want, units, axis=-1)
    note = "the reversed sequence through swapped directions"
    yield relate(second, want, turned, turned, note=note)


def zero_at_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Exactly zero at padding."""
    got = subject.answer(sample.batch, like=sample.want)
    zero = np.zeros_like(sample.want)
    note = "a padded position has an output"
    padded = elsewhere(~sample.batch.mask[..., None], zero.shape)
    yield compare(got, zero, zero, open_by=padded, batch=sample.batch, note=note)


def _reversal(mask: Array) -> Array:
    """Return, for each position, the one whose place it takes in the reverse.

    Valid positions change places among themselves, padding stays where it is:
    [1, 0, 3, 4, 5, 0, 0, 0] of length 5 becomes [5, 4, 3, 0, 1, 0, 0, 0].
    """
    order = np.broadcast_to(np.arange(mask.shape[1]), mask.shape).copy()
    for row, valid in enumerate(mask):
        order[row, valid] = order[row, valid][::-1]
    return order


def _reverse_rows(batch: Batch) -> Batch:
    rows = np.arange(batch.rows)[:, None]
    order = _reversal(batch.mask)
    arrays = {name: array[rows, order] for name, array in batch.arrays.items()}
    return replace(batch, arrays=arrays)


def _swap_weights(batch: Batch) -> Batch:
    other = {"forward": "backward", "backward": "forward"}
    weights = {}
    for name in batch.weights:
        direction, _, part = name.partition(".")
        weights[name] = batch.weights[f"{other[direction]}.{part}"]
    return replace(batch, weights=weights)
