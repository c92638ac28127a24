"""Run checks: batches and cases to the adapter, verdicts to results.

What checks share is in ``conformance.check.fixtures``.
"""

from __future__ import annotations

from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs

from conformance.adapters.load import displayed_path
from conformance.cases import decoded
from conformance.check import evidence
from conformance.check.fixtures import Prepared
from conformance.check.shrink import shrink
from conformance.errors import NotJudgedError
from conformance.operations import load_law, load_operations, load_oracle
from conformance.records import Result, clean, number
from conformance.specification import COMPILED_ROUTES
from conformance.specification.plan import laws_of
from conformance.specification.selection import EXAMPLES
from conformance.trial.attempt import Finding, attempt
from conformance.trial.batch import Batch
from conformance.trial.verdict import Verdict, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.cases import Case
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter
    from conformance.trial.frameworks import Framework
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

NARROW = 16
"""Batches of the usual size; further rows are judged many at a time."""

KEPT = 256
"""Batches of the usual size that are kept for a variant's other laws and dtypes."""

WIDE = 4096
"""Rows in a batch where so many are asked for that the batches' number tells."""


class Runner:
    """Runs the checks of one adapter.

    Args:
        adapter: The loaded adapter.
        cases: Every case, by operation.
        reference: The adapter as the command line names it, for reproducers.
        seed: What generated batches depend on.
        examples: Generated rows for each law.
        explore: Further examples for each law, drawn by Hypothesis.
    """

    def __init__(
        self,
        adapter: Adapter,
        cases: Mapping[str, Iterable[Case]],
        *,
        reference: str = "",
        seed: int = 0,
        examples: int = EXAMPLES,
        explore: int = 0,
    ) -> None:
        self.adapter = adapter
        self.reference = reference or adapter.declaration.name
        self.seed = seed
        self.examples = examples
        self.explore = explore
        self.patience = 10.0
        """Seconds that looking for the smallest input may take."""
        self._cases = {case.id: case for group in cases.values() for case in group}
        self.prepared = Prepared(adapter, seed)
        self._unnamed: set[tuple[str, str, str]] = set()

    @property
    def framework(self) -> Framework:
        """The adapter's framework, imported at the first check."""
        return self.prepared.framework

    @property
    def _options(self) -> dict[str, int]:
        """The options without which the same batches would not be drawn again."""
        given = {"seed": self.seed, "examples": self.examples, "explore": self.explore}
        usual = {"seed": 0, "examples": EXAMPLES, "explore": 0}
        return {name: value for name, value in given.items() if value != usual[name]}

    def run(
        self, check: Check, *, shrinks: bool = True, first: Case | None = None
    ) -> Result:
        """Return a check's result; whatever the adapter does, this does not raise.

        Args:
            check: The check.
            shrinks: Whether to look for the smallest failing input and for the mistake
                that gives it; for a recorded difference that has been done.
            first: The smallest input of a recorded difference, tried before others.
        """
        started = perf_counter()
        if check.unsupported:
            return _result(check, "unsupported", started, message=check.unsupported)
        captured = ""
        try:
            finding, shrunk = (
                self._case(check)
                if check.case
                else self._law(check, shrinks=shrinks, first=first)
            )
            if finding.passed and check.route in COMPILED_ROUTES:
                captured = self.prepared.subject(check).captured()
        except NotJudgedError as error:
            return _result(check, "unsupported", started, message=str(error))
        if finding.passed:
            share = finding.verdict.share
            return _result(check, "passed", started, share=share, captured=captured)
        return self._failed(check, finding, started, shrunk=shrunk, named=shrinks)

    def died(self, check: Check, message: str, trace: str = "") -> Result:
        """Return the result of a check that did not come back to be judged."""
        verdict = Verdict(passed=False, message=message)
        finding = Finding(verdict=verdict, errored=True, trace=trace)
        return self._failed(check, finding, perf_counter(), shrunk=False, named=False)

    def remember(self, check: Check, result: Result) -> None:
        """Know again of an earlier process's failure that it has no name."""
        failure = result.failure
        named = failure is None or failure.diagnosis or not failure.inputs
        if result.outcome == "failed" and not named and not _derived(check):
            self._unnamed.add((check.variant.name, check.dtype, check.route))

    def _failed(
        self,
        check: Check,
        finding: Finding,
        started: float,
        *,
        shrunk: bool,
        named: bool,
    ) -> Result:
        declaration = self.adapter.declaration
        operation = load_operations()[check.operation]
        proof = evidence.failure(
            finding.verdict,
            check,
            adapter=self.reference,
            file=displayed_path(declaration),
            framework=declaration.framework,
            function=operation.function,
            options=self._options,
            shrunk=shrunk,
            trace=finding.trace,
            variables=declaration.variables,
        )
        if named and not finding.errored:
            proof = structs.replace(proof, diagnosis=self._diagnosed(check, finding))
        outcome = "errored" if finding.errored else "failed"
        message = clean(finding.verdict.message)
        share = finding.verdict.share
        return _result(check, outcome, started, message, share=share, failure=proof)

    def _diagnosed(self, check: Check, finding: Finding) -> str:
        """Return which known mistake gives this answer, if exactly one does."""
        batch = finding.verdict.batch
        key = (check.variant.name, check.dtype, check.route)
        if batch is None or _derived(check) or key in self._unnamed:
            return ""
        from conformance.check.diagnose import (
            diagnose,  # a run without failures needs none
        )

        subject = self.prepared.subject(check)
        try:
            named = diagnose(subject, [batch], subject.operation, check.variant)
        except Exception:  # noqa: BLE001 - a failure without a name is still a failure
            named = ""
        if not named:
            # It would be asked the same again for each law that it fails.
            self._unnamed.add(key)
        return named

    def _case(self, check: Check) -> tuple[Finding, bool]:
        case = self._cases[f"{check.variant.name}/{check.item}"]
        sample = self.prepared.sample(check, _batch_of(case), turn=0)
        want = np.asarray(_filled(decoded(case.want)), dtype=np.float64)

        def literal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
            got = subject.answer(sample.batch, like=sample.want)
            declared = np.isnan(want) & ~np.isnan(sample.want)
            # The file's answer is normative; the oracle fills what adapters declare.
            exact = np.where(declared | (sample.allowed == np.inf), sample.want, want)
            yield compare(got, exact, sample.allowed, batch=sample.batch)

        return attempt(literal, self.prepared.subject(check), sample), False

    def _law(
        self, check: Check, *, shrinks: bool = True, first: Case | None = None
    ) -> tuple[Finding, bool]:
        operation = load_operations()[check.operation]
        law = next(
            law for law in laws_of(operation, check.variant) if law.name == check.item
        )
        function = load_law(law)
        subject = self.prepared.subject(check)
        best = Finding(verdict=Verdict(passed=True))
        if first is not None:
            again = self.prepared.sample(check, _batch_of(first), turn=0)
            finding = attempt(function, subject, again)
            if not finding.passed:
                return finding, True
        for sample in self._generated(check):
            finding = attempt(function, subject, sample)
            if not finding.passed and not shrinks:
                return finding, False
            if not finding.passed:
                return self._shrunk(function, subject, sample, finding)
            best = max(best, finding, key=lambda each: each.verdict.share)
        if self.explore and check.route == self.adapter.declaration.primary:
            found = self._explored(function, subject, check)
            if found is not None:
                return self._shrunk(function, subject, *found)
        return best, False

    def _explored(
        self, function: Any, subject: Subject, check: Check
    ) -> tuple[Sample, Finding] | None:
        """Return a batch of any shape, drawn by Hypothesis, that fails."""
        for sample in self.prepared.explored(check, self.explore):
            finding = attempt(function, subject, sample)
            if not finding.passed:
                return sample, finding
        return None

    def _shrunk(
        self, function: Any, subject: Subject, sample: Sample, finding: Finding
    ) -> tuple[Finding, bool]:
        """Return the finding on the smallest batch that still fails alike."""

        def fails(batch: Batch) -> bool:
            smaller = sample.having(batch)
            if not smaller.solvable:
                return False
            again = attempt(function, subject, smaller)
            # A wrong answer is not shrunk to a missing one, such as a gradient that
            # does not reach what one position has no use for.
            answered = again.verdict.got is None, finding.verdict.got is None
            alike = again.errored == finding.errored and answered[0] == answered[1]
            return not again.passed and alike

        smallest = shrink(sample.batch, fails, seconds=self.patience)
        again = attempt(function, subject, sample.having(smallest))
        if again.passed:
            message = (
                f"flaky: passed when repeated; at first: {finding.verdict.message}"
            )
            verdict = finding.verdict
            flaky = Verdict(passed=False, message=message, batch=verdict.batch)
            return Finding(verdict=flaky, errored=finding.errored), False
        return again, True

    def _generated(self, check: Check) -> Iterator[Sample]:
        """Yield the samples of a law: as many batches as hold the rows asked for."""
        usual = load_oracle(check.operation).ROWS
        # Every row of a long batch is long: one batch says what there is to say.
        examples = usual if check.item == "long-rows" else self.examples
        scalar = check.variant.result == "scalar"
        for turn, rows in enumerate(batch_sizes(examples, usual, wide=not scalar)):
            kept = rows == usual and turn < KEPT
            yield self.prepared.turn(check, turn, None if kept else rows)


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


