"""Run checks: batches and cases to the adapter, verdicts to results.

What checks share is in ``conformance.check.fixtures``.
"""

from __future__ import annotations

import traceback
from time import perf_counter
from typing import TYPE_CHECKING, Any

from msgspec import structs

from conformance.adapters.load import displayed_path
from conformance.check import evidence
from conformance.check.case import judge_case
from conformance.check.fixtures import Fixtures
from conformance.check.kind import find_kind
from conformance.check.law import Effort, judge_law
from conformance.check.name import DiagnosisError, Namer
from conformance.errors import NotJudgedError, describe
from conformance.operations import load_operations
from conformance.records import Result, clean, gist, name_cause, number
from conformance.specification import COMPILED_ROUTES
from conformance.specification.device import UNPLACED, Placement
from conformance.specification.selection import EXAMPLES
from conformance.specification.topics import find_topic
from conformance.trial.attempt import Finding, is_ours
from conformance.trial.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.cases import Case
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter
    from conformance.trial.frameworks import Framework


class Runner:
    """Runs the checks of one adapter.

    Args:
        adapter: The loaded adapter.
        cases: Every case, by operation.
        reference: The adapter as the command line names it, for reproducers.
        seed: What generated batches depend on.
        examples: Generated rows for each law.
        explore: Further examples for each law, drawn by Hypothesis.
        placement: Where the run is, for reproducers.
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
        placement: Placement = UNPLACED,
    ) -> None:
        self.adapter = adapter
        self.reference = reference or adapter.declaration.name
        self.seed = seed
        self.examples = examples
        self.explore = explore
        self._placement = placement
        self.patience = 10.0
        """Seconds that looking for the smallest input may take."""
        self._cases = {case.id: case for group in cases.values() for case in group}
        self.fixtures = Fixtures(adapter, seed)
        self._namer = Namer(self.fixtures)
        self._unstable: dict[str, str] = {}

    @property
    def framework(self) -> Framework:
        """The adapter's framework, imported at the first check."""
        return self.fixtures.framework

    @property
    def _options(self) -> dict[str, int | str | bool]:
        """The options that a reproducer needs to ask the same again."""
        given = {"seed": self.seed, "examples": self.examples, "explore": self.explore}
        usual = {"seed": 0, "examples": EXAMPLES, "explore": 0}
        drawn = {name: value for name, value in given.items() if value != usual[name]}
        return drawn | self._placement.options

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
            return self._result(
                check, "unsupported", started, message=check.unsupported
            )
        try:
            return self._run(check, started, shrinks=shrinks, first=first)
        except (KeyboardInterrupt, DiagnosisError):
            raise
        except BaseException as error:  # noqa: BLE001 - an adapter may raise anything
            # Not from a law, which `attempt` sees to: from a layer that is built, a
            # module that is imported late, an answer that cannot be shown.
            return self.record_death(
                check, f"raised {describe(error)}", traceback.format_exc()
            )

    def _run(
        self, check: Check, started: float, *, shrinks: bool, first: Case | None
    ) -> Result:
        captured = ""
        try:
            finding, shrunk = self._judge(check, shrinks=shrinks, first=first)
            if finding.passed and check.route in COMPILED_ROUTES:
                captured = self.fixtures.subject(check).describe_capture()
        except NotJudgedError as error:
            if not is_ours(error):
                raise
            return self._result(check, "unsupported", started, message=str(error))
        if finding.passed:
            share = finding.verdict.share
            passed = self._result(
                check, "passed", started, share=share, captured=captured
            )
            varies = number(float(f"{finding.varies:.3g}")) if finding.varies else None
            return structs.replace(passed, varies=varies, left_out=finding.left_out)
        return self._failure_result(
            check, finding, started, shrunk=shrunk, named=shrinks
        )

    def _judge(
        self, check: Check, *, shrinks: bool, first: Case | None
    ) -> tuple[Finding, bool]:
        if check.case:
            case = self._cases[f"{check.variant.name}/{check.item}"]
            return judge_case(self.fixtures, check, case), False
        effort = Effort(
            examples=self.examples,
            explore=self.explore,
            patience=self.patience,
            shrinks=shrinks,
        )
        return judge_law(self.fixtures, check, effort, first)

    def record_death(self, check: Check, message: str, trace: str = "") -> Result:
        """Return the result of a check that did not come back to be judged."""
        verdict = Verdict(passed=False, message=message)
        finding = Finding(verdict=verdict, errored=True, trace=trace)
        began = perf_counter()
        try:
            return self._failure_result(
                check, finding, began, shrunk=False, named=False
            )
        except Exception:  # noqa: BLE001 - a verdict without evidence is still one
            return self._result(check, "errored", began, clean(message))

    def remember(self, check: Check, result: Result) -> None:
        """Know what an earlier process found: no name, or two answers."""
        if result.unstable:
            self._unstable.setdefault(check.operation, result.unstable)
        self._namer.remember(check, result)

    def _failure_result(
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
        kind = find_kind(finding, check)
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
            form=declaration.usual_form,
            device=self.framework.device() if self._placement.device else "",
        )
        if named:
            proof = structs.replace(proof, diagnosis=self._namer.name(check, finding))
        outcome = "errored" if finding.errored else "failed"
        message, unstable = clean(finding.verdict.message), ""
        if finding.unstable:
            proof = structs.replace(proof, repeats=clean(finding.unstable))
            unstable = self._unstable.setdefault(check.operation, check.id)
            seen = "" if unstable == check.id else f", as {unstable} showed first"
            message = f"non-deterministic{seen}: {message}"
        share = finding.verdict.share
        found = self._result(
            check, outcome, started, message, share=share, failure=proof
        )
        found = structs.replace(found, unstable=unstable, kind=kind)
        return structs.replace(found, cause=name_cause(check.operation, gist(found)))

    def _result(
        self,
        check: Check,
        outcome: Any,
        started: float,
        message: str = "",
        *,
        share: float | None = None,
        captured: str = "",
        failure: Any = None,
    ) -> Result:
        """Return a result with what every check has: clause, topic and time."""
        primary = self.adapter.declaration.primary
        return Result(
            check=check.id,
            outcome=outcome,
            clause=check.clause,
            level="" if outcome == "passed" else check.level,
            topic=find_topic(
                check.clause, check.dtype, check.route, primary, check.base
            ),
            message=message,
            share=None if share is None else number(float(f"{share:.3g}")),
            failure=failure,
            captured=captured,
            ms=round((perf_counter() - started) * 1000, 3),
        )
