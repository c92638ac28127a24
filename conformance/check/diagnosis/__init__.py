"""Which mistake gives exactly these answers: a sentence, or nothing.

An adapter that failed is asked about some more batches, built to tell mistakes apart.
What gives the same answers throughout, wrong ones among them, is the diagnosis: a
listed mistake, or a product of few parts. Nothing is guessed: where more is possible
than a sentence can say, there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.check.diagnosis.gradient import diagnose_gradient
from conformance.check.diagnosis.questions import questions
from conformance.check.diagnosis.search import MistakeSearch
from conformance.check.diagnosis.sentence import sentence
from conformance.operations import load_oracle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.trial.batch import Batch
    from conformance.trial.subject import Subject

__all__ = ["RAISES", "diagnose", "diagnose_gradient", "open_search"]

RAISES = False
"""Whether an error in a diagnosis is raised: true in the suite's own tests."""


def diagnose(
    subject: Subject,
    batches: Sequence[Batch],
    *,
    raised: bool = False,
    thorough: bool = True,
) -> str:
    """Return which mistake gives the subject's answers, or nothing.

    Args:
        subject: What failed.
        batches: The batch on which it failed, in the subject's dtype, and others.
        raised: Whether it raised: then what raises the same alone is a name.
        thorough: Whether to try products of parts, which takes a second.

    Returns:
        A sentence and its thread, such as ``divides by T, not by the number of valid
        positions; see https://...``; empty when nothing explains every answer.
    """
    search = open_search(subject, batches)
    if raised:
        return sentence(search.raising())
    found, finite = search.explain(thorough=thorough)
    return sentence(found, finite=finite)


def open_search(subject: Subject, batches: Sequence[Batch]) -> MistakeSearch:
    """Return the search for what explains a subject's answers, nothing asked yet."""
    oracle = load_oracle(subject.operation.name)
    declaration = subject.adapter.declaration
    asked = questions(batches, oracle, subject.variant, subject.dtype, declaration)
    return MistakeSearch(subject, asked, oracle)
