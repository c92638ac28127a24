"""Say what a green run was not asked, so that nobody reads more into it.

The text comes from the plan of the next level: a law that moves to another level moves
here too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification import LEVELS
from conformance.specification.plan import laws_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check, Selection

NAMED = 3
"""Variants that are named where a law is asked of some only."""


def describe_next_level(declaration: Declaration, selected: Selection) -> str:
    """Return what the next level adds for an adapter, as one sentence.

    Args:
        declaration: What the adapter declares: what it cannot be asked is left out.
        selected: What it was asked.

    Returns:
        An empty text at the last level, and for a run that was asked for a part only.
    """
    rest = LEVELS[LEVELS.index(selected.level) + 1 :]
    if not rest or selected.partial:
        return ""
    later = replace(selected, level=rest[0])
    checks = [
        check
        for check in catalogue.plan_checks(declaration, later)
        if not check.unsupported
    ]
    asked = [check for check in checks if selected.takes(check)]
    left = [check for check in checks if not selected.takes(check)]
    subjects = [*_name_laws(asked, left), *_name_forms(asked, left)]
    if not left:
        return ""
    more = f"`--level {later.level}` asks {len(left):,} more checks"
    if not subjects:
        return f"not all at {selected.level}: {more}"
    return f"not asked at {selected.level}: {'; '.join(subjects)}. {more}"


def _name_laws(asked: Sequence[Check], left: Sequence[Check]) -> list[str]:
    """Return what the laws are about that some variant was not asked at all."""
    subjects: dict[str, str] = {}
    for operation in load_operations().values():
        for law in laws_of(operation):
            subjects.setdefault(law.name, law.about or law.name)
    names = []
    for item, subject in subjects.items():
        before = _variants(asked, item)
        if _variants(left, item) <= before:
            continue
        names.append(subject + (f", except {_list_few(before)}" if before else ""))
    return list(dict.fromkeys(names))


def _name_forms(asked: Sequence[Check], left: Sequence[Check]) -> list[str]:
    """Return the dtypes and routes on which nothing was asked but what needs them."""
    laws = {check.item for check in asked if not check.case}
    forms = []
    for kind in ("dtype", "route"):
        seen = {getattr(check, kind) for check in asked if check.item == "value"}
        new = {getattr(check, kind) for check in left if check.item in laws} - seen
        forms += [", ".join(sorted(new))] if new else []
    return forms


def _variants(checks: Iterable[Check], item: str) -> set[str]:
    return {
        check.variant.name for check in checks if check.item == item and not check.case
    }


def _list_few(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = len(listed) - NAMED
    return ", ".join(listed[:NAMED]) + (f" and {more} more" if more > 0 else "")
