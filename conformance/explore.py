"""Hypothesis looks beyond the grid of generated batches: any shape, any values.

What it finds is handed to the suite's own shrinker and saved as a case file, ready to
be looked at and committed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings

from conformance.cases import Case, encoded, exact_answer
from conformance.strategies import batches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.batch import Batch
    from conformance.results import Failure
    from conformance.selection import Check


def drawn(
    variant: str,
    *,
    examples: int,
    seed_: int,
    times: Sequence[int],
    max_rows: int,
) -> list[Batch]:
    """Return the batches that Hypothesis draws for one variant, in float64.

    Drawing is what takes longest: each law and dtype would draw the same ones again.

    Args:
        variant: The variant's name.
        examples: How many batches to draw.
        seed_: The same seed draws the same batches.
        times: How many positions rows may have.
        max_rows: The most rows.
    """
    found: list[Batch] = []

    @seed(seed_)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(
        batches(variant, dtype="float64", times=times, max_rows=max_rows, quick=True)
    )
    def probe(batch: Batch) -> None:
        found.append(batch)

    probe()
    return found


def save(check: Check, failure: Failure, folder: Path) -> Path | None:
    """Write what was found as a case file and return its path.

    The answer is the second oracle's, as in every case; nothing is written for inputs
    that were cut.
    """
    if failure.elided or not failure.inputs:
        return None
    case: dict[str, Any] = {
        "title": f"found by exploring {check.item}",
        "variant": check.variant.name,
        "clause": check.clause,
        "level": check.level,
        "flags": [],
        "source": "article",
        "since": "0.1.0",
        "inputs": failure.inputs,
        "mask": failure.mask,
    }
    if failure.weights:
        weights: dict[str, dict[str, Any]] = {}
        for name, array in failure.weights.items():
            direction, _, part = name.partition(".")
            if part:
                weights.setdefault(direction, {})[part] = array
            else:
                case["inputs"] = {**case["inputs"], name: array}
        if weights:
            case["weights"] = weights
    digest = crc32(json.dumps(case, sort_keys=True).encode())
    case = {"slug": f"found-{check.item}-{digest:08x}", **case}
    asked = msgspec.convert({**case, "want": 0}, Case)
    case["want"] = encoded(exact_answer(asked))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case['slug']}.json"
    file = {"schema": 1, "operation": check.operation, "cases": [case]}
    path.write_text(json.dumps(file, indent=1) + "\n", encoding="utf-8")
    return path
