"""The smallest inputs of known differences, replayed before anything else is drawn.

A recorded difference is then seen at once, on the input that a person has looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.cases import Case
from conformance.cases.validate import find_unfit
from conformance.errors import KnownError
from conformance.operations import load_exact, load_operations
from conformance.records import parse_check
from conformance.specification.plan import laws_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.gate import KnownEntry
    from conformance.records import CheckId


def smallest_cases(entries: Iterable[KnownEntry]) -> list[tuple[KnownEntry, Case]]:
    """Return the inputs that entries of laws record, as cases without an answer.

    A case's slug is the law, so that variant and slug say which checks it shows.

    Raises:
        KnownError: An entry's input does not fit the check that it is said to show.
    """
    found = []
    for entry in entries:
        told = entry.smallest or {}
        if "check" in told and "mask" in told:
            check = parse_check(told["check"])
            if _law(entry, check):
                found.append((entry, _case(entry, check, told)))
    return found


def _law(entry: KnownEntry, check: CheckId) -> bool:
    """Tell whether the check is a law: a case has its own input."""
    operation = load_operations().get(check.operation)
    variants = {each.name: each for each in operation.variants} if operation else {}
    if operation is None or check.variant not in variants:
        raise _error(entry, "check", f"there is no variant {check.variant}")
    laws = laws_of(operation, variants[check.variant])
    return check.item in {law.name for law in laws}


def _case(entry: KnownEntry, check: CheckId, told: Mapping[str, Any]) -> Case:
    weights: dict[str, dict[str, Any]] = {}
    inputs = dict(told.get("inputs", {}))
    for name, array in told.get("weights", {}).items():
        direction, _, part = name.partition(".")
        if part:
            weights.setdefault(direction, {})[part] = array
        else:
            inputs[name] = array
    case = Case(
        slug=check.item,
        title="the smallest input of a known difference",
        variant=check.variant,
        clause=f"{check.operation}.{check.item}",
        level="extended",
        source="article",
        since="0.1.0",
        inputs=inputs,
        mask=told["mask"],
        weights=weights,
        want=0.0,
    )
    variants = load_operations()[check.operation].variants
    options = next(each.options for each in variants if each.name == check.variant)
    for field, got, wanted in find_unfit(
        case, load_exact(check.operation).axes(options)
    ):
        raise _error(entry, field, f"got {got}, expected {wanted}")
    return case


def _error(entry: KnownEntry, field: str, what: str) -> KnownError:
    msg = (
        f"{entry.file}, entry {entry.number}, field smallest.{field}: {what}; write it "
        "again with `mask-conformance known ADAPTER --update`, or leave smallest out"
    )
    return KnownError(msg)
