"""Judge an adapter by a case: literal inputs, and the answer in the case's file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.cases import decode
from conformance.check.repeat import repeat
from conformance.errors import NotGrantedError
from conformance.operations import load_operations
from conformance.trial.attempt import Finding, attempt
from conformance.trial.batch import Batch
from conformance.trial.sample import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.cases import Case
    from conformance.check.fixtures import Fixtures
    from conformance.specification.selection import Check
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def judge_case(fixtures: Fixtures, check: Check, case: Case) -> Finding:
    """Return the finding of a case.

    Raises:
        NotGrantedError: Its input lacks what the adapter requires.
    """
    sample = fixtures.sample(check, read_batch(case), turn=0)
    law, subject = case_law(case), fixtures.subject(check)
    finding = attempt(law, subject, sample)
    if finding.lacking:
        raise NotGrantedError(finding.lacking)
    return finding if finding.passed else repeat(law, subject, sample, finding)


def case_law(case: Case) -> Callable[[Subject, Sample], Iterator[Verdict]]:
    """Return a case as a law: it is asked of its own batch alone."""
    answer = decode(case.want)
    want = np.asarray(_map_nested(answer, _number), dtype=np.float64)
    declared = np.asarray(_map_nested(answer, _is_declared), dtype=bool)

    def literal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
        got = subject.answer(sample.batch, like=sample.want)
        # The file's answer is normative; the oracle fills what adapters declare.
        exact = replace(sample.exact, want=np.where(declared, sample.want, want))
        yield judge(got, replace(sample, _answers={"exact": exact}))

    return literal


def read_batch(case: Case) -> Batch:
    """Return a case's inputs, mask and weights as a batch, in float64."""
    arrays = {}
    for name, array in case.inputs.items():
        decoded = np.asarray(decode(array))
        dtype = np.int64 if name in case.labels else np.float64
        # A mask of its own stays one.
        arrays[name] = decoded if decoded.dtype == bool else decoded.astype(dtype)
    operation = load_operations()[case.operation]
    weights = {name: arrays.pop(name) for name in operation.weights if name in arrays}
    beside = {name: arrays.pop(name) for name in operation.beside}
    weights |= {
        f"{direction}.{name}": np.asarray(decode(array), dtype=np.float64)
        for direction, parts in case.weights.items()
        for name, array in parts.items()
    }
    mask = np.asarray(case.mask, dtype=bool)
    return Batch(arrays=arrays, mask=mask, beside=beside, weights=weights)


def _map_nested(nested: Any, change: Any) -> Any:
    if isinstance(nested, list):
        return [_map_nested(each, change) for each in nested]
    return change(nested)


def _number(leaf: float | None) -> float:
    return 0.0 if leaf is None else leaf


def _is_declared(leaf: float | None) -> bool:
    """Tell whether each adapter declares what stands there."""
    return leaf is None
