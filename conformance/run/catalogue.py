"""List what can be run and what it means, without running anything."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from conformance.adapters.installed import shared_folder, suite_version
from conformance.cases import load_all, read_unchecked, vocabulary
from conformance.errors import UnknownNameError
from conformance.operations import load_operations
from conformance.specification.corpus import resolve_corpus
from conformance.specification.plan import clauses, plan
from conformance.specification.selection import Check, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from conformance.cases import Case
    from conformance.run.settings import Settings
    from conformance.specification import Clause
    from conformance.specification.declaration import Declaration
    from conformance.specification.shard import Shard


def selection(
    *,
    level: str | None = None,
    operations: Iterable[str] = (),
    dtypes: Iterable[str] = (),
    routes: Iterable[str] = (),
    checks: Iterable[str] = (),
    corpus: str | None = None,
    keywords: str | None = None,
) -> Selection:
    """Return the selection of some options.

    A check that is named is found at any level, unless a level is given too.

    Raises:
        UnknownNameError: A level, operation, dtype or route does not exist.
        UsageError: The corpus is not one that this suite has, or the keywords are no
            expression.
    """
    wanted = tuple(operations)
    for name in wanted:
        if name not in load_operations():
            raise UnknownNameError("operation", name, load_operations())
    named = tuple(checks)
    return Selection(
        level=level or ("extended" if named else "robust"),  # type: ignore[arg-type]
        operations=wanted,
        dtypes=tuple(dtypes),
        routes=tuple(routes),
        checks=named,
        corpus=resolve_corpus(corpus or "", suite_version()),
        keywords=keywords or "",
    )


@cache
def cases(operations: tuple[str, ...] = ()) -> dict[str, list[Case]]:
    """Return every case, or those of some operations, by operation."""
    every = load_operations()
    words = vocabulary(every[name] for name in operations or every)
    return _by_operation(load_all(shared_folder("cases"), words, operations))


def _by_operation(cases: Iterable[Case]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(case.operation, []).append(case)
    return found


@cache
def read_cases() -> dict[str, list[Case]]:
    """Return every case by operation, none of them judged: enough to plan with."""
    return _by_operation(read_unchecked(shared_folder("cases")))


def select_cases(
    selected: Selection, functions: Collection[str] | None = None
) -> dict[str, list[Case]]:
    """Return the cases of the operations of which checks may be selected.

    Args:
        selected: What is selected.
        functions: The functions that an adapter has, where only theirs are needed.
    """
    every = load_operations()
    named = tuple(
        name
        for name, operation in every.items()
        if selected.concerns(operation)
        and (functions is None or operation.function in functions)
    )
    return cases() if len(named) in {0, len(every)} else cases(named)


def plan_checks(declaration: Declaration, selected: Selection) -> tuple[Check, ...]:
    """Return the checks that an adapter would get.

    Raises:
        UsageError: Its head pins a corpus that this suite does not have.
    """
    resolve_corpus(declaration.corpus, suite_version())
    return plan(declaration, load_operations(), read_cases(), selected)


def plan_run(declaration: Declaration, settings: Settings) -> tuple[Check, ...]:
    """Return the checks of a run, of all its shards, in the order in which they run.

    Raises:
        UsageError: As `plan_checks`.
    """
    every = plan_checks(declaration, settings.selection)
    if settings.drawn:
        return tuple(each for each in every if not (each.case or each.unsupported))
    return every


def count_offered(checks: Callable[[], Iterable[Check]], shard: Shard) -> int:
    """Return how many checks of a part of a run the adapter offers."""
    return sum(not each.unsupported for each in checks() if shard.holds(each))


def list_checks(declaration: Declaration, selected: Selection) -> tuple[Check, ...]:
    """Return what an adapter would get: its laws, or its cases too where none can run.

    Whether anything runs is told without reading the case files, most of the time.
    """
    laws = plan(declaration, load_operations(), {}, selected)
    if any(not check.unsupported for check in laws):
        return laws
    return plan_checks(declaration, selected)


def all_clauses() -> dict[str, Clause]:
    """Return every clause of every operation, by id."""
    return {
        clause.id: clause
        for operation in load_operations().values()
        for clause in clauses(operation)
    }
