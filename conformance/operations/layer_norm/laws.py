"""Laws of the layer norm alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.operations.masked_batch_norm.laws import refolded, shift

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

__all__ = ["each_by_itself", "shift"]


def each_by_itself(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same positions in their order, the rows' lengths the other way round."""
    yield from refolded(subject, sample)