def _derived(check: Check) -> bool:
    """Tell whether a check is about gradients, which no mistake is known by."""
    return check.item in {"gradient", "wild-gradient"}


def _batch_of(case: Case) -> Batch:
    arrays = {}
    for name, array in case.inputs.items():
        dtype = np.int64 if name in case.labels else np.float64
        arrays[name] = np.asarray(decoded(array), dtype=dtype)
    own = load_operations()[case.operation].weights
    weights = {name: arrays.pop(name) for name in own}
    weights |= {
        f"{direction}.{name}": np.asarray(decoded(array), dtype=np.float64)
        for direction, parts in case.weights.items()
        for name, array in parts.items()
    }
    mask = np.asarray(case.mask, dtype=bool)
    return Batch(arrays=arrays, mask=mask, weights=weights)


def _filled(nested: Any) -> Any:
    """Return nested lists with NaN for what each adapter declares."""
    if isinstance(nested, list):
        return [_filled(each) for each in nested]
    return np.nan if nested is None else nested


def _result(
    check: Check,
    outcome: Any,
    started: float,
    message: str = "",
    *,
    share: float | None = None,
    captured: str = "",
    failure: Any = None,
) -> Result:
    passed = outcome == "passed"
    return Result(
        check=check.id,
        outcome=outcome,
        clause="" if passed else check.clause,
        level="" if passed else check.level,
        message=message,
        share=None if share is None else number(float(f"{share:.3g}")),
        failure=failure,
        captured=captured,
        ms=round((perf_counter() - started) * 1000, 3),
    )
