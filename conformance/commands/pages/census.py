"""What is judged, element by element, and what is left open by which clause.

The right answer of every check is spoilt, one element at a time: by three bounds either
way, a number by NaN and NaN by a number, an infinity by the largest number and back, by
its sign, by zero, by another row's value. A spoilt answer must fail, or its element is
left open by a clause that has a name. Answers are judged element by element, so that
all elements are spoilt at once and each is looked at by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.adapters.load import load_adapter
from conformance.check.case import case_law, read_batch
from conformance.check.fixtures import Fixtures
from conformance.check.law import find_law
from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.exact import CLAUSES, IN_RANGE, find_judged
from conformance.trial.precision import PRECISIONS, numpy_dtype
from conformance.trial.verdict import find_outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from conformance.cases import Case
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter
    from conformance.trial.batch import Array
    from conformance.trial.verdict import Verdict

    Spoil = Callable[[Array, Array, str], Array]

DERIVATIVES = ("gradient", "wild-gradient", "forward-gradient")
"""Laws of derivatives, which NumPy has none of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """How many elements are judged, and what leaves the others open.

    Attributes:
        checks: How many checks were looked at.
        elements: How many elements their answers have.
        spoilt: How many wrong answers were made of them.
        open_by: Elements left open, by the name of the clause.
        blind: Wrong elements that passed, where no clause leaves them open.
        idle: Checks none of whose elements is judged.
        nameless: Clauses that leave elements open and are not described.
    """

    checks: int = 0
    elements: int = 0
    spoilt: int = 0
    open_by: Mapping[str, int] = field(default_factory=dict)
    blind: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()

    @property
    def judged(self) -> int:
        """How many elements are judged."""
        return self.elements - sum(self.open_by.values())

    @property
    def sound(self) -> bool:
        """Whether every element is judged or left open by a clause with a name."""
        return not (self.blind or self.idle or self.nameless)

    def __add__(self, other: Census) -> Census:
        """Return two censuses together."""
        return Census(
            checks=self.checks + other.checks,
            elements=self.elements + other.elements,
            spoilt=self.spoilt + other.spoilt,
            open_by=dict(Counter(self.open_by) + Counter(other.open_by)),
            blind=self.blind + other.blind,
            idle=self.idle + other.idle,
            nameless=tuple(dict.fromkeys(self.nameless + other.nameless)),
        )


def take_census(
    reference: Adapter,
    *,
    operations: Iterable[str] = (),
    dtypes: tuple[str, ...] = (),
    items: tuple[str, ...] = (),
    cases: Mapping[str, Iterable[Case]] | None = None,
) -> dict[str, Census]:
    """Return the census of each operation, as a right adapter shows it.

    Args:
        reference: The adapter.
        operations: Operations to take; all by default.
        dtypes: Dtypes to take; all that it has by default.
        items: Laws and cases to take; all by default.
        cases: Every case, by operation; those of the suite by default.
    """
    every = catalogue.cases() if cases is None else cases
    chosen = tuple(operations) or tuple(load_operations())
    found = {name: Census() for name in chosen}
    selection = Selection(level="extended", operations=chosen, dtypes=dtypes)
    known = {case.id: case for group in every.values() for case in group}
    fixtures = Fixtures(reference, 0)
    for check in plan(reference.declaration, load_operations(), every, selection):
        primary = check.route == reference.declaration.primary
        if check.unsupported or not (primary or check.route == "jvp"):
            continue
        if items and check.item not in items:
            continue
        case = known.get(f"{check.variant.name}/{check.item}") if check.case else None
        found[check.operation] += _of_check(fixtures, check, case)
    return found


def count_judged(
    operations: Iterable[str] = (), frameworks: Iterable[str] = ("numpy", "torch")
) -> dict[str, Census]:
    """Return the census of answers, and of gradients where torch is asked for."""
    found = take_census(load_adapter("numpy_reference"), operations=operations)
    if "torch" in frameworks:
        derived = take_census(
            load_adapter("torch_reference"), operations=operations, items=DERIVATIVES
        )
        found = {name: own + derived[name] for name, own in found.items()}
    return found


def _of_check(fixtures: Fixtures, check: Check, case: Case | None) -> Census:
    subject = fixtures.subject(check)
    if case is not None:
        sample = fixtures.sample(check, read_batch(case), turn=0)
        verdicts = list(case_law(case)(subject, sample))
    else:
        sample = fixtures.turn(check, 0)
        verdicts = list(find_law(check)(subject, sample))
    total = Census(checks=1)
    for verdict in verdicts:
        total += _of_verdict(verdict, check)
    ranges = total.open_by.get(IN_RANGE, 0)
    if total.elements and not total.judged + ranges:
        total = replace(total, idle=(check.id,))
    return total


