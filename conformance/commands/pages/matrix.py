"""Which law or case catches which mutant: the suite's power, measured."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.adapters.load import load_adapter
from conformance.check.case import judge_case
from conformance.check.fixtures import Fixtures
from conformance.check.law import Effort, judge_law
from conformance.check.mutants import adapter, correct
from conformance.errors import UsageError
from conformance.operations import load_operations, load_oracle
from conformance.operations._common.mutant import Mutant, mutants
from conformance.run import catalogue
from conformance.specification.plan import laws_of, plan
from conformance.specification.selection import Selection
from conformance.trial.frameworks import load_framework
from conformance.trial.oracle import CachedOracle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from conformance.cases import Case
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter
    from conformance.trial.attempt import Finding
    from conformance.trial.oracle import Oracle

EXAMPLES = {"masked_mean": 64, "masked_max": 64, "masked_softmax": 96, "attention": 32}
"""Generated rows for each law; elsewhere two batches, of four or eight rows, do."""

_NEEDS = {"gradient": "torch", "jvp": "torch", "compiled": "torch"}
"""The framework of laws that need what NumPy does not have."""

_DERIVATIVES = {"gradient", "jvp"}
"""What laws about derivatives need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What caught what.

    Attributes:
        mutants: Those that ran.
        kills: For each mutant's id the laws and cases that caught it, as
            ``masked_mean.shift`` and ``masked_mean/three-lengths``.
        not_run: Mutants whose framework is not installed.
        idle: Laws and cases that caught none of the mutants that ran.
        unjudged: Laws that no framework here could be held to.
        wrong: Checks that a formula without a fault, or the reference, failed.
    """

    mutants: tuple[Mutant, ...]
    kills: Mapping[str, tuple[str, ...]]
    not_run: tuple[Mutant, ...] = ()
    idle: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """The mutants that nothing caught."""
        return tuple(each for each in self.mutants if not self.kills[each.id])

    @property
    def late(self) -> tuple[str, ...]:
        """The mutants that the law they are made for did not catch."""
        return tuple(
            f"{each.id}: {each.clause}"
            for each in self.mutants
            if f"{each.operation}.{each.clause}" not in self.kills[each.id]
        )

    @property
    def sound(self) -> bool:
        """Whether everything catches, everything is caught, and right is right."""
        return not (self.survivors or self.idle or self.wrong or self.late)

    @property
    def power(self) -> Mapping[str, int]:
        """How many mutants each law and case caught."""
        return Counter(item for items in self.kills.values() for item in items)


def kill_matrix(
    *,
    operations: Iterable[str] = (),
    frameworks: Sequence[str] = ("numpy", "torch", "jax"),
    workers: int = 1,
    quick: bool = False,
) -> Matrix:
    """Run every mutant and return what caught it.

    Args:
        operations: Operations to take; all by default.
        frameworks: Frameworks to run on; those not installed are left out.
        workers: Processes that share the operations.
        quick: Whether a mutant is asked its own law, and besides only laws and cases
            that have caught none yet. Whether the matrix is sound comes out the same:
            what its own law does not catch makes it unsound, whatever else does.
    """
    chosen = tuple(operations) or tuple(load_operations())
    cases = catalogue.cases()
    there = [name for name in frameworks if _is_installed(name)]
    every = [each for name in chosen for each in mutants(name)]
    run = tuple(each for each in every if each.framework in there)
    kills: dict[str, tuple[str, ...]] = {}
    wrong: list[str] = []
    # A common law that some operation has a mutant for is caught there.
    made_for = {each.clause for each in run} if quick else None
    for own, failed in _each(chosen, there, workers, made_for):
        kills |= own
        wrong += failed
    idle, unjudged = _find_idle(chosen, cases, kills, there)
    return Matrix(
        mutants=run,
        kills=kills,
        not_run=tuple(each for each in every if each.framework not in there),
        idle=idle,
        unjudged=unjudged,
        wrong=tuple(wrong),
    )


def _each(
    chosen: Sequence[str],
    there: Sequence[str],
    workers: int,
    made_for: Collection[str] | None,
) -> list[tuple[dict[str, tuple[str, ...]], list[str]]]:
    """Return what caught the mutants of each operation, and what right code failed."""
    if workers == 1 or len(chosen) == 1:
        return [_of_operation(name, there, made_for) for name in chosen]
    # Not forked: torch and JAX have threads of their own. The longest are begun first.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        begun = {
            name: pool.submit(_of_operation, name, there, made_for)
            for name in sorted(chosen, key=lambda name: -len(mutants(name)))
        }
        return [begun[name].result() for name in chosen]


def _of_operation(
    name: str, there: Sequence[str], made_for: Collection[str] | None
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    cases, oracle = catalogue.cases(), CachedOracle(load_oracle(name))
    wrong = _check_right_ones(name, cases, oracle)
    run = [each for each in mutants(name) if each.framework in there]
    if made_for is not None:
        asked = _items_to_ask(name, cases, made_for)
        return _find_first_killers(run, cases, oracle, asked), wrong
    return {each.id: killers(each, cases, oracle) for each in run}, wrong


def _find_first_killers(
    run: Iterable[Mutant],
    cases: Mapping[str, Iterable[Case]],
    oracle: Oracle,
    asked: Collection[str],
) -> dict[str, tuple[str, ...]]:
    """Return what a mutant's own law, and laws and cases that had none, catch."""
    kills: dict[str, tuple[str, ...]] = {}
    left = set(asked)
    for mutant in run:
        own = f"{mutant.operation}.{mutant.clause}"
        kills[mutant.id] = killers(mutant, cases, oracle, only={own, *left})
        left -= set(kills[mutant.id])
    return kills


