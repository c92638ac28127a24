"""The name of a failure's mistake, asked for once where there is none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from conformance.operations import load_oracle

if TYPE_CHECKING:
    from conformance.check.fixtures import Fixtures
    from conformance.records import Result
    from conformance.specification.selection import Check
    from conformance.trial.attempt import Finding

    Key = tuple[str, str, str, str]

GRADIENTS = frozenset({"gradient", "wild-gradient"})
"""Laws whose failures are about a derivative."""

TRIES = 3
"""Failures of a variant that are asked for a name, where none has any."""

VARIANTS = 3
"""Variants of an operation for which products of parts are tried."""


class DiagnosisError(Exception):
    """A diagnosis raised, which no adapter is to blame for; only our tests see it."""


class Namer:
    """Names the mistakes of one adapter.

    Args:
        fixtures: The adapter's samples and subjects.
    """

    def __init__(self, fixtures: Fixtures) -> None:
        self._fixtures = fixtures
        self._unnamed: Counter[Key] = Counter()
        # Products of parts take seconds: one mistake shows in many variants alike.
        self._searched: dict[str, set[str]] = {}

    def name(self, check: Check, finding: Finding) -> str:
        """Return which mistake gives a failure, or nothing.

        Whatever goes wrong meanwhile: a failure without a name is still a failure. The
        suite's own tests see the error, by ``diagnosis.RAISES``.
        """
        key = _key(check, finding.errored)
        if finding.verdict.batch is None or self._unnamed[key] >= TRIES:
            return ""
        from conformance.check import diagnosis  # a run without failures needs none

        try:
            named = self._asked(check, finding)
        except Exception as error:
            if diagnosis.RAISES:
                msg = f"the diagnosis of {check.id} raised {error!r}"
                raise DiagnosisError(msg) from error
            named = ""
        if not named and check.item not in GRADIENTS:
            # It would be asked much the same again for each law that it fails.
            self._unnamed[key] += 1
        return named

    def _asked(self, check: Check, finding: Finding) -> str:
        from conformance.check.diagnosis import diagnose, diagnose_gradient

        subject, verdict = self._fixtures.subject(check), finding.verdict
        if check.item in GRADIENTS:
            oracle = load_oracle(check.operation)
            return (
                "" if finding.errored else diagnose_gradient(subject, verdict, oracle)
            )
        batches = [] if verdict.batch is None else [verdict.batch]
        searched = self._searched.setdefault(check.operation, set())
        variant = check.variant.name
        thorough = variant not in searched and len(searched) < VARIANTS
        if thorough:
            searched.add(variant)
        return diagnose(subject, batches, raised=finding.errored, thorough=thorough)

    def remember(self, check: Check, result: Result) -> None:
        """Know again of an earlier process's failure that it has no name."""
        failure = result.failure
        if failure is None or failure.diagnosis or not failure.inputs:
            return
        if check.item not in GRADIENTS:
            self._unnamed[_key(check, result.outcome == "errored")] += 1


def _key(check: Check, errored: bool) -> Key:  # noqa: FBT001 - a part of the key
    kind = "errored" if errored else "failed"
    return check.variant.name, check.dtype, check.route, kind
