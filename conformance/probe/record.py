"""What came of a probe as a record, as gate, diff and report take it."""

from __future__ import annotations

import os
import platform
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conformance.gate import find
from conformance.probe.describe import place_text
from conformance.probe.devices import describe, name_current
from conformance.probe.examine import GRADIENTS
from conformance.probe.reproducer import command, script
from conformance.probe.target import slug
from conformance.probe.words import WORDS
from conformance.records import Failure, Footer, Header, Known, Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.gate import KnownEntry
    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.examine import Report
    from conformance.probe.settings import ProbeSettings
    from conformance.records.record import Outcome

OUTCOMES: dict[str, Outcome] = {
    "same": "passed",
    "noise": "passed",
    "leak": "failed",
    "raises": "errored",
    "nan": "unsupported",
    "limit": "unsupported",
    "unclear": "unsupported",
    "not asked": "unsupported",
}
"""How a class of answer counts. NaN at padding is no verdict on finite numbers, and
what is not known is not called passed."""

LEVELS = {"left": "robust", "left-numbers": "robust", "gaps": "robust"}


def check_id(target: str, answer: ProbeAnswer, dtype: str, route: str = "eager") -> str:
    """Return an answer's check id.

    >>> from conformance.probe.answer import ProbeAnswer
    >>> alone = ProbeAnswer(question="alone", kind="same", output="1.0")
    >>> check_id("m:f", alone, "float32")
    'probe.alone.1-0/m.f:float32:eager'
    """
    named = answer.output not in {"", "out"}
    output = slug(answer.output).replace(".", "-") if named else ""
    variant = f"probe.{answer.question}" + (f".{output}" if output else "")
    mode = answer.mode
    route = mode.route if mode is not None else route
    return f"{variant}/{slug(target)}:{dtype}:{route}"


def results(report: Report, known: Sequence[KnownEntry] = ()) -> list[Result]:
    """Return a result for each answer."""
    versions = report.target.versions
    return [_result(report, answer, known, versions) for answer in report.answers]


def _result(
    report: Report,
    answer: ProbeAnswer,
    known: Sequence[KnownEntry],
    versions: Mapping[str, str],
) -> Result:
    outcome = OUTCOMES[answer.kind]
    check = check_id(report.target.name, answer, report.subject.dtype)
    bad = outcome in {"failed", "errored"}
    entry = find(known, check, outcome, versions) if bad else None
    text = f"{answer.kind}: {answer.text or answer.why}"
    if answer.text and answer.why and answer.why not in text:
        text += f"; {answer.why}"
    return Result(
        check=check,
        outcome=outcome,
        clause=f"probe.{answer.question}",
        level=LEVELS.get(answer.question, "core"),
        message=text,
        known=None
        if entry is None
        else Known(reason=entry.reason, url=entry.url, since=entry.since),
        failure=_failure(report, answer) if bad else None,
    )


def _failure(report: Report, answer: ProbeAnswer) -> Failure:
    location = report.locations.get(answer.question)
    return Failure(
        diagnosis=place_text(location) if location else _unplaced(report, answer),
        command=command(report, answer.question),
        snippet=script(report, answer),
    )


def _unplaced(report: Report, answer: ProbeAnswer) -> str:
    """Say why a leak has no place, where none of the questions has one."""
    framework, mode = report.target.framework, answer.mode
    if answer.kind != "leak" or not report.subject.settings.locate or mode is None:
        return ""
    if not framework.traces:
        why = f"{framework.name} functions are not followed"
    elif mode.route != "eager":
        why = "compiled graphs are not followed, and no module shows it by itself"
    elif report.locations:
        return ""
    elif answer.question in GRADIENTS and not hasattr(framework, "backward"):
        why = f"the way back is not followed on {framework.name}"
    else:
        why = "the two runs could not be compared operation by operation"
    return f"where it comes in is not known: {why}"


def header(report: Report, settings: ProbeSettings) -> Header:
    """Return what was probed, on what."""
    from conformance.adapters.installed import suite_version

    subject = report.subject
    rows, time = subject.sizes.rows, subject.sizes.time
    outputs = "; ".join(
        f"{each.name} {list(each.shape)} {each.what}" for each in subject.outputs
    )
    framework = report.target.framework
    return Header(
        suite=suite_version(),
        specification=suite_version(),
        adapter=report.target.name,
        framework=framework.name,
        file=report.target.file,
        versions=report.target.versions,
        environment={
            "python": platform.python_version(),
            "platform": f"{platform.system()}-{platform.machine()}",
            "cpus": str(os.cpu_count()),
            **describe(framework.name),
        },
        level="robust",
        seed=settings.seed,
        examples=subject.sizes.rows,
        planned=len(report.answers),
        operations=["probe"],
        declared={
            "takes": subject.interface.describe(rows, time),
            "gives": outputs,
            "seconds": "{:.1f} to ask, {:.1f} to locate".format(*report.seconds),
            **({"notes": "; ".join(report.notes)} if report.notes else {}),
        },
        cases=len(WORDS),
        cases_digest="probe",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        selection=bool(settings.questions),
        device=name_current(framework.name),
    )


def footer(found: Sequence[Result], stale: Sequence[str] = ()) -> Footer:
    """Return the counts."""
    counts = Counter(each.outcome for each in found)
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    return Footer(
        counts={str(name): n for name, n in counts.items()},
        stale=list(stale),
        ended=ended,
    )
