"""Laws of the rotary embedding alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.numerics import LONG
from conformance.operations._common.oracle import to_float64
from conformance.trial.draw import Draw, fill_padding
from conformance.trial.exact import elsewhere
from conformance.trial.sample import cast
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def far_tokens(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows that are longer than small float types can count."""
    mask = np.arange(LONG[-1]) < np.asarray(LONG)[:, None]
    draw = Draw(sample.seed, f"{subject.variant.name}/far", sample.turn)
    arrays = sample.oracle.generate(subject.variant.options, draw, mask)
    batch = cast(replace(sample.batch, arrays=arrays, mask=mask), subject.dtype)
    yield subject.agrees(sample.replace_batch(batch), note="rows of 130, 257 and 2049")


def lengths_kept(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The root of a^2 + b^2 of each pair, before and after."""
    got = to_float64(subject.answer(sample.batch, like=sample.want))
    x = to_float64(sample.batch.arrays["x"])
    before, after = (_length(sample, array) for array in (x, got))
    # Two sides of a triangle: a length moves by no more than its pair does.
    allowed = sum(_pairs(sample, sample.allowed))
    yield compare(
        after,
        before,
        np.asarray(allowed) + 4 * np.finfo(np.float64).eps * before,
        open_by=elsewhere(sample.batch.mask[..., None, None], before.shape),
        batch=sample.batch,
        note="the length of each pair, as it was before",
    )


def same_distance(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each row's first token all along it, then the product of neighbours."""
    batch = sample.batch
    old = to_float64(batch.arrays["x"])
    first = np.argmax(batch.mask, axis=1)
    token = np.broadcast_to(old[np.arange(len(old)), first][:, None], old.shape)
    x = fill_padding(token, old, batch.mask).astype(batch.arrays["x"].dtype)
    alike = sample.replace_batch(replace(batch, arrays={"x": x}))
    got = to_float64(subject.answer(alike.batch, like=alike.want))
    want, error = alike.want, alike.allowed
    size, other = np.abs(want[:, :-1]) + error[:, :-1], np.abs(want[:, 1:])
    allowed = (size * error[:, 1:] + error[:, :-1] * other).sum(axis=3)
    here = (batch.mask[:, 1:] & batch.mask[:, :-1])[..., None]
    products = (got[:, 1:] * got[:, :-1]).sum(axis=3)
    exact = (want[:, 1:] * want[:, :-1]).sum(axis=3)
    rounding = 8 * np.finfo(np.float64).eps * (size * other).sum(axis=3)
    yield compare(
        products,
        exact,
        allowed + rounding,
        open_by=elsewhere(here, products.shape),
        batch=alike.batch,
        note="the product of two neighbours, where all tokens of a row are one",
    )


def _pairs(sample: Sample, array: Array) -> tuple[Array, Array]:
    half = array.shape[3] // 2
    if sample.variant.options["layout"] == "half":
        return array[..., :half], array[..., half:]
    return array[..., ::2], array[..., 1::2]


def _length(sample: Sample, array: Array) -> Array:
    with np.errstate(all="ignore"):  # what stands at padding
        return np.asarray(np.hypot(*_pairs(sample, array)))
