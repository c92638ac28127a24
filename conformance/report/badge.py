"""A badge for each adapter, as shields.io reads it from an endpoint.

The message carries the meaning; the colour only repeats it. The format is described
at https://shields.io/badges/endpoint-badge.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.report.columns import Column
    from conformance.report.count import Tally


def badge(column: Column, tally: Tally) -> str:
    """Return the endpoint's JSON: passed of all that ran, never a percentage."""
    known, new = tally.bad - tally.new, tally.new
    parts = [f"{tally.outcomes['passed']}/{tally.ran}"]
    parts += [f"{known} known"] if known else []
    parts += [f"{new} new"] if new else []
    parts += [f"{len(column.stale)} stale"] if column.stale else []
    parts += ["incomplete"] if column.incomplete else []
    parts += [column.part] if column.part else []
    content: dict[str, object] = {
        "schemaVersion": 1,
        "label": "mask conformance",
        "message": ", ".join(parts),
        "color": "red" if new or column.stale else "blue",
    }
    if column.incomplete:
        content |= {"isError": True, "color": "lightgrey"}
    elif content["color"] == "blue" and column.part:
        # What was not asked may be worse than what was.
        content["color"] = "lightgrey"
    elif content["color"] == "blue" and not known:
        content["color"] = "brightgreen"
    return json.dumps(content, allow_nan=False, indent=2) + "\n"
