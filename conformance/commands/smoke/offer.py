"""What an adapter offers, by function: what `smoke` tries."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check


def list_offer(declaration: Declaration) -> dict[str, list[Check]]:
    """Return a check of each variant and dtype on the primary route, by function."""
    found: dict[str, list[Check]] = defaultdict(list)
    for check in catalogue.plan_checks(declaration, Selection(level="extended")):
        primary = check.item == "value" and check.route == declaration.primary
        if primary and not check.unsupported:
            function = load_operations()[check.operation].function
            found[function].append(check)
    return dict(found)
