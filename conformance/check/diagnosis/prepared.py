"""What does not depend on the adapter: formulas, and what they answer to a question.

One mistake fails many checks of a variant, and is asked most questions for each: the
batches that tell mistakes apart, and often one failing batch on several routes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from conformance.check.diagnosis.answers import Judge, Observation, ask, judge
from conformance.check.diagnosis.candidate import Candidate
from conformance.check.mutants import adapter, correct
from conformance.operations._common.mutant import mutants
from conformance.trial.frameworks import load_framework
from conformance.trial.oracle import LARGE
from conformance.trial.sample import Sample
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from conformance.check.diagnosis.questions import Question
    from conformance.specification import Operation, Variant
    from conformance.specification.declaration import Declaration
    from conformance.trial.adapter import Adapter
    from conformance.trial.batch import Array
    from conformance.trial.oracle import Oracle

KEPT = 64
"""Questions of one variant and dtype whose answers are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A question with all that is the same for every adapter.

    Attributes:
        sample: Its sample, with the exact answer.
        judge: Compares answers to it.
        right: What the right formula answers.
        formulas: What formulas answered to it, and with which mask.
    """

    sample: Sample
    judge: Judge
    right: Observation
    formulas: dict[Any, tuple[Observation, Array]] = field(default_factory=dict)


class Formulas:
    """The right formula of a variant, and the listed mistakes, on NumPy in one dtype.

    Args:
        operation: The operation.
        variant: The variant.
        dtype: The dtype of what failed.
    """

    def __init__(self, operation: Operation, variant: Variant, dtype: str) -> None:
        self._operation = operation
        self._variant = variant
        self._dtype = dtype
        self._kept: dict[Any, Prepared] = {}
        self.right = self._subject(correct(operation.name))

    @cached_property
    def known(self) -> tuple[Candidate, ...]:
        """The listed mistakes that the variant shows."""
        return tuple(
            Candidate(
                formula=self._subject(adapter(mutant)),
                listed=mutant.text,
                url=mutant.url,
            )
            for mutant in mutants(self._operation.name)
            if mutant.kind == "forward" and mutant.shows(self._variant.name)
        )

    @cached_property
    def others(self) -> tuple[Candidate, ...]:
        """The right formulas of the operation's other variants."""
        right = correct(self._operation.name)
        return tuple(
            Candidate(
                formula=self._subject(right, variant),
                listed=f"answers as {variant.name} does",
            )
            for variant in self._operation.variants
            if variant.name != self._variant.name
        )

    def prepare(
        self, question: Question, oracle: Oracle, declaration: Declaration
    ) -> Prepared:
        """Return a question as every adapter with such a declaration is asked it."""
        name = self._variant.name
        declared = declaration.at_padding(name), declaration.empty_row(name)
        batch = question.batch
        parts = {**batch.inputs, "mask": batch.mask, **batch.weights}
        # The bytes themselves, not their hash, which another batch may have as well.
        content = tuple(
            (name, each.shape, each.dtype.str, each.tobytes())
            for name, each in parts.items()
        )
        key = declared, question.form, question.layout, content
        found = self._kept.get(key)
        if found is None:
            found = self._prepare(question, oracle, declaration)
            if batch.mask.size <= LARGE:
                self._kept[key] = found
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return found

    def _prepare(
        self, question: Question, oracle: Oracle, declaration: Declaration
    ) -> Prepared:
        sample = Sample(
            oracle=oracle,
            variant=self._variant,
            dtype=self._dtype,
            batch=question.batch,
        )
        return Prepared(
            sample=sample,
            judge=judge(sample, declaration),
            right=ask(self.right, question, sample),
        )

    def _subject(self, wrong: Adapter, variant: Variant | None = None) -> Subject:
        return Subject(
            wrong,
            load_framework("numpy"),
            self._operation,
            variant or self._variant,
            dtype=self._dtype,
            route="eager",
        )


@lru_cache(maxsize=8)
def gather_formulas(operation: Operation, variant: Variant, dtype: str) -> Formulas:
    """Return the formulas of a variant, kept for what of it fails next."""
    return Formulas(operation, variant, dtype)
