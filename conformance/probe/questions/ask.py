"""Put a question that compares arrangements: run, compare, tell noise from a leak."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.probe.answer import ProbeAnswer
from conformance.probe.arrangement import Arrangement, place
from conformance.probe.noise import Classification, Evidence, classify, count_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from conformance.probe.compare import ArrayDifference, Output
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.subject import ProbedModel


class NotAskedError(Exception):
    """A question that does not apply here; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangementPair:
    """Two arrangements of the same content that should give the same.

    Attributes:
        one: The first.
        other: The second.
        larger: The second with padding a hundred times larger, where that can be.
    """

    one: Arrangement
    other: Arrangement
    larger: Arrangement | None = None


def pairs(
    question: str, make: Callable[[ProbedModel], Iterable[ArrangementPair]]
) -> Callable[[ProbedModel, Mode], Iterator[ProbeAnswer]]:
    """Return a function that asks whether pairs of arrangements give the same."""

    def ask(subject: ProbedModel, mode: Mode) -> Iterator[ProbeAnswer]:
        try:
            made = list(make(subject))
        except NotAskedError as reason:
            yield ProbeAnswer(question=question, kind="not asked", why=str(reason))
            return
        yield from compare_pairs(question, subject, made, mode)

    return ask


def compare_pairs(
    question: str, subject: ProbedModel, made: Sequence[ArrangementPair], mode: Mode
) -> Iterator[ProbeAnswer]:
    """Yield an answer for each output."""
    asked = False
    for output in subject.outputs:
        answer = _answer(question, subject, output, made, mode)
        if answer is not None:
            asked = True
            yield answer
    if not asked:
        why = "no output has an answer that corresponds"
        yield ProbeAnswer(question=question, kind="not asked", why=why)


def _answer(
    question: str,
    subject: ProbedModel,
    output: Output,
    made: Sequence[ArrangementPair],
    mode: Mode,
) -> ProbeAnswer | None:
    """Compare one output over all pairs; None where nothing corresponds."""
    found: list[tuple[ArrayDifference, ArrangementPair]] = []
    for pair in made:
        try:
            found.append((subject.difference(output, pair.one, pair.other, mode), pair))
        except ValueError:
            continue
        except Exception as error:  # noqa: BLE001 - a stranger's model raises anything
            text = " ".join(str(error).split())[:300]
            return ProbeAnswer(
                question=question,
                output=output.name,
                kind="raises",
                text=f"{type(error).__name__}: {text}",
                pair=(pair.one, pair.other),
                mode=mode,
            )
    if not found:
        return None
    low, pair = max(found, key=lambda each: (each[0].nan, each[0].size))
    if low.bits and not low.nan:
        text = "same bits"
        return ProbeAnswer(
            question=question,
            output=output.name,
            kind="same",
            text=text,
            signal=low.signal,
            mode=mode,
        )
    judgement, shown = judge(subject, output, low, pair, mode)
    return _word(question, output, judgement, shown, pair, mode=mode)


def judge(
    subject: ProbedModel,
    output: Output,
    low: ArrayDifference,
    pair: ArrangementPair,
    mode: Mode,
) -> tuple[Classification, ArrayDifference]:
    """Return what a difference is; and the one that shows it, low or in float64."""
    high = larger = None
    if subject.high and mode.route == "eager" and not low.nan:
        wide = replace(mode, dtype=subject.framework.high)
        high = subject.difference(output, pair.one, pair.other, wide)
    if pair.larger is not None and not low.nan:
        larger = subject.difference(output, pair.one, pair.larger, mode)
    evidence = Evidence(
        low=low,
        high=high,
        larger=larger,
        floor=_floor(subject, output, mode),
        dtype=subject.dtype,
        exact=high is not None and subject.exact,
    )
    judgement = classify(evidence)
    shown = high if high is not None and judgement.kind == "leak" else low
    return judgement, shown if shown.size else low


def _floor(subject: ProbedModel, output: Output, mode: Mode) -> float | None:
    """Return what changes when rows are only permuted, or beside copies of them."""
    base = subject.base
    around = place(base.rows[::-1], subject.sizes.lengths[::-1], base.time)
    twice = place(base.rows * 2, subject.sizes.lengths * 2, base.time)
    sizes = []
    for other in (around, twice):
        try:
            sizes.append(subject.difference(output, base, other, mode).size)
        except Exception:  # noqa: BLE001, S112 - then there is no floor from this
            continue
    return max(sizes) if sizes else None


def _word(
    question: str,
    output: Output,
    judgement: Classification,
    shown: ArrayDifference,
    pair: ArrangementPair,
    *,
    mode: Mode,
) -> ProbeAnswer:
    """Return the answer with the words that a reader sees."""
    kind = judgement.kind
    fill = pair.other.fill
    if kind == "nan" and fill not in {"nan", "inf"}:
        kind, text = "leak", "NaN or infinity where there was a number"
    elif kind == "nan":
        text = f"{fill} reaches positions that count"
    elif kind == "leak":
        signal = f" of {shown.signal:.2g}" if shown.signal else ""
        text = (
            f"{shown.size:.2g}{signal}, {count_times(judgement.times)} rounding noise"
        )
    elif kind == "noise":
        text = f"{judgement.size:.1e}, {judgement.ulp:.2g} ulp"
    else:
        text = f"{judgement.size:.1e}"
    return ProbeAnswer(
        question=question,
        output=output.name,
        kind=kind,
        text=text,
        why=judgement.why,
        size=shown.size,
        signal=shown.signal,
        ulp=judgement.ulp,
        times=judgement.times,
        row=shown.row,
        by_place=shown.by_place,
        pair=(pair.one, pair.other),
        mode=mode,
    )
