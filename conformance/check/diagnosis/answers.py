"""What a call shows, and whether two calls show the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from conformance.check.mutants import correct
from conformance.errors import ContractViolation
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from conformance.check.diagnosis.questions import Question
    from conformance.specification.declaration import Declaration
    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

FAR = 0.02
"""Of an element's size: more than any bound beside the exact answer's own allows."""

HALF = 2.0**-12
"""Roundings of more than this belong to float16 and bfloat16."""

LARGEST = 1e4
CLASSES = 2
"""The largest number and label of a batch whose padding has a bound of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a call showed.

    Attributes:
        array: The answer in float64; None where the call raised.
        dtype: Its dtype, or what was raised.
        written: Whether an input was written to.
    """

    array: Array | None
    dtype: str = ""
    written: bool = False


def ask(subject: Subject, question: Question, sample: Sample) -> Observation:
    """Return what a subject shows for a question, whatever it does meanwhile."""
    batch, framework = sample.batch, subject.framework
    try:
        with framework.scope(subject.dtype):
            tensors = [framework.tensor(array) for array in batch.inputs.values()]
            mask = subject.mask(batch, question.form)
            if question.layout:
                views = [framework.layouts(array) for array in batch.inputs.values()]
                tensors = [view[question.layout] for view in views]
            result = subject.callable(batch)(*tensors, mask)
            after = [framework.array(tensor) for tensor in tensors]
            dtype = framework.dtype(result)
            answer = subject.check_result(result, sample.want.shape)
    except ContractViolation:
        return Observation(array=None, dtype="another shape")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it raises, exits too
        return Observation(array=None, dtype=type(error).__name__)
    written = any(
        old.tobytes() != new.tobytes()
        for old, new in zip(batch.inputs.values(), after, strict=True)
    )
    array = np.asarray(answer, dtype=np.float64)
    return Observation(array=array, dtype=dtype, written=written)


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Whether two answers are the same within both error bounds.

    Attributes:
        dtype: The dtype that an answer should have.
        counts: Which elements are compared.
        exact: How far the exact answer may be off.
        bound: How far an answer may be off, one that reads padding too.
    """

    dtype: str
    counts: Array
    exact: Array
    bound: Array

    def same(self, got: Observation, said: Observation) -> bool:
        """Tell whether a mistake shows what the subject did."""
        if got.array is None or said.array is None:
            return got.array is None and said.array is None
        if (got.dtype == self.dtype) != (said.dtype == self.dtype):
            return False
        if got.written != said.written:
            return False
        return self.are_alike(got.array, said.array)

    def are_alike(self, got: Array, said: Array) -> bool:
        """Tell whether two arrays are the same where it counts."""
        if got.shape != said.shape or self._far(got, said):
            return False
        with np.errstate(all="ignore"):
            size = np.nan_to_num(np.abs(said))
            # Each of the two answers may be off by as much.
            bound = 2 * self.bound + self._relative * size
        return self._within(got, said, bound)

    def differs(self, said: Observation, right: Observation) -> bool:
        """Tell whether a mistake shows: our two formulas differ by more than ulps."""
        if said.array is None or right.array is None:
            return said.array is not right.array
        if (said.dtype, said.written) != (right.dtype, right.written):
            return True
        if said.array.shape != right.array.shape:
            return True
        with np.errstate(all="ignore"):
            size = np.nan_to_num(np.abs(right.array))
            bound = self.exact + 4 * PRECISIONS[self.dtype].u * size
        return not self._within(said.array, right.array, bound)

    def _within(self, one: Array, other: Array, bound: Array) -> bool:
        with np.errstate(all="ignore"):
            alike = (np.abs(one - other) <= bound) | (one == other)
        alike |= np.isnan(one) & np.isnan(other)
        return bool((alike | ~self.counts).all())

    @property
    def _relative(self) -> float:
        """What an answer of another size than the exact one may err, of its size."""
        u = PRECISIONS[self.dtype].u
        return 4 * u if u > HALF else 64 * u

    @cached_property
    def _first(self) -> int:
        """The first element that is compared, flat; -1 where there is none."""
        found = np.flatnonzero(self.counts)
        return int(found[0]) if found.size else -1

    def _far(self, got: Array, said: Array) -> bool:
        """Tell of one element that it is far off: most mistakes are told apart so."""
        if self._first < 0:
            return False
        one, other = float(got.flat[self._first]), float(said.flat[self._first])
        if isnan(one) or isnan(other):
            return isnan(one) != isnan(other)
        size = max(abs(one), abs(other))
        bound = 2 * float(self.bound.flat[self._first])
        return abs(one - other) > bound + FAR * size


def judge(sample: Sample, declaration: Declaration) -> Judge:
    """Return the judge of a sample's answers.

    Under huge padding much is alike: batches whose padding is of ordinary size tell
    mistakes apart.
    """
    full = replace(sample.batch, mask=np.ones_like(sample.batch.mask))
    whole = sample.replace_batch(full)
    whole = whole if _is_finite(full) and whole.solvable else sample
    exact = _bound(sample)
    return Judge(
        dtype=sample.dtype,
        counts=_compared_elements(sample, declaration),
        exact=exact,
        bound=np.maximum(exact, _bound(whole)),
    )


def _bound(sample: Sample) -> Array:
    """Return how far an answer may be off, 0 where nothing is asked."""
    allowed = np.asarray(sample.allowed)
    # Of inputs that no valid position may have a bound may be anything.
    return np.where(np.isfinite(allowed), np.abs(allowed), 0.0)


def _is_finite(batch: Batch) -> bool:
    arrays = batch.arrays.values()
    if any(a.dtype.kind in "iu" and (a.min() < 0 or a.max() > CLASSES) for a in arrays):
        return False
    return all(
        np.isfinite(np.asarray(array, np.float64)).all()
        and np.abs(np.asarray(array, np.float64)).max(initial=0) <= LARGEST
        for array in arrays
    )


def _compared_elements(sample: Sample, declaration: Declaration) -> Array:
    """Return which elements of the answer are compared.

    A row without valid positions gives what each adapter declares: where that is not
    what the mutants are made from, it says nothing.
    """
    shape, name = sample.want.shape, sample.variant.name
    empty = sample.batch.counts < sample.variant.least
    ours = correct(sample.variant.operation).declaration
    counted = np.ones(shape, dtype=bool)
    declares = sample.variant.padding == "declared"
    if declares and declaration.at_padding(name) != ours.at_padding(name):
        counted = sample.valid
    if sample.variant.empty != "declared" or declaration.empty_row(
        name
    ) == ours.empty_row(name):
        return counted
    if sample.variant.result == "scalar":
        return np.full(shape, not empty.all())
    wide = (~empty).reshape((-1,) + (1,) * (len(shape) - 1))
    return np.broadcast_to(counted & wide, shape)
