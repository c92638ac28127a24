"""The smallest error that each law catches, and how many rows it takes to see it.

A mutant is wrong by much or by little as its fault has it. Here a right answer is made
wrong by a known share of itself, so that the laws' sharpness has a figure.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.check.fixtures import Fixtures
from conformance.check.mutants import correct
from conformance.operations import load_law, load_operations, load_oracle
from conformance.specification.plan import laws_of, plan
from conformance.specification.selection import Selection
from conformance.trial.attempt import attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter
    from conformance.trial.sample import Sample

ULP = 2.0**-23
"""The spacing of float32 numbers at one."""

STEPS = tuple(2**power for power in range(24))
"""Errors that are tried, in ulp, up to the answer's own size."""

ROWS = 64
"""Generated rows that a law may look at: those of a run's default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """How sharp a law is.

    Attributes:
        ulp: The smallest relative error that it catches, in units of 2^-23.
        rows: How many generated rows it needs to catch that.
    """

    ulp: int
    rows: int


def powers(operation: str) -> dict[str, Power]:
    """Return the power of each law that catches an error of the answer, by its name.

    They are asked on NumPy in float32, on the first variant that each applies to. Laws
    that are about something else, such as gradients or NaN, have no entry.
    """
    if load_operations()[operation].answer != "input":
        return {}  # a whole number or a truth value is right or wrong
    right = correct(operation)
    selection = Selection(operations=(operation,), dtypes=("float32",))
    planned = plan(right.declaration, load_operations(), {}, selection)
    found: dict[str, Power] = {}
    asked: set[str] = set()
    for check in planned:
        if check.item in asked or check.unsupported:
            continue
        asked.add(check.item)
        power = _power(right, check)
        if power is not None:
            found[check.item] = power
    return found


def _power(right: Adapter, check: Check) -> Power | None:
    """Return the power of a check's law by halving the range of errors."""
    if not (rows := _rows(right, check, STEPS[-1])):
        return None
    low, high = 0, len(STEPS) - 1
    while low < high:
        middle = (low + high) // 2
        seen = _rows(right, check, STEPS[middle])
        low, high, rows = (low, middle, seen) if seen else (middle + 1, high, rows)
    return Power(ulp=STEPS[high], rows=rows)


def _rows(right: Adapter, check: Check, ulp: int) -> int:
    """Return how many rows it takes to catch an error of some ulp; 0 for never."""
    fixtures = Fixtures(_scale_adapter(right, ulp * ULP), seed=0)
    operation = load_operations()[check.operation]
    law = next(law for law in laws_of(operation) if law.name == check.item)
    function, subject = load_law(law), fixtures.subject(check)
    at_once: int = load_oracle(check.operation).ROWS
    for turn in range(max(1, ROWS // at_once)):
        sample = fixtures.turn(check, turn)
        if attempt(function, subject, sample).passed:
            continue
        fewer = _prefixes(sample)
        needed = next(
            number
            for number, prefix in fewer
            if number == sample.batch.rows
            or not attempt(function, subject, prefix).passed
        )
        return turn * at_once + needed
    return 0


def _prefixes(sample: Sample) -> Iterator[tuple[int, Sample]]:
    """Yield the sample's first row, its first two rows, and so on."""
    for number in range(1, sample.batch.rows + 1):
        yield number, sample.replace_batch(sample.batch.take(range(number)))


def _scale_adapter(right: Adapter, share: float) -> Adapter:
    """Return an adapter whose answers are wrong by a share of themselves."""
    functions = {
        name: _scale_answer(function, share)
        for name, function in right.functions.items()
    }
    return replace(right, functions=functions)


def _scale_answer(function: Callable[..., Any], share: float) -> Callable[..., Any]:
    def scale(*given: Any, **options: Any) -> Any:
        answer = function(*given, **options)
        if callable(answer):
            return _scale_answer(answer, share)
        with np.errstate(all="ignore"):
            moved = np.asarray(answer, dtype=np.float64) * (1 + share)
            return moved.astype(answer.dtype)

    return scale
