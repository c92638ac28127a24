"""Probe a target: find out what it takes, put the questions, look for the place."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING

from conformance.probe.answer import BAD, ProbeAnswer
from conformance.probe.backward import locate_gradient
from conformance.probe.convention import doubt, settle
from conformance.probe.frameworks.base import Mode
from conformance.probe.graphs import locate_compiled
from conformance.probe.handed import hand_on
from conformance.probe.infer import infer
from conformance.probe.locate import locate
from conformance.probe.questions import select
from conformance.probe.subject import ProbedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.probe.locate import Location
    from conformance.probe.questions import ProbeQuestion
    from conformance.probe.settings import ProbeSettings
    from conformance.probe.target import Target

GRADIENTS = ("gradient", "parameter-gradient")
"""Questions whose leaks have a place on the way back."""

ABOUT_PADDING = ("other-numbers", "more-padding")
"""Questions that leak where a mask means the opposite of what it was taken for."""

_ELSEWHERE = 1e-3
"""Share of a leak that other frames than the last may have."""

_LAST_FRAME = (
    "a leak is seen in the last frame of a row alone, which may stand for padding too. "
    "If such a frame does not count, let the target return the lengths or the mask of "
    "the frames as well"
)


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of probing a target.

    Attributes:
        target: The target.
        subject: The model with its interface.
        answers: One for each question, output and route, in the questions' order.
        locations: Where leaks come in, by question.
        seconds: Wall time of the questions and of locating.
        notes: What a reader should know.
    """

    target: Target
    subject: ProbedModel
    answers: list[ProbeAnswer] = field(default_factory=list)
    locations: dict[str, Location] = field(default_factory=dict)
    seconds: tuple[float, float] = (0.0, 0.0)
    notes: tuple[str, ...] = ()

    @property
    def leaks(self) -> list[ProbeAnswer]:
        """The answers that say that something does not hold."""
        return [each for each in self.answers if each.kind in BAD]


def examine(
    target: Target,
    settings: ProbeSettings,
    announce: Callable[[str], object] = lambda _: None,
    tell: Callable[[ProbeAnswer], object] = lambda _: None,
) -> Report:
    """Probe a target.

    Args:
        target: What to probe.
        settings: What the user said.
        announce: Called with each question before it is put, so that a crash has a
            name.
        tell: Called with each answer.

    Raises:
        TargetError: The target cannot be called.
    """
    select(settings.questions)
    keep = getattr(target.framework, "kept", nullcontext)
    with warnings.catch_warnings(), keep(target.model):
        # A stranger's warnings are no answers, whatever a test makes of them.
        warnings.simplefilter("ignore")
        report = _examine(target, settings, announce)
    for answer in report.answers:
        tell(answer)
    return report


def _examine(
    target: Target, settings: ProbeSettings, announce: Callable[[str], object]
) -> Report:
    """Probe a target, and leave it in whatever state it is then."""
    announce("find out what it takes")
    subject, notes = introduce(target, settings)
    report = Report(target=target, subject=subject, notes=notes)
    began = monotonic()
    for question in select(settings.questions):
        for mode in _modes(question, subject):
            announce(f"{question.name}:{mode.route}")
            report.answers += _ask(question, subject, mode)
    if any(each.question in ABOUT_PADDING for each in report.leaks):
        report.notes += _doubts(subject)
    report.notes += _last_frames(report)
    middle = monotonic()
    announce("locate")
    if settings.locate and target.framework.traces:
        report.locations = _places(subject, report.answers)
    _name_limits(report)
    report.seconds = (middle - began, monotonic() - middle)
    return report


def introduce(
    target: Target, settings: ProbeSettings
) -> tuple[ProbedModel, tuple[str, ...]]:
    """Return the model with its interface, and what was done to it."""
    framework, notes = target.framework, target.notes
    fill = getattr(framework, "fill_constant", None)
    if fill is not None and not settings.as_is:
        count = fill(target.model)
        if count:
            text = (
                f"random numbers were added to {count} parameters that were all zero "
                "or all one, so that they hide nothing (--as-is leaves them)"
            )
            notes = (*notes, text)
    facts = framework.inspect(target.model)
    dtype = settings.dtype or getattr(framework, "dtype_of", lambda _: "float32")(
        target.model
    )
    found = infer(framework, target.model, facts, settings, Mode(dtype=dtype))
    subject = ProbedModel(
        framework=framework,
        model=target.model,
        facts=facts,
        interface=found.interface,
        sizes=found.sizes,
        settings=settings,
        dtype=dtype,
    )
    subject, handed = hand_on(subject)
    subject, meaning = settle(subject)
    notes = (*notes, *filter(None, (handed, meaning)))
    more = getattr(framework, "notes", None)
    if more is not None:
        given = subject.given(subject.base)
        notes = (*notes, *more(target.model, given, Mode(dtype=dtype)))
    return subject, notes


