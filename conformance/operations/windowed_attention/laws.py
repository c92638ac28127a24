"""Laws of windowed attention alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations import load_oracle
from conformance.operations._common.laws.padding import reorder
from conformance.operations._common.oracle import to_float64
from conformance.trial.batch import extent
from conformance.trial.draw import VALUES, fill_padding
from conformance.trial.sample import relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def outside_the_window(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other numbers at one position after another, for the queries far from it."""
    batch, window = sample.batch, int(sample.variant.options["window"])
    at = np.arange(batch.time)
    fresh = {
        name: _other_numbers(sample, name, array)
        for name, array in batch.arrays.items()
    }
    # The row's ends: from there the window's far side is on either side.
    for place in dict.fromkeys((0, batch.time - 1)):
        here = batch.mask & (at == place)
        arrays = {
            name: fill_padding(array, batch.arrays[name], here)
            for name, array in fresh.items()
        }
        other = replace(batch, arrays=arrays)
        got = subject.answer(other, like=sample.want)
        far = (np.abs(at - place) > window)[None, :, None, None]
        note = f"with other numbers at position {place}, beyond the window"
        whole = replace(sample, batch=other)
        yield relate(got, sample.want, whole, where=sample.valid & far, note=note)


def wide_window(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The rows' first positions, as many as the window spans from any of them."""
    span = int(sample.variant.options["window"]) + 1
    short = sample.replace_batch(sample.batch.cut(slice(span)))
    options = {"causal": sample.variant.options["causal"]}
    want = load_oracle("attention").answer(options, short.batch)
    got = subject.answer(short.batch, like=want)
    note = "expected attention's answer: the window spans the row"
    yield relate(got, want, short, where=short.valid, note=note)


def reversed(subject: Subject, sample: Sample) -> Iterator[Verdict]:  # noqa: A001 - the law's name
    """Each row turned round where it is, from its first to its last valid position."""
    batch = sample.batch
    at = np.broadcast_to(np.arange(batch.time), batch.mask.shape)
    first = batch.mask.argmax(axis=1)[:, None]
    last = batch.time - 1 - batch.mask[:, ::-1].argmax(axis=1)[:, None]
    order = np.where(extent(batch.mask), first + last - at, at)
    turned = sample.replace_batch(reorder(batch, order))
    got = subject.answer(turned.batch, like=turned.want)
    want = np.take_along_axis(sample.want, order[..., None, None], axis=1)
    note = "expected the answers turned round: so was each row"
    yield relate(got, want, turned, where=turned.valid, note=note)


def _other_numbers(sample: Sample, name: str, array: Array) -> Array:
    fresh = sample.draw(f"far {name}").rows_of(VALUES, array.shape)
    return np.where(fresh == to_float64(array), -7.0, fresh).astype(array.dtype)
