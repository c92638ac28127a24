"""One attempt of one law at one sample, whatever the adapter does meanwhile."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.errors import (
    AdapterFault,
    ConformanceError,
    NotJudgedError,
    TwoAnswersError,
)
from conformance.trial.verdict import Verdict

if TYPE_CHECKING:
    from conformance.trial.batch import Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

FEW = 6
"""Lines of an exception's text that are shown whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one attempt at a check.

    Attributes:
        verdict: The first failing verdict, or a passing one with the largest share.
        errored: Whether the adapter raised instead of answering.
        trace: The adapter's traceback, if it raised.
        judged: How many verdicts there were.
        unstable: Of an answer that changes from call to call, how often it was wrong.
    """

    verdict: Verdict
    errored: bool = False
    trace: str = ""
    judged: int = 0
    unstable: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything was right."""
        return self.verdict.passed and not self.errored


def attempt(law: Any, subject: Subject, sample: Sample) -> Finding:
    """Judge one sample by one law, whatever the adapter does meanwhile."""
    best, judged, subject.given = Verdict(passed=True), 0, None
    try:
        for verdict in law(subject, sample):
            judged += 1
            if not verdict.passed:
                return Finding(verdict=verdict, judged=judged)
            if verdict.share > best.share:
                best = verdict
    except NotJudgedError:
        raise
    except AdapterFault as error:
        return _faulty(error, subject.given or sample.batch, judged)
    except ConformanceError as error:
        return _raised(error, subject.given or sample.batch, trace="")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - an adapter may raise anything
        given = subject.given or sample.batch
        return _raised(error, given, trace=traceback.format_exc())
    if not judged:
        message = "the law judged nothing: every sample needs at least one verdict"
        return Finding(verdict=Verdict(passed=False, message=message), errored=True)
    return Finding(verdict=best, judged=judged)


def _faulty(error: AdapterFault, batch: Batch, judged: int) -> Finding:
    if not isinstance(error, TwoAnswersError):
        verdict = Verdict(passed=False, message=str(error), batch=batch)
        return Finding(verdict=verdict, judged=judged)
    verdict = Verdict(
        passed=False,
        message=str(error),
        share=float("inf"),
        batch=batch,
        got=error.second,
        want=error.first,
    )
    often = "the same call does not always give the second answer"
    return Finding(verdict=verdict, judged=judged, unstable=often)


def _raised(error: BaseException, batch: Batch, *, trace: str) -> Finding:
    text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > FEW:
        # A compiler's message holds a stack of its own; the reason stands last.
        text = " ... ".join([lines[0], *lines[-2:]])
    message = f"raised {type(error).__name__}: {text}" if trace else text
    verdict = Verdict(passed=False, message=message, batch=batch)
    return Finding(verdict=verdict, errored=True, trace=trace)