def _items_to_ask(
    operation: str, cases: Mapping[str, Iterable[Case]], made_for: Collection[str]
) -> set[str]:
    """Return the cases and laws of an operation of which each must catch a mutant.

    Common laws are left to the operations that have a mutant made for them.
    """
    own = {law.name for law in load_operations()[operation].laws}
    common = _required_laws(operation).keys() - set(made_for)
    laws = {f"{operation}.{law}" for law in own | common}
    return laws | {case.id for case in cases.get(operation, ())}


def killers(
    mutant: Mutant,
    cases: Mapping[str, Iterable[Case]],
    oracle: Oracle | None = None,
    only: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the laws and cases that catch a mutant, core before robust.

    Args:
        mutant: The mutant.
        cases: Every case, by operation.
        oracle: The oracle that its checks share.
        only: The laws and cases to ask; all if none are given.
    """
    found: dict[str, None] = {}
    probe = _Probe(adapter(mutant), cases, oracle)
    for check in probe.checks(mutant):
        item = _item(check)
        asked = item not in found and (not only or item in only)
        if asked and not probe.finding(check).passed:
            found[item] = None
    return tuple(found)


def _item(check: Check) -> str:
    return f"{check.variant.name}/{check.item}" if check.case else check.clause


def _check_right_ones(
    operation: str, cases: Mapping[str, Iterable[Case]], oracle: Oracle
) -> list[str]:
    """Return the checks that right implementations fail."""
    found: list[str] = []
    for right in (correct(operation), load_adapter("numpy_reference")):
        probe = _Probe(right, cases, oracle)
        low = operation not in {"masked_loss", "birnn", "stack", "rnn"}
        dtypes = () if low else ("float32",)
        selection = Selection(operations=(operation,), dtypes=dtypes)
        planned = plan(right.declaration, load_operations(), cases, selection)
        found += [
            f"{right.declaration.name}: {check.id}: {finding.verdict.message}"
            for check in planned
            if not check.unsupported and not (finding := probe.finding(check)).passed
        ]
    return found


def _find_idle(
    operations: Iterable[str],
    cases: Mapping[str, Iterable[Case]],
    kills: Mapping[str, tuple[str, ...]],
    there: Sequence[str],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what catches nothing, and what could not be judged here."""
    caught = {item for items in kills.values() for item in items}
    laws: dict[str, str] = {}
    unjudged: set[str] = set()
    idle: list[str] = []
    for name in operations:
        operation = load_operations()[name]
        idle += [case.id for case in cases.get(name, ()) if case.id not in caught]
        own = {f"{name}.{law.name}": law.needs for law in operation.laws}
        for law in own.keys() - caught:
            needs = _NEEDS.get(own[law], "numpy")
            (idle.append if needs in there else unjudged.add)(law)
        laws |= _required_laws(name)
    for law in sorted(laws.keys() - {item.partition(".")[2] for item in caught}):
        needs = _NEEDS.get(laws[law], "numpy")
        (idle.append if needs in there else unjudged.add)(law)
    return tuple(idle), tuple(sorted(unjudged))


def _required_laws(operation: str) -> dict[str, str]:
    """Return the common laws that mutants are held to, and what each needs."""
    declaration = correct(operation).declaration
    planned = plan(declaration, load_operations(), {}, Selection(level="extended"))
    asked = {check.item for check in planned if not check.unsupported}
    own = {law.name for law in load_operations()[operation].laws}
    return {
        law.name: law.needs
        for law in laws_of(load_operations()[operation])
        if law.name not in own and (law.name in asked or law.needs in _NEEDS)
    }


def _is_installed(framework: str) -> bool:
    try:
        load_framework(framework)
    except UsageError:
        return False
    return True


class _Probe:
    """Tells whether a check holds; neither shrinks nor writes."""

    def __init__(
        self,
        adapter: Adapter,
        cases: Mapping[str, Iterable[Case]],
        oracle: Oracle | None,
    ) -> None:
        self._cases = cases
        self._fixtures = Fixtures(adapter, seed=0, oracle=oracle)
        self._by_id = {case.id: case for group in cases.values() for case in group}

    def checks(self, mutant: Mutant) -> list[Check]:
        """Return a mutant's checks, core before robust, those it was made for only."""
        selection = Selection(level="extended", operations=(mutant.operation,))
        declaration = self._fixtures.adapter.declaration
        planned = plan(declaration, load_operations(), self._cases, selection)
        derivatives = {
            law.name
            for law in laws_of(load_operations()[mutant.operation])
            if law.needs in _DERIVATIVES
        }
        names = {"route"} if mutant.kind == "route" else derivatives
        own = [
            check
            for check in planned
            if not check.unsupported
            and (mutant.kind in {"forward", "layer"} or check.item in names)
        ]
        return sorted(own, key=lambda check: check.level != "core")

    def finding(self, check: Check) -> Finding:
        """Return what one attempt at a check came to."""
        if check.case:
            case = self._by_id[f"{check.variant.name}/{check.item}"]
            return judge_case(self._fixtures, check, case)
        effort = Effort(examples=EXAMPLES.get(check.operation, 8), shrinks=False)
        return judge_law(self._fixtures, check, effort)[0]
