"""Whether two answers to one question have the same bits, where that is promised.

A framework promises it on a CPU, and elsewhere in its deterministic mode. A GPU that is
not in it may add in another order at each call: how far apart two answers are is then
measured, and must be no more than rounding explains.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.exact import elsewhere
from conformance.trial.sample import relate
from conformance.trial.verdict import compare_exactly

if TYPE_CHECKING:
    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.verdict import Verdict


def compare_bits(
    again: Array,
    first: Array,
    *samples: Sample,
    promised: bool,
    where: Array | None = None,
    note: str = "",
) -> Verdict:
    """Judge whether two answers are the same, NaN equal to NaN and -0.0 to 0.0.

    Args:
        again: The second answer.
        first: The first.
        samples: Their samples; the last one's batch is the evidence.
        promised: Whether the framework promises the same bits. Otherwise both may be
            off by their bounds, and the share of that is the verdict's ``varies``.
        where: Where the answers are compared, if not everywhere.
        note: What was done, for the message.
    """
    batch = samples[-1].batch
    if promised:
        open_by = {} if where is None else elsewhere(where, first.shape)
        return compare_exactly(again, first, batch=batch, note=note, open_by=open_by)
    want = np.asarray(first, dtype=np.float64)
    verdict = relate(again, want, *samples, where=where, note=note)
    return (
        replace(verdict, share=0.0, varies=verdict.share) if verdict.passed else verdict
    )
