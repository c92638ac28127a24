"""Whether an adapter gives two answers to one question: then that is what is wrong.

A failure is asked for again before it is made small, since the smallest input of an
answer that comes by chance means nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.trial.attempt import Finding, attempt

if TYPE_CHECKING:
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

SUSPECTED = 2
"""How often a failure is asked for again before it is believed."""

ATTEMPTS = 6
"""Attempts in all, once two have differed: how many failed is said."""


def repeat(law: Any, subject: Subject, sample: Sample, finding: Finding) -> Finding:
    """Return a failure, marked as unstable where asking again gives another answer.

    Args:
        law: The law or the case.
        subject: What failed.
        sample: What it failed on.
        finding: How.
    """
    if finding.unstable:
        return finding
    found = [finding]
    while len(found) <= SUSPECTED:
        found.append(attempt(law, subject, sample))
        if not _same(finding, found[-1]):
            return mark(law, subject, sample, found)
    return finding


def mark(law: Any, subject: Subject, sample: Sample, found: list[Finding]) -> Finding:
    """Return the first finding with how many of some attempts failed.

    Args:
        law: The law or the case.
        subject: What failed.
        sample: What it failed on.
        found: The attempts so far, the first of which failed.
    """
    more = ATTEMPTS - len(found)
    every = [*found, *(attempt(law, subject, sample) for _ in range(more))]
    failed = sum(not each.passed for each in every)
    often = f"the same input failed in {failed} of {len(every)} attempts"
    often += ", not with the same answer" if failed == len(every) else ""
    first = found[0]
    message = f"two answers to one question: {often}; at first: {first.verdict.message}"
    verdict = replace(first.verdict, message=message)
    return replace(first, verdict=verdict, unstable=often)


def _same(one: Finding, other: Finding) -> bool:
    """Tell whether two attempts came to the same, bit for bit.

    Of what was raised the text does not count: it may hold a time or an address.
    """
    if one.passed != other.passed or one.errored != other.errored:
        return False
    got, again = one.verdict.got, other.verdict.got
    if got is None or again is None:
        return got is again
    return np.array_equal(got, again, equal_nan=True)
