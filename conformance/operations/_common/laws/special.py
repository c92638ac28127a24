"""Laws about NaN and infinities at valid positions, where they are values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.exact import ROW_WITH_NAN
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

PLACES = ("first", "middle", "last", "several", "each feature")
"""Where NaN stands among a row's valid positions; each feature has its own."""


def valid_nan(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """NaN among numbers: at every place of a row, several at once, by feature."""
    for places in _plan_nan(sample):
        batch = _with_nan(sample.batch, subject.operation.main, places)
        broken = sample.replace_batch(batch)
        exact, rows = broken.exact, np.zeros(batch.rows, dtype=bool)
        rows[list(places)] = True
        if subject.variant.result == "scalar":
            rows = np.asarray(rows.any())
        wide = rows.reshape(rows.shape + (1,) * (exact.want.ndim - rows.ndim))
        exact = exact.leave(ROW_WITH_NAN, wide & ~np.isnan(exact.want))
        got = subject.answer(batch, like=exact.want)
        yield compare(
            got,
            exact.want,
            exact.allowed,
            open_by=exact.open_by,
            batch=batch,
            note=_name_places(places),
        )


def minus_infinity(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Some logits, classes, tags or transitions forbidden, then whole rows of logits.

    The exact answer is finite wherever something is left to choose from.
    """
    name = subject.operation.main
    barred = _choose_infinite(sample, name)
    some = sample.replace_batch(_with_infinity(sample.batch, name, barred))
    yield subject.agrees(some, note="-inf at some valid places")
    if "transitions" in sample.batch.weights:
        weights = {name: array.copy() for name, array in sample.batch.weights.items()}
        weights["transitions"][0, 1] = -np.inf
        fewer = sample.replace_batch(replace(some.batch, weights=weights))
        yield subject.agrees(fewer, note="-inf at some tags and one transition")
    if subject.variant.name == "masked_logsumexp":
        whole = sample.batch.mask & (np.arange(sample.batch.rows) % 2 == 0)[:, None]
        rows = sample.replace_batch(_with_infinity(sample.batch, name, whole))
        yield subject.agrees(rows, note="every other row holds -inf alone")


def _choose_infinite(sample: Sample, name: str) -> Array:
    """Return where minus infinity goes: nowhere in the first choice of each place.

    The choices are the row's positions where there is one logit for each, else the
    classes or tags; a label stays possible.
    """
    batch, array = sample.batch, sample.batch.arrays[name]
    barred = sample.draw("minus-infinity").below(2, array.shape) == 0
    if array.ndim == 2:  # noqa: PLR2004 - logits [B, T]
        first = np.cumsum(batch.mask, axis=1) == 1
        return np.asarray(barred & batch.mask & ~first)
    labels = batch.arrays.get("targets", batch.arrays.get("tags"))
    keep = np.zeros(batch.mask.shape, np.int64)
    if labels is not None:
        keep = np.where(batch.mask, labels, 0)
    kept = np.arange(array.shape[2]) == keep[..., None]
    return np.asarray(barred & batch.mask[..., None] & ~kept)


def _with_infinity(batch: Batch, name: str, where: Array) -> Batch:
    array = batch.arrays[name].copy()
    array[where] = -np.inf
    return replace(batch, arrays={**batch.arrays, name: array})


def _plan_nan(sample: Sample) -> Iterator[dict[int, str]]:
    """Yield where NaN goes in each row that gets some, until no place is left out.

    Rows of two and more valid positions: a row of NaN alone is NaN for those too that
    skip NaN. Of rows that do not meet, every other one is spared, so that it can tell
    whether NaN stays where it is.
    """
    counts = sample.batch.counts
    least = max(2, sample.variant.least)
    rows = np.flatnonzero(counts >= max(min(least, int(counts.max(initial=0))), 1))
    if not len(rows):
        yield {}
        return
    if sample.variant.result == "scalar":
        for turn, place in enumerate(PLACES):
            yield {int(rows[turn % len(rows)]): place}
        return
    chosen = rows[::2]
    for start in range(0, len(PLACES), len(chosen)):
        yield {
            int(row): PLACES[(start + turn) % len(PLACES)]
            for turn, row in enumerate(chosen)
        }


def _with_nan(batch: Batch, name: str, places: Mapping[int, str]) -> Batch:
    array = batch.arrays[name].copy()
    for row, place in places.items():
        valid = np.flatnonzero(batch.mask[row])
        if place != "each feature":
            index = {"first": 0, "middle": len(valid) // 2, "last": -1}
            array[row, valid[index.get(place, slice(None, None, 2))]] = np.nan
            continue
        flat = array[row].reshape(batch.time, -1).copy()
        features = np.arange(flat.shape[1])
        flat[valid[features % len(valid)], features] = np.nan
        array[row] = flat.reshape(array[row].shape)
    return replace(batch, arrays={**batch.arrays, name: array})


def _name_places(places: Mapping[int, str]) -> str:
    """Return where NaN stands, for a message; the first rows are enough."""
    parts = [f"row {row}: {place}" for row, place in list(places.items())[:5]]
    more = ", ..." if len(places) > len(parts) else ""
    return f"NaN at valid positions, {', '.join(parts)}{more}"
