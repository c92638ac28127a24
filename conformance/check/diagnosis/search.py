"""Which mistakes explain every answer: the listed ones, then products of parts.

The simplest comes first: a listed mistake or one part, then two parts, then three. A
stage is left as soon as something in it explains all that was asked.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.check.diagnosis.answers import ask
from conformance.check.diagnosis.behind import ANSWERS, PAIRS, on_answer
from conformance.check.diagnosis.candidate import Asked, Candidate
from conformance.check.diagnosis.inputs import INPUTS, inferred_fills, inputs_alone
from conformance.check.diagnosis.masks import MASKS, USUAL
from conformance.check.diagnosis.prepared import gather_formulas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.check.diagnosis.parts import InputPart
    from conformance.check.diagnosis.questions import Question
    from conformance.trial.oracle import Oracle
    from conformance.trial.subject import Subject


ZEROS = 2
"""The first parts of an input, which make padding zero: a product and a choice."""

SPLITS = (1, 2, 4)
"""Rows that are taken together where a batch is answered in parts."""


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
        self._formulas = gather_formulas(
            subject.operation, subject.variant, subject.dtype
        )
        self._right = self._formulas.right

    def explain(self, *, thorough: bool) -> tuple[Sequence[Candidate], bool]:
        """Return the simplest mistakes that explain everything.

        Args:
            thorough: Whether to try products of parts too.

        Returns:
            The mistakes, and whether they explain finite numbers alone.
        """
        partly: Sequence[Candidate] = ()
        if not self._is_ever_wrong():
            return partly, True
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

    def _is_ever_wrong(self) -> bool:
        """Tell whether any answer differs from the right formula's: none is one's."""
        return any(
            asked.judge.differs(asked.got, asked.right) for asked in self._questions()
        )

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
        declaration = self._subject.adapter.declaration
        ready = self._formulas.prepare(question, self._oracle, declaration)
        return Asked(
            question=question,
            ready=ready,
            got=ask(self._subject, question, ready.sample),
        )

    def _list_mutants(self) -> Iterator[Candidate]:
        yield from self._formulas.known

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
        yield from self._formulas.others
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
                if not source.fills or mask in USUAL:
                    yield Candidate(formula=self._right, source=source, mask=mask)
            for other in self._formulas.others:
                yield replace(other, mask=mask)

    def _listed_and_more(self) -> Iterator[Candidate]:
        """Yield each listed mistake with one common part beside it."""
        if self._variant.makes_mask:
            return
        masks = {mask.text for mask in USUAL}
        for known in self._formulas.known:
            # One wrong mask beside another is no simpler than a third.
            for mask in () if known.listed in masks else USUAL:
                yield replace(known, mask=mask)
            for source in INPUTS[:ZEROS]:
                yield replace(known, source=source)
            for answer in ANSWERS:
                yield replace(known, answer=answer)

    @cached_property
    def _sources(self) -> tuple[InputPart, ...]:
        shown = inferred_fills(next(self._questions()).got.array)
        return (*INPUTS, *shown, *inputs_alone(self._operation.inputs))


def _is_possible(question: Question, subject: Subject) -> bool:
    """Tell whether both frameworks have the layout that is asked for."""
    if not question.layout:
        return True
    arrays = question.batch.inputs.values()
    views = (subject.framework.layouts(array) for array in arrays)
    return all(question.layout in view for view in views)
