"""The law of the criterion alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def class_without_target(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Minus infinity at some of the classes that the target gives nothing."""
    batch = sample.batch
    logits, targets = batch.arrays["predictions"], batch.arrays["targets"]
    if targets.ndim == logits.ndim:
        nothing = targets == 0
    else:
        nothing = np.arange(logits.shape[-1]) != targets[..., None]
    some = sample.draw("impossible").below(4, logits.shape) > 0
    there = logits.copy()
    there[batch.mask[..., None] & nothing & some] = -np.inf
    arrays = {**batch.arrays, "predictions": there}
    other = sample.replace_batch(replace(batch, arrays=arrays))
    yield subject.agrees(other, note="-inf at classes without a target")
