"""What was computed of the batch before: an answer, its bound and its derivative."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from conformance.trial.oracle import LARGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.trial.batch import Batch

Found = TypeVar("Found")


def keep_recent(
    compute: Callable[[Mapping[str, str], Batch], Found],
) -> Callable[[Mapping[str, str], Batch], Found]:
    """Keep what a function found of the last batch, which is asked for again at once.

    A batch is told by itself, not by its content: nothing changes one.
    """
    last: list[tuple[Mapping[str, str], Batch, Found]] = []

    @wraps(compute)
    def again(options: Mapping[str, str], batch: Batch) -> Found:
        for other, before, known in tuple(last):
            if before is batch and other == options:
                return known
        found = compute(options, batch)
        last[:] = [(options, batch, found)] if batch.mask.size <= LARGE else []
        return found

    return again