def _of_verdict(verdict: Verdict, check: Check) -> Census:
    got, want, allowed = verdict.got, verdict.want, verdict.allowed
    if got is None or want is None or allowed is None:
        return Census()
    asked = find_judged(verdict.open_by, want.shape)
    spoilt, blind = 0, list[str]()
    for name, change in _SPOILS.items():
        wrong = change(want, allowed, check.dtype)
        other = asked & _is_other(wrong, want, allowed)
        spoilt += int(other.sum())
        passed = other & ~find_outside(wrong, want, allowed)
        blind += [
            f"{check.id}: {name} at {[int(i) for i in at]} passes"
            for at in np.argwhere(passed)[:1]
        ]
    open_by: Counter[str] = Counter()
    left = ~asked
    for name, own in verdict.open_by.items():
        open_by[name] += int((own & left).sum())
        left = left & ~own  # what two clauses leave open is counted once
    return Census(
        elements=want.size,
        spoilt=spoilt,
        open_by=dict(open_by),
        blind=tuple(blind),
        nameless=tuple(name for name in verdict.open_by if name not in CLAUSES),
    )


def _is_other(wrong: Array, want: Array, allowed: Array) -> Array:
    """Return where a spoilt answer is another one, said without the comparison."""
    special = ~np.isfinite(wrong) | ~np.isfinite(want)
    alike = (np.isnan(wrong) & np.isnan(want)) | (wrong == want)
    with np.errstate(over="ignore"):
        far = np.abs(np.where(special, 0.0, wrong) - np.where(special, 0.0, want))
        near = far <= np.nan_to_num(allowed) * 1.5
    return np.asarray(np.where(special, ~alike, ~near))


def _moved(sign: float) -> Spoil:
    def change(want: Array, allowed: Array, dtype: str) -> Array:
        near = numpy_dtype(dtype if dtype in PRECISIONS else "float64")
        with np.errstate(all="ignore"):
            step = np.abs(np.spacing(np.abs(want).astype(near)).astype(np.float64))
            bound = np.where(np.isfinite(allowed), allowed, 0.0)
            return np.asarray(want + sign * np.maximum(3 * bound, step))

    return change


def _to_nan(want: Array, allowed: Array, dtype: str) -> Array:
    del allowed, dtype
    return np.where(np.isnan(want), 123.0, np.nan)


def _to_infinity(want: Array, allowed: Array, dtype: str) -> Array:
    del allowed
    largest = np.copysign(PRECISIONS[dtype].largest, want)
    return np.where(np.isinf(want), largest, np.copysign(np.inf, want))


def _rolled(want: Array, allowed: Array, dtype: str) -> Array:
    del allowed, dtype
    return np.roll(want, 1, axis=0) if want.ndim else want + 1


_SPOILS: Mapping[str, Spoil] = {
    "three bounds more": _moved(1.0),
    "three bounds less": _moved(-1.0),
    "NaN or a number": _to_nan,
    "an infinity or the largest number": _to_infinity,
    "the other sign": lambda want, _allowed, _dtype: -want,
    "zero": lambda want, _allowed, _dtype: np.zeros_like(want),
    "another row's value": _rolled,
}


def census_lines(found: Mapping[str, Census]) -> Iterator[str]:
    """Yield a census as a Markdown table, what is amiss behind it."""
    total = sum(found.values(), Census())
    clauses = sorted(total.open_by)
    yield f"| operation | checks | elements | judged | {' | '.join(clauses)} |"
    yield f"| --- | ---: | ---: | ---: |{' ---: |' * len(clauses)}"
    for name, own in (*found.items(), ("together", total)):
        counts = " | ".join(f"{own.open_by.get(clause, 0):,}" for clause in clauses)
        numbers = f"{own.checks:,} | {own.elements:,} | {own.judged:,}"
        yield f"| {name} | {numbers} | {counts} |"
    yield ""
    yield f"{total.spoilt:,} spoilt elements, {len(total.blind)} of them passed."
    yield from (f"not seen: {text}" for text in total.blind)
    yield from (f"judges nothing: {check}" for check in total.idle)
    yield from (f"a clause without a description: {name}" for name in total.nameless)
