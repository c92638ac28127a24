"""Wild numbers at the padding of inputs beside the positions: queries, or steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.gradient import judge_inputs
from conformance.operations._common.laws.numerics import WILD
from conformance.trial.exact import elsewhere
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.trial.batch import Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

    Fill = Callable[[Sample, str], Batch]


def judge_wild(
    subject: Subject, sample: Sample, fill: Fill, where: str
) -> Iterator[Verdict]:
    """Yield whether the answer stays as it is with each wild number.

    Args:
        subject: The adapter's function.
        sample: The sample without wild numbers.
        fill: Returns the sample's batch with one kind of them at all that is padded.
        where: What is padded, in words.
    """
    for kind in WILD:
        broken = sample.replace_batch(fill(sample, kind))
        got = subject.answer(broken.batch, like=sample.want)
        note = f"{kind} at {where}"
        yield relate(got, sample.want, broken, where=sample.valid, note=note)


def judge_wild_gradient(
    subject: Subject, sample: Sample, fill: Fill, where: str, names: Iterable[str]
) -> Iterator[Verdict]:
    """Yield whether the derivatives do, and are zero at what is padded.

    Args:
        subject: The adapter's function.
        sample: The sample without wild numbers.
        fill: As in :func:`judge_wild`.
        where: What is padded, in words.
        names: The inputs that are padded there.
    """
    if not sample.want.size:
        yield subject.agrees(sample, note="without elements")
        return
    cotangent = sample.cotangent()
    zero = np.zeros(sample.want.shape)
    for kind in WILD:
        broken = sample.replace_batch(fill(sample, kind))
        found = subject.gradients(broken.batch, cotangent)[0]
        note = f"{kind} at {where}"
        for name in names:
            yield compare(
                found[name],
                zero,
                zero,
                open_by=elsewhere(~sample.valid, zero.shape),
                batch=broken.batch,
                label=f"gradient of {name}",
                note=f"padding trains; {note}",
            )
        yield from judge_inputs(subject, broken, cotangent, found, note)