def _doubts(subject: ProbedModel) -> tuple[str, ...]:
    """Return what speaks against the mask's meaning."""
    try:
        said = doubt(subject)
    except Exception:  # noqa: BLE001 - then nothing does
        said = ""
    return (said,) if said else ()


def _last_frames(report: Report) -> tuple[str, ...]:
    """Say so where a leak is seen in the last frame of a row alone."""
    for answer in report.leaks:
        output = report.subject.output(answer.output)
        *before, last = answer.by_place or (0.0,)
        strided = output is not None and output.has("strided")
        if strided and before and max(before) <= _ELSEWHERE * last:
            return (_LAST_FRAME,)
    return ()


def _modes(question: ProbeQuestion, subject: ProbedModel) -> Iterator[Mode]:
    for route in subject.settings.routes:
        known = route in subject.framework.routes
        if route == "eager" or (question.every_route and known):
            yield Mode(dtype=subject.dtype, route=route)


def _ask(
    question: ProbeQuestion, subject: ProbedModel, mode: Mode
) -> list[ProbeAnswer]:
    """Put a question; what a model raises is its answer."""
    try:
        return list(question.ask(subject, mode))
    except Exception as error:  # noqa: BLE001 - a stranger's model raises anything
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        return [
            ProbeAnswer(question=question.name, kind="raises", text=text, mode=mode)
        ]


def _places(
    subject: ProbedModel, answers: Sequence[ProbeAnswer]
) -> dict[str, Location]:
    """Look for the place of each question's largest leak."""
    found: dict[str, Location] = {}
    for answer in answers:
        if answer.kind != "leak" or answer.pair is None or answer.mode is None:
            continue
        if answer.question in found or answer.mode.route != "eager":
            continue
        if len(found) >= subject.settings.places:
            break
        try:
            location = locate(subject, answer, tuple(found.values()))
        except Exception:  # noqa: BLE001 - a row alone may raise; then there is no place
            location = None
        if location is not None:
            found[answer.question] = location
    found = _compare_repairs(found) or _gradient_places(subject, answers)
    return {**_compiled_places(subject, answers), **found}


def _compare_repairs(found: Mapping[str, Location]) -> dict[str, Location]:
    """Return places with the questions whose leaks the same mask does not close."""
    made = {}
    for question, location in found.items():
        still = tuple(
            name
            for name, each in found.items()
            if each.site.place == location.site.place and each.mended is False
        )
        made[question] = replace(location, unmended=still if location.mended else ())
    return made


def _compiled_places(
    subject: ProbedModel, answers: Sequence[ProbeAnswer]
) -> dict[str, Location]:
    """Look for the module of what leaks on the compiled route alone."""
    eager = {
        (each.question, each.output)
        for each in answers
        if each.kind == "leak" and each.mode is not None and each.mode.route == "eager"
    }
    only = [
        each
        for each in answers
        if each.kind == "leak" and each.mode is not None
        if each.mode.route != "eager" and (each.question, each.output) not in eager
    ]
    if not only:
        return {}
    try:
        location = locate_compiled(subject, only[0])
    except Exception:  # noqa: BLE001 - then there is no place
        return {}
    return {each.question: location for each in only} if location else {}


def _gradient_places(
    subject: ProbedModel, answers: Sequence[ProbeAnswer]
) -> dict[str, Location]:
    """Look for the places of gradients that are wrong behind a right answer."""
    found: dict[str, Location] = {}
    for answer in answers:
        if answer.kind == "leak" and answer.question in GRADIENTS:
            if found and answer.parameter:
                # What comes to padding goes into the parameters' gradients too.
                found[answer.question] = next(iter(found.values()))
                continue
            try:
                location = locate_gradient(subject, answer)
            except Exception:  # noqa: BLE001, S112 - then there is no place
                continue
            if location is not None:
                found.setdefault(answer.question, location)
    return found


def _name_limits(report: Report) -> None:
    """Call a difference on the left a limit, where the interface explains it."""
    from conformance.probe.pattern import limit

    for at, answer in enumerate(report.answers):
        location = report.locations.get(answer.question)
        if answer.kind == "leak" and location is not None:
            named = limit(report.subject, answer, location)
            if named is not None:
                report.answers[at] = named
