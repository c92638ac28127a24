"""Hypothesis looks beyond the grid of generated batches: any shape, any values.

What it finds is handed to the suite's own shrinker and saved as a case file, ready to
be looked at and committed.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, seed, settings

from conformance.adapters.installed import suite_version
from conformance.cases import find_vacuous, load, vocabulary
from conformance.cases.write import answer_cases
from conformance.errors import CaseError
from conformance.operations import load_operations
from conformance.specification.disk import write_text
from conformance.strategies import batches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.cases import Vocabulary
    from conformance.records import Failure
    from conformance.specification.selection import Check
    from conformance.trial.batch import Batch


def draw_batches(
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


def save(check: Check, failure: Failure, folder: Path, *, found: int) -> Path | None:
    """Write what was found as a case file, ready to be committed; return its path.

    The answer is the second oracle's, as in every case. Nothing is written for inputs
    that were cut, or that no case can hold, such as those that only float64 has.

    Args:
        check: The check that found it.
        failure: The smallest input that fails.
        folder: Where the file goes, named ``<operation>.<slug>.json``.
        found: The seed that it was found with.
    """
    if failure.elided or not failure.inputs:
        return None
    draft = _draft(check, failure, f"search, seed {found}")
    raw = {"schema": 1, "operation": check.operation, "cases": [draft]}
    try:
        text, _cases = answer_cases(json.dumps(raw), "what was found", _words())
    except CaseError:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{check.operation}.{draft['slug']}.json"
    write_text(path, text)
    return path


def find_vacuous_cases(path: Path) -> list[str]:
    """Say what of a saved case must be mended before it is committed."""
    return [
        f"its answer is the same with its mask {way}; choose data that padding changes"
        for case in load(path, _words())
        for way in find_vacuous(case)
    ]


def _draft(check: Check, failure: Failure, source: str) -> dict[str, Any]:
    """Return a case without its answer."""
    inputs, weights = dict(failure.inputs), dict[str, dict[str, Any]]()
    for name, array in failure.weights.items():
        direction, _, part = name.partition(".")
        if part:
            weights.setdefault(direction, {})[part] = array
        else:
            inputs[name] = array
    case: dict[str, Any] = {
        "title": f"found by exploring {check.item}",
        "variant": check.variant.name,
        "clause": check.clause,
        "level": check.level,
        "flags": [],
        "inputs": inputs,
        "mask": failure.mask,
    }
    digest = crc32(json.dumps(case, sort_keys=True).encode())
    release = re.match(r"\d+\.\d+\.\d+", suite_version())
    case |= {"source": source, "since": release.group() if release else "0.1.0"}
    case |= {"weights": weights} if weights else {}
    case |= {"control": True} if _is_full(failure.mask) else {}
    return {"slug": f"found-{check.item}-{digest:08x}", **case}


def _is_full(mask: Any) -> bool:
    return all(map(all, mask))


@cache
def _words() -> Vocabulary:
    return vocabulary(load_operations().values())
