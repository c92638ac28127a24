"""Laws of cross attention alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations import load_oracle
from conformance.operations._common.laws.beside import judge_wild, judge_wild_gradient
from conformance.operations._common.laws.padding import next_step
from conformance.operations._common.oracle import select_valid
from conformance.operations.attention.oracle import POINTERS
from conformance.trial.batch import Batch
from conformance.trial.draw import GARBAGE, fill_padding
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import clamp, judge_range, relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def convex(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Within the values of the row's valid keys."""
    batch = sample.batch
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    value = _repeat(batch, select_valid(batch, "value", 0.0))
    keep = batch.mask[:, :, None, None]
    low = np.where(keep, value, np.inf).min(axis=1, initial=np.inf)[:, None]
    high = np.where(keep, value, -np.inf).max(axis=1, initial=-np.inf)[:, None]
    note = "between the smallest and the largest value of the row's valid keys"
    nearest = clamp(got, low, high)
    yield judge_range(got, nearest, sample, where=sample.valid, note=note)


def heads_apart(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The keys' heads in turned order with their queries', then the first one alone."""
    heads = sample.batch.arrays["key"].shape[2]
    turned = sample.replace_batch(_of_heads(sample.batch, np.arange(heads)[::-1]))
    yield subject.agrees(turned, note="with the heads in turned order")
    alone = sample.replace_batch(_of_heads(sample.batch, np.arange(1)))
    yield subject.agrees(alone, note="the keys' first head alone")


def query_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other numbers at padded queries, more padded queries, and a row without any."""
    batch = sample.batch
    query, asks = batch.beside["query"], batch.beside["query_mask"]
    fresh = sample.draw("other queries").rows_of(GARBAGE, query.shape)
    fresh = np.where(fresh == query.astype(np.float64), -5e3, fresh)
    other = _with_queries(batch, fill_padding(query, fresh.astype(query.dtype), asks))
    note = "with other numbers at padded queries"
    yield subject.agrees(sample.replace_batch(other), note=note)
    longer = sample.replace_batch(_lengthen(sample))
    yield subject.agrees(longer, note="with more padded queries in every row")
    row = int(np.argmin(np.where(asks.any(axis=1), asks.sum(axis=1), asks.size)))
    alone = batch.take([row]).change_beside(lambda array: array[:, asks[row]])
    note = f"row {row} alone, without its padded queries"
    yield subject.agrees(sample.replace_batch(alone), note=note)


def wild_queries(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each wild number at all padded queries."""
    yield from judge_wild(subject, sample, _fill_queries, "padded queries")


def wild_query_gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The derivatives with each of them."""
    yield from judge_wild_gradient(
        subject, sample, _fill_queries, "padded queries", ("query",)
    )


def other_rows(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every other row replaced, then those that were left."""
    batch = sample.batch
    for parity in range(min(batch.rows, 2)):
        kept = np.arange(batch.rows) % 2 == parity
        other = _replace_rows(batch, ~kept)
        got = subject.answer(other, like=sample.want)
        where = sample.valid & kept[:, None, None, None]
        note = "with other queries, keys, values and masks in the other rows"
        whole = replace(sample, batch=other)
        yield relate(got, sample.want, whole, where=where, note=note)


def one_length(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """As many queries as keys, with the same mask: attention's own exact answer."""
    batch = sample.batch
    heads = batch.beside["query"].shape[2]
    key = batch.arrays["key"]
    shape = (batch.rows, batch.time, heads, key.shape[3])
    draw = sample.draw("one length")
    valid, garbage = draw.rows_of(POINTERS, shape), draw.rows_of(GARBAGE, shape)
    query = fill_padding(valid, garbage, batch.mask).astype(key.dtype)
    beside = {"query": query, "query_mask": batch.mask}
    whole = sample.replace_batch(replace(batch, beside=beside))
    arrays = {
        "query": query,
        **{name: _repeat(batch, array) for name, array in batch.arrays.items()},
    }
    alike = Batch(arrays=arrays, mask=batch.mask)
    want = load_oracle("attention").answer({"causal": "full"}, alike)
    got = subject.answer(whole.batch, like=want)
    note = "expected attention's answer: one length and one mask"
    yield relate(got, want, whole, where=whole.valid, note=note)


def repeated_heads(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The keys' heads repeated for the queries that share them."""
    batch = sample.batch
    arrays = {name: _repeat(batch, array) for name, array in batch.arrays.items()}
    whole = sample.replace_batch(replace(batch, arrays=arrays))
    yield subject.agrees(whole, note="with the keys' heads repeated")


def _with_queries(batch: Batch, query: Array) -> Batch:
    return replace(batch, beside={**batch.beside, "query": query})


def _fill_queries(sample: Sample, kind: str) -> Batch:
    largest = PRECISIONS[sample.dtype].largest
    number = {"largest": largest, "-largest": -largest}.get(kind)
    query, asks = (sample.batch.beside[name] for name in ("query", "query_mask"))
    fill = np.full(query.shape, float(kind) if number is None else number)
    filled = fill_padding(query, fill.astype(query.dtype), asks)
    return _with_queries(sample.batch, filled)


def _lengthen(sample: Sample) -> Batch:
    """Return the batch with padded queries behind each row's own."""
    garbage = sample.draw("more queries")
    time = sample.batch.beside["query"].shape[1]
    more = next_step(time) - time

    def change(array: Array) -> Array:
        shape = (array.shape[0], more, *array.shape[2:])
        tail = np.zeros(shape, dtype=array.dtype)
        if array.dtype.kind != "b":
            tail = garbage.rows_of(GARBAGE, shape).astype(array.dtype)
        return np.concatenate([array, tail], axis=1)

    return sample.batch.change_beside(change)


def _replace_rows(batch: Batch, rows: Array) -> Batch:
    """Return the batch with some rows made of others, their numbers negated."""
    turned = batch.take(np.arange(batch.rows)[::-1])

    def change(old: Array, new: Array) -> Array:
        wide = rows.reshape((-1,) + (1,) * (old.ndim - 1))
        return np.where(wide, new if old.dtype.kind == "b" else -new, old)

    def each(olds: dict[str, Array], news: dict[str, Array]) -> dict[str, Array]:
        return {name: change(olds[name], news[name]) for name in olds}

    return replace(
        batch,
        arrays=each(dict(batch.arrays), dict(turned.arrays)),
        beside=each(dict(batch.beside), dict(turned.beside)),
        mask=change(batch.mask, turned.mask),
    )


def _repeat(batch: Batch, array: Array) -> Array:
    """Return keys or values with a head for each of the queries' heads."""
    return np.repeat(array, batch.beside["query"].shape[2] // array.shape[2], axis=2)


def _of_heads(batch: Batch, order: Array) -> Batch:
    """Return some heads of the keys, and the queries' heads that share them."""
    arrays = {name: array[:, :, order] for name, array in batch.arrays.items()}
    query = batch.beside["query"]
    shared = query.shape[2] // batch.arrays["key"].shape[2]
    index = (order[:, None] * shared + np.arange(shared)).ravel()
    return _with_queries(replace(batch, arrays=arrays), query[:, :, index])
