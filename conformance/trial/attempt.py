"""One attempt of one law at one sample, whatever the adapter does meanwhile."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import (
    AdapterFault,
    ConformanceError,
    NotGrantedError,
    NotJudgedError,
    TwoAnswersError,
    name_of,
    text_of,
)
from conformance.trial.verdict import Verdict

if TYPE_CHECKING:
    from conformance.trial.batch import Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

_SUITE = Path(__file__).parents[1]

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
        varies: Largest share of the bound by which two answers to one question
            differed, where the framework does not promise the same bits.
        unstable: Of an answer that changes from call to call, how often it was wrong.
        lacking: What the sample lacks that the adapter requires: it was not judged.
        left_out: How many samples of a law lack it.
    """

    verdict: Verdict
    errored: bool = False
    trace: str = ""
    judged: int = 0
    varies: float = 0.0
    unstable: str = ""
    lacking: str = ""
    left_out: int = 0

    @property
    def passed(self) -> bool:
        """Whether everything was right."""
        return self.verdict.passed and not self.errored


def attempt(law: Any, subject: Subject, sample: Sample) -> Finding:
    """Judge one sample by one law, whatever the adapter does meanwhile."""
    subject.given = None
    try:
        return _judge(law, subject, sample)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, NotGrantedError) and is_ours(error):
            return Finding(verdict=Verdict(passed=True), lacking=str(error))
        if isinstance(error, NotJudgedError) and is_ours(error):
            raise
        return _read_exception(error, subject.given or sample.batch)


def _judge(law: Any, subject: Subject, sample: Sample) -> Finding:
    best, judged, varies = Verdict(passed=True), 0, 0.0
    for verdict in law(subject, sample):
        judged += 1
        if not verdict.passed:
            return Finding(verdict=verdict, judged=judged)
        varies = max(varies, verdict.varies)
        if verdict.share > best.share:
            best = verdict
    if not judged:
        message = "the law judged nothing: every sample needs at least one verdict"
        return Finding(verdict=Verdict(passed=False, message=message), errored=True)
    return Finding(verdict=best, judged=judged, varies=varies)


def _read_exception(error: BaseException, batch: Batch) -> Finding:
    """Return what an exception says of the adapter."""
    ours = is_ours(error)
    if isinstance(error, TwoAnswersError) and ours:
        return _two_answers(error, batch)
    if isinstance(error, AdapterFault) and ours:
        verdict = Verdict(passed=False, message=text_of(error), batch=batch)
        return Finding(verdict=verdict)
    plain = isinstance(error, ConformanceError) and ours
    return _error_finding(error, batch, trace="" if plain else traceback.format_exc())


def is_ours(error: BaseException) -> bool:
    """Tell whether it was this suite that raised, not an adapter with our exception."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    file = Path(trace.tb_frame.f_code.co_filename)
    return file.is_relative_to(_SUITE) and not file.is_relative_to(_SUITE / "_shared")


def _two_answers(error: TwoAnswersError, batch: Batch) -> Finding:
    verdict = Verdict(
        passed=False,
        message=text_of(error),
        share=float("inf"),
        batch=batch,
        got=error.second,
        want=error.first,
    )
    often = "the same call does not always give the second answer"
    return Finding(verdict=verdict, unstable=often)


def _error_finding(error: BaseException, batch: Batch, *, trace: str) -> Finding:
    text = text_of(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > FEW:
        # A compiler's message holds a stack of its own; the reason stands last.
        text = " ... ".join([lines[0], *lines[-2:]])
    message = f"raised {name_of(error)}: {text}" if trace else text
    verdict = Verdict(passed=False, message=message, batch=batch)
    return Finding(verdict=verdict, errored=True, trace=trace)
