"""A badge for each adapter, as shields.io reads it from an endpoint.

The message carries the meaning; the colour only repeats it. The format is described
at https://shields.io/badges/endpoint-badge.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.gate import judge

if TYPE_CHECKING:
    from conformance.results import Run


def badge(run: Run) -> str:
    """Return the endpoint's JSON: passed of all that ran, never a percentage."""
    judged = judge(run)
    counts = run.counts
    ran = counts["passed"] + counts["failed"] + counts["errored"] + counts["not_run"]
    parts = [f"{counts['passed']}/{ran}"]
    parts += [f"{len(judged.known)} known"] if judged.known else []
    parts += [f"{len(judged.new)} new"] if judged.new else []
    parts += [f"{len(judged.stale)} stale"] if judged.stale else []
    parts += ["incomplete"] if judged.incomplete else []
    content: dict[str, object] = {
        "schemaVersion": 1,
        "label": "mask conformance",
        "message": ", ".join(parts),
        "color": "red" if judged.new or judged.stale else "blue",
    }
    if judged.incomplete:
        content |= {"isError": True, "color": "lightgrey"}
    elif content["color"] == "blue" and not judged.known:
        content["color"] = "brightgreen"
    return json.dumps(content, allow_nan=False, indent=2) + "\n"
