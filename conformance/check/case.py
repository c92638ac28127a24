"""Judge an adapter by a case: literal inputs, and the answer in the case's file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.cases import decoded
from conformance.operations import load_operations
from conformance.trial.attempt import Finding, attempt
from conformance.trial.batch import Batch
from conformance.trial.verdict import Verdict, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.cases import Case
    from conformance.check.fixtures import Fixtures
    from conformance.specification.selection import Check
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject


def judge_case(fixtures: Fixtures, check: Check, case: Case) -> Finding:
    """Return the finding of a case."""
    sample = fixtures.sample(check, read_batch(case), turn=0)
    want = np.asarray(_filled(decoded(case.want)), dtype=np.float64)

    def literal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
        got = subject.answer(sample.batch, like=sample.want)
        # NaN in ``want`` is either "declared" in the file or a NaN to be returned; in
        # the second case the oracle says NaN as well.
        declared = np.isnan(want) & ~np.isnan(sample.want)
        # The file's answer is normative; the oracle fills what adapters declare.
        exact = np.where(declared | (sample.allowed == np.inf), sample.want, want)
        yield compare(got, exact, sample.allowed, batch=sample.batch)

    return attempt(literal, fixtures.subject(check), sample)


def read_batch(case: Case) -> Batch:
    """Return a case's inputs, mask and weights as a batch, in float64."""
    arrays = {}
    for name, array in case.inputs.items():
        dtype = np.int64 if name in case.labels else np.float64
        arrays[name] = np.asarray(decoded(array), dtype=dtype)
    own = load_operations()[case.operation].weights
    weights = {name: arrays.pop(name) for name in own}
    weights |= {
        f"{direction}.{name}": np.asarray(decoded(array), dtype=np.float64)
        for direction, parts in case.weights.items()
        for name, array in parts.items()
    }
    mask = np.asarray(case.mask, dtype=bool)
    return Batch(arrays=arrays, mask=mask, weights=weights)


def _filled(nested: Any) -> Any:
    """Return nested lists with NaN for what each adapter declares."""
    if isinstance(nested, list):
        return [_filled(each) for each in nested]
    return np.nan if nested is None else nested
