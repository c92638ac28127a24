"""Judge an adapter by a law: generated batches, and the smallest that fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, cast

from conformance.check.case import read_batch
from conformance.check.repeat import mark, repeat
from conformance.check.shrink import shrink
from conformance.errors import NotGrantedError
from conformance.operations import load_law, load_operations, load_oracle
from conformance.specification.plan import laws_of
from conformance.specification.selection import EXAMPLES
from conformance.trial.attempt import Finding, attempt
from conformance.trial.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.cases import Case
    from conformance.check.fixtures import Fixtures
    from conformance.specification import Law, Variant
    from conformance.specification.selection import Check
    from conformance.trial.batch import Batch
    from conformance.trial.oracle import BarredOracle
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

    LawFunction = Callable[..., Iterator[Verdict]]

NARROW = 16
"""Batches of the usual size; further rows are judged many at a time.

Most failures show in the first of them, and a small batch is quick to shrink. Beyond
16 the calls themselves are what takes time.
"""

KEPT = 256
"""Batches of the usual size that are kept for a variant's other laws and dtypes."""

WIDE = 4096
"""Rows in a batch beyond ``NARROW``: 230,000 to 1,100,000 rows a second of CPU time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """The effort to spend on a law.

    Attributes:
        examples: Generated rows.
        explore: Further examples of any shape, drawn by Hypothesis.
        patience: Seconds that looking for the smallest input may take.
        shrinks: Whether to look for it: for a recorded difference that has been done.
    """

    examples: int = EXAMPLES
    explore: int = 0
    patience: float = 10.0
    shrinks: bool = True


def judge_law(
    fixtures: Fixtures, check: Check, effort: Effort, first: Case | None = None
) -> tuple[Finding, bool]:
    """Return what a law came to, and whether its failing input was made small.

    Args:
        fixtures: The adapter's samples and subjects.
        check: The check.
        effort: How far to search.
        first: The smallest input of a recorded difference, tried before others.
    """
    law, subject = find_law(check), fixtures.subject(check)
    if first is not None:
        again = fixtures.sample(check, read_batch(first), turn=0)
        finding = attempt(law, subject, again)
        if not finding.passed:
            finding = repeat(law, subject, again, finding)
            return finding, not finding.unstable
    sample, finding = find_failure(law, fixtures, check, effort)
    if sample is None:
        return finding, False
    finding = repeat(law, subject, sample, finding)
    if finding.unstable or not effort.shrinks:
        return finding, False
    return shrink_failure(law, subject, sample, finding, effort.patience)


def find_law(check: Check) -> LawFunction:
    """Return the function of a check's law."""
    return load_law(_laws(check.operation, check.variant)[check.item])


@cache
def _laws(operation: str, variant: Variant) -> dict[str, Law]:
    """Return the laws of a variant by name: asked for twice in each check."""
    return {law.name: law for law in laws_of(load_operations()[operation], variant)}


def find_failure(
    law: LawFunction, fixtures: Fixtures, check: Check, effort: Effort
) -> tuple[Sample | None, Finding]:
    """Return the first sample that fails and its finding.

    Where none fails there is no sample, and the finding is the passing one that used
    the largest share of its bound.

    Raises:
        NotGrantedError: Every sample lacks what the adapter requires.
    """
    best = Finding(verdict=Verdict(passed=True))
    given, left_out, lacking = 0, 0, ""
    for sample in _samples(fixtures, check, effort):
        finding = attempt(law, fixtures.subject(check), sample)
        if not finding.passed:
            return sample, finding
        if finding.lacking:
            left_out, lacking = left_out + 1, finding.lacking
            continue
        given += 1
        varies = max(best.varies, finding.varies)
        best = max(best, finding, key=lambda each: each.verdict.share)
        best = replace(best, varies=varies)
    if left_out and not given:
        raise NotGrantedError(lacking)
    return None, replace(best, left_out=left_out)


def _samples(fixtures: Fixtures, check: Check, effort: Effort) -> Iterator[Sample]:
    """Yield the samples of a law: as many batches as hold the rows asked for."""
    usual = load_oracle(check.operation).ROWS
    law = _laws(check.operation, check.variant)[check.item]
    examples = usual if law.one_batch else effort.examples
    scalar = check.variant.result == "scalar"
    for turn, rows in enumerate(batch_sizes(examples, usual, wide=not scalar)):
        kept = rows == usual and turn < KEPT
        yield fixtures.turn(check, turn, None if kept else rows)
    primary = fixtures.adapter.declaration.primary
    if effort.explore and check.route == primary:
        yield from fixtures.explore(check, effort.explore)


def shrink_failure(
    law: LawFunction,
    subject: Subject,
    sample: Sample,
    finding: Finding,
    patience: float,
) -> tuple[Finding, bool]:
    """Return the finding on the smallest batch that still fails alike.

    The second value tells whether it was found: a failure that does not repeat is
    unstable, and is given with its first input and message.
    """
    barred = _has_barred(sample)

    def fails(batch: Batch) -> bool:
        smaller = sample.replace_batch(batch)
        # Nor are other rows shrunk to one that is infinite, whose derivative is not.
        if not smaller.solvable or (not barred and _has_barred(smaller)):
            return False
        again = attempt(law, subject, smaller)
        # A wrong answer is not shrunk to a missing one, such as a gradient that
        # does not reach what one position has no use for.
        answered = again.verdict.got is None, finding.verdict.got is None
        alike = again.errored == finding.errored and answered[0] == answered[1]
        return not again.passed and alike

    smallest = shrink(sample.batch, fails, seconds=patience)
    again = attempt(law, subject, sample.replace_batch(smallest))
    if again.passed:
        return mark(law, subject, sample, [finding]), False
    return again, True


def _has_barred(sample: Sample) -> bool:
    """Tell whether infinity is the answer of some row of finite numbers."""
    if not hasattr(sample.oracle, "barred"):
        return False
    oracle = cast("BarredOracle", sample.oracle)
    return bool(oracle.barred(sample.variant.options, sample.batch).any())


def batch_sizes(examples: int, usual: int, *, wide: bool) -> list[int]:
    """Return how many rows each batch has, so that all have ``examples`` or more.

    Args:
        examples: The rows that are asked for.
        usual: The rows of one batch, as the oracle has it.
        wide: Whether many rows may go into one batch: not where they give one number.

    >>> batch_sizes(64, 32, wide=True), batch_sizes(1000, 32, wide=True)[-2:]
    ([32, 32], [32, 488])
    """
    turns = ceil(examples / usual)
    if not wide or turns <= NARROW:
        return [usual] * turns
    whole, rest = divmod(examples - NARROW * usual, WIDE)
    return [usual] * NARROW + [WIDE] * whole + ([rest] if rest else [])
