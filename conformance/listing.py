"""What can be run and what it means, without running anything."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from conformance import loading
from conformance.cases import load_all, vocabulary
from conformance.corpus import pinned
from conformance.errors import UnknownNameError
from conformance.plan import clauses, plan
from conformance.results import parse_check
from conformance.selection import Check, Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.adapter import Declaration
    from conformance.cases import Case
    from conformance.specification import Clause


def selection(
    *,
    level: str | None = None,
    operations: Iterable[str] = (),
    dtypes: Iterable[str] = (),
    routes: Iterable[str] = (),
    checks: Iterable[str] = (),
    corpus: str | None = None,
) -> Selection:
    """Return the selection of some options.

    A check that is named is found at any level, unless a level is given too.

    Raises:
        UnknownNameError: A level, operation, dtype or route does not exist.
        UsageError: The corpus is not one that this suite has.
    """
    wanted = tuple(operations)
    for name in wanted:
        if name not in loading.operations():
            raise UnknownNameError("operation", name, loading.operations())
    named = tuple(checks)
    return Selection(
        level=level or ("extended" if named else "robust"),  # type: ignore[arg-type]
        operations=wanted,
        dtypes=tuple(dtypes),
        routes=tuple(routes),
        checks=named,
        corpus=pinned(corpus or "", loading.version()),
    )


@cache
def cases() -> dict[str, list[Case]]:
    """Return every case, by operation."""
    found: dict[str, list[Case]] = {}
    for case in load_all(
        loading.shared("cases"), vocabulary(loading.operations().values())
    ):
        found.setdefault(case.operation, []).append(case)
    return found


def planned(declaration: Declaration, selected: Selection) -> tuple[Check, ...]:
    """Return the checks that an adapter would get.

    Raises:
        UsageError: Its head pins a corpus that this suite does not have.
    """
    pinned(declaration.corpus, loading.version())
    return plan(declaration, loading.operations(), cases(), selected)


def asked(declaration: Declaration, selected: Selection) -> tuple[Check, ...]:
    """Return what an adapter would get: its laws, or its cases too where none can run.

    Whether anything runs is told without reading the case files, most of the time.
    """
    laws = plan(declaration, loading.operations(), {}, selected)
    if any(not check.unsupported for check in laws):
        return laws
    return planned(declaration, selected)


def every_clause() -> dict[str, Clause]:
    """Return every clause of every operation, by id."""
    return {
        clause.id: clause
        for operation in loading.operations().values()
        for clause in clauses(operation)
    }


def explained(name: str) -> str:
    """Return what a clause asks for, why, and which cases hold it.

    Args:
        name: A clause such as ``masked_mean.value``, or a check's id.

    Raises:
        UnknownNameError: There is no such clause, case or law.
    """
    found = every_clause()
    case: Case | None = None
    if "/" in name:
        check = parse_check(name)
        case = next(
            (c for c in cases().get(check.operation, ()) if c.slug == check.item), None
        )
        name = case.clause if case else f"{check.operation}.{check.item}"
    if name not in found:
        raise UnknownNameError("clause", name, found)
    clause = found[name]
    operation = loading.operations()[clause.operation]
    lines = [
        f"{clause.id} ({operation.number}.{clause.number}, level {clause.level})",
        "",
        clause.text,
        f"It catches {clause.why}.",
        "",
        f"{operation.title}: {operation.signature}",
        f"exact answer: {operation.formula}",
        f"error bound: {operation.bound}",
    ]
    held = [each for each in cases().get(clause.operation, ()) if each.clause == name]
    if case is not None:
        lines += ["", f"this case: {case.title} ({case.source})"]
    elif held:
        lines += ["", "cases:"]
        lines += [f"  {each.id}  {each.title} ({each.source})" for each in held]
    return "\n".join(lines)
