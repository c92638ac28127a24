"""Laws of the layer norm alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.compare import compare
from conformance.operations.masked_batch_norm.laws import shift

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.compare import Verdict
    from conformance.sample import Sample
    from conformance.subject import Subject

__all__ = ["each_by_itself", "shift"]


def each_by_itself(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid positions in the reverse order, padding where it was."""
    first = np.asarray(subject.answer(sample.batch, like=sample.want), np.float64)
    batch = sample.batch
    order = np.broadcast_to(np.arange(batch.time), batch.mask.shape).copy()
    for row, valid in enumerate(batch.mask):
        order[row, valid] = order[row, valid][::-1]
    rows = np.arange(batch.rows)[:, None]
    turned = sample.having(batch.each(lambda array: array[rows, order]))
    second = subject.answer(turned.batch, like=turned.want)
    allowed = np.where(turned.valid, turned.allowed * 2, np.inf)
    note = "the valid positions of every row in the reverse order"
    yield compare(second, first[rows, order], allowed, batch=turned.batch, note=note)
