"""Which mistakes explain every answer: the listed ones, then products of parts.

The simplest comes first: a listed mistake or one part, then two parts, then three. A
stage is left as soon as something in it explains all that was asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.check.diagnosis.answers import Judge, Observation, ask, judge
from conformance.check.diagnosis.behind import ANSWERS, PAIRS, on_answer
from conformance.check.diagnosis.parts import (
    INPUTS,
    MASKS,
    inferred_fills,
    inputs_alone,
)
from conformance.check.mutants import adapter, correct
from conformance.operations._common.mutant import mutants
from conformance.trial.frameworks import load_framework
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import Sample
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.check.diagnosis.parts import AnswerPart, InputPart, MaskPart
    from conformance.check.diagnosis.questions import Question
    from conformance.specification import Variant
    from conformance.trial.adapter import Adapter
    from conformance.trial.batch import Array, Batch
    from conformance.trial.oracle import Oracle


SPLITS = (1, 2, 4)
"""Rows that are taken together where a batch is answered in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A way to be wrong: a listed one, or the right formula and wrong parts.

    Attributes:
        formula: The listed mistake, or the right formula, on NumPy.
        listed: The listed mistake's sentence; empty for the right formula.
        url: A thread where people met it.
        source: What becomes of the inputs.
        mask: Which mask is used.
        answer: What becomes of the answer.
        split: How many rows are answered together, where one number is the mean of
            such answers; 0 for all.
    """

    formula: Subject
    listed: str = ""
    url: str = ""
    source: InputPart | None = None
    mask: MaskPart | None = None
    answer: AnswerPart | None = None
    split: int = 0

    @property
    def text(self) -> str:
        """The mistake as a sentence without a full stop."""
        parts = [part.text for part in (self.source, self.mask, self.answer) if part]
        if self.split:
            rows = "each row" if self.split == 1 else f"every {self.split} rows"
            parts.append(f"takes the mean of the answers of {rows} by themselves")
        return ", and ".join([self.listed, *parts] if self.listed else parts)

    @property
    def unmasked(self) -> bool:
        """Whether a part takes the mask's place, so that the formula has none."""
        fills = self.source is not None and self.source.fills
        after = self.answer is not None and self.answer.after
        return self.mask is None and (fills or after)

    def given(self, batch: Batch) -> Batch:
        """Return what the formula is given in place of a batch."""
        mask = batch.mask
        if self.unmasked:
            mask = np.ones_like(mask)
        elif self.mask is not None:
            mask = self.mask.change(batch)
        if self.source is not None:
            largest = PRECISIONS[self.formula.dtype].largest
            batch = self.source.change(batch, largest)
        return replace(batch, mask=mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with what the adapter and the right formula answered.

    Attributes:
        question: The question.
        sample: Its sample, with the exact answer.
        judge: Compares answers to it.
        got: The adapter's answer.
        right: The right formula's.
    """

    question: Question
    sample: Sample
    judge: Judge
    got: Observation
    right: Observation
    _formulas: dict[Any, tuple[Observation, Array]] = field(default_factory=dict)

    @property
    def batch(self) -> Batch:
        """The inputs with their mask; without a mask everything is valid."""
        batch = self.sample.batch
        if self.question.form != "none":
            return batch
        return replace(batch, mask=np.ones_like(batch.mask))

    def answer(self, mistake: Candidate) -> Observation | None:
        """Return what a mistake answers, or None where it means nothing.

        One formula on one input is asked once, whatever becomes of its answer.
        """
        parts = mistake.source, mistake.mask, mistake.unmasked, mistake.split
        key = (id(mistake.formula), *parts)
        if key not in self._formulas:
            self._formulas[key] = self._formula(mistake)
        found, used = self._formulas[key]
        if mistake.answer is None or found.array is None:
            return found
        with np.errstate(all="ignore"):
            changed = mistake.answer.change(found.array, self.batch, used)
        if changed is None:
            return None
        return Observation(array=changed, dtype=found.dtype, written=found.written)

    def _formula(self, mistake: Candidate) -> tuple[Observation, Array]:
        """Return what the formula answers to what it is given, and the mask in that."""
        same = mistake.source is None and mistake.mask is None
        if same and not mistake.unmasked and not mistake.split:
            found = ask(mistake.formula, self.question, self.sample)
            return found, self.batch.mask
        with np.errstate(all="ignore"):
            batch = mistake.given(self.batch)
        plain = replace(self.question, form="")
        if not mistake.split:
            found = ask(mistake.formula, plain, replace(self.sample, batch=batch))
            return found, batch.mask
        return self._split(mistake, batch, plain), batch.mask

    def _split(
        self, mistake: Candidate, batch: Batch, question: Question
    ) -> Observation:
        """Return the mean of what some rows at a time are answered."""
        size = mistake.split
        starts = range(0, batch.rows, size)
        parts = [batch.take(range(at, min(at + size, batch.rows))) for at in starts]
        asked = (replace(self.sample, batch=part) for part in parts)
        found = [ask(mistake.formula, question, part) for part in asked]
        answers = [each.array for each in found if each.array is not None]
        if not found or len(answers) < len(found):
            return Observation(array=None, dtype="a part raised")
        return replace(found[0], array=np.mean(np.stack(answers), axis=0))


class MistakeSearch:
    """What explains one subject's answers.

    Args:
        subject: What failed.
        questions: What it is asked, the failing batch first.
        oracle: The operation's oracle.
    """

    def __init__(
        self,
        subject: Subject,
        questions: Iterable[Question],
        oracle: Oracle,
    ) -> None:
        self._subject = subject
        self._left = iter(questions)
        self._operation = subject.operation
        self._variant = subject.variant
        self._oracle = oracle
        self._asked: list[Asked] = []
        right = correct(subject.operation.name)
        self._right = make_numpy_subject(right, subject)

    def explain(self, *, thorough: bool) -> tuple[Sequence[Candidate], bool]:
        """Return the simplest mistakes that explain everything.

        Args:
            thorough: Whether to try products of parts too.

        Returns:
            The mistakes, and whether they explain finite numbers alone.
        """
        partly: Sequence[Candidate] = ()
        first = next(self._questions())
        # Parts change rows and positions: without any there is nothing to change.
        some = first.sample.batch.mask.size > 0
        stages = [self._list_mutants]
        stages += [self._list_singles] if some else []
        if some and thorough:
            stages += [self._double, self._listed_and_more, self._triple]
        for stage in stages:
            found, plain = self._split_explaining(stage())
            if found:
                return found, False
            partly = partly or plain
        return partly, True

    def raising(self) -> Sequence[Candidate]:
        """Return the listed mistakes that raise the same and answer the same else."""
        first = next(self._questions())
        alike = [
            mistake
            for mistake in self._list_mutants()
            if (said := first.answer(mistake)) is not None
            and said.array is None
            and said.dtype == first.got.dtype
        ]
        return self._split_explaining(alike)[0]

    def _split_explaining(
        self, mistakes: Iterable[Candidate]
    ) -> tuple[Sequence[Candidate], Sequence[Candidate]]:
        """Return those that explain everything, and those that explain plain input."""
        left = list(mistakes)
        wrong: set[int] = set()
        finite: set[int] = set()
        plain: Sequence[Candidate] = ()
        for asked in self._questions():
            kept = []
            for mistake in left:
                said = asked.answer(mistake)
                if said is None or not asked.judge.same(asked.got, said):
                    continue
                shows = asked.judge.differs(said, asked.right)
                if shows and not asked.judge.differs(asked.got, asked.right):
                    continue  # a right answer where the mistake would show
                kept.append(mistake)
                if shows:
                    wrong.add(id(mistake))
                    finite |= {id(mistake)} if asked.question.plain else set()
            left = kept
            if asked.question.plain:
                plain = [each for each in left if id(each) in finite]
            if not left:
                break
        return [each for each in left if id(each) in wrong], plain

    def _questions(self) -> Iterator[Asked]:
        """Yield each question with the adapter's answer, which is asked for once."""
        yield from tuple(self._asked)
        for question in self._left:
            if not _is_possible(question, self._subject):
                continue
            asked = self.ask(question)
            self._asked.append(asked)
            yield asked

    def ask(self, question: Question) -> Asked:
        """Return a question with the adapter's answer and the right formula's."""
        sample = Sample(
            oracle=self._oracle,
            variant=self._variant,
            dtype=self._subject.dtype,
            batch=question.batch,
        )
        return Asked(
            question=question,
            sample=sample,
            judge=judge(sample, self._subject.adapter.declaration),
            got=ask(self._subject, question, sample),
            right=ask(self._right, question, sample),
        )

    @cached_property
    def _known(self) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                formula=make_numpy_subject(adapter(mutant), self._subject),
                listed=mutant.text,
                url=mutant.url,
            )
            for mutant in mutants(self._operation.name)
            if mutant.kind == "forward" and mutant.shows(self._variant.name)
        )

    def _list_mutants(self) -> Iterator[Candidate]:
        yield from self._known

    def _list_singles(self) -> Iterator[Candidate]:
        if self._variant.makes_mask:
            for part in MASKS:
                yield Candidate(formula=self._right, answer=on_answer(part))
        else:
            for source in self._sources:
                yield Candidate(formula=self._right, source=source)
            for mask in MASKS:
                yield Candidate(formula=self._right, mask=mask)
        for answer in ANSWERS:
            yield Candidate(formula=self._right, answer=answer)
        yield from self._others
        if self._variant.result == "scalar":
            for rows in SPLITS:
                yield Candidate(formula=self._right, split=rows)

    def _triple(self) -> Iterator[Candidate]:
        if self._variant.makes_mask:
            return
        for answer in PAIRS:
            yield Candidate(formula=self._right, answer=answer)
            if not answer.after:
                yield Candidate(formula=self._right, source=INPUTS[0], answer=answer)
                yield Candidate(formula=self._right, mask=MASKS[0], answer=answer)

    def _double(self) -> Iterator[Candidate]:
        if self._variant.makes_mask:
            return
        for answer in ANSWERS:
            if answer.after:
                continue
            for source in self._sources:
                yield Candidate(formula=self._right, source=source, answer=answer)
            for mask in MASKS:
                yield Candidate(formula=self._right, mask=mask, answer=answer)
        for mask in MASKS:
            for source in INPUTS:
                if not source.fills:
                    yield Candidate(formula=self._right, source=source, mask=mask)
            for other in self._others:
                yield replace(other, mask=mask)

    def _listed_and_more(self) -> Iterator[Candidate]:
        """Yield each listed mistake with one common part beside it."""
        if self._variant.makes_mask:
            return
        for known in self._known:
            yield replace(known, mask=MASKS[0])
            yield replace(known, source=INPUTS[0])
            for answer in ANSWERS:
                yield replace(known, answer=answer)

    @cached_property
    def _sources(self) -> tuple[InputPart, ...]:
        shown = inferred_fills(next(self._questions()).got.array)
        return (*INPUTS, *shown, *inputs_alone(self._operation.inputs))

    @cached_property
    def _others(self) -> tuple[Candidate, ...]:
        """The right formulas of the operation's other variants."""
        right = correct(self._operation.name)
        return tuple(
            Candidate(
                formula=make_numpy_subject(right, self._subject, variant),
                listed=f"answers as {variant.name} does",
            )
            for variant in self._operation.variants
            if variant.name != self._variant.name
        )


def _is_possible(question: Question, subject: Subject) -> bool:
    """Tell whether both frameworks have the layout that is asked for."""
    if not question.layout:
        return True
    arrays = question.batch.arrays.values()
    views = (subject.framework.layouts(array) for array in arrays)
    return all(question.layout in view for view in views)


def make_numpy_subject(
    wrong: Adapter, like: Subject, variant: Variant | None = None
) -> Subject:
    """Return an adapter on NumPy as a subject in the dtype of what failed."""
    return Subject(
        wrong,
        load_framework("numpy"),
        like.operation,
        variant or like.variant,
        dtype=like.dtype,
        route="eager",
    )
