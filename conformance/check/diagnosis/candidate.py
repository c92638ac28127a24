"""A way to be wrong, and what it answers to a question that the adapter was asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.check.diagnosis.answers import Judge, Observation, ask
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from conformance.check.diagnosis.parts import AnswerPart, InputPart, MaskPart
    from conformance.check.diagnosis.prepared import Prepared
    from conformance.check.diagnosis.questions import Question
    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject


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
        return fills or (after and self.mask is None)

    def given(self, batch: Batch) -> Batch:
        """Return what the formula is given in place of a batch.

        What is filled is the padding of the mask that is used.
        """
        used = batch.mask if self.mask is None else self.mask.change(batch)
        if self.source is not None:
            largest = PRECISIONS[self.formula.dtype].largest
            seen = replace(batch, mask=used) if self.source.fills else batch
            batch = self.source.change(seen, largest)
        return replace(batch, mask=np.ones_like(used) if self.unmasked else used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with what the adapter answered.

    Attributes:
        question: The question.
        ready: What is the same for every adapter.
        got: The adapter's answer.
    """

    question: Question
    ready: Prepared
    got: Observation

    @property
    def sample(self) -> Sample:
        """The question's sample, with the exact answer."""
        return self.ready.sample

    @property
    def judge(self) -> Judge:
        """What compares answers to it."""
        return self.ready.judge

    @property
    def right(self) -> Observation:
        """The right formula's answer."""
        return self.ready.right

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
        key, known = (id(mistake.formula), *parts), self.ready.formulas
        if key not in known:
            known[key] = self._formula(mistake)
        found, used = known[key]
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
