"""A wrong adapter run until it fails, and what is said of it then."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.check.diagnosis import open_search
from conformance.check.diagnosis.questions import Question
from conformance.check.diagnosis.sentence import sentence
from conformance.check.fixtures import Fixtures
from conformance.check.law import Effort, judge_law
from conformance.check.mutants import correct
from conformance.check.name import TRIES, VARIANTS
from conformance.operations import load_operations, load_oracle
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.draw import Draw
from conformance.trial.sample import cast, generate

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.check.diagnosis.search import MistakeSearch
    from conformance.trial.adapter import Adapter

SEEDS = range(3)
GRADIENTS = {"gradient", "wild-gradient"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said of an adapter.

    Attributes:
        check: The check that failed and was named; the first that failed if none was;
            empty where none failed.
        text: The diagnosis.
        holds: Whether all that it names gives the adapter's answers on batches that
            were not asked about.
    """

    check: str = ""
    text: str = ""
    holds: bool = True


def fresh(adapter: Adapter, **declared: Any) -> Adapter:
    """Return an adapter as one writes it first: right padding, nothing declared."""
    plain = {
        "placements": ("right",),
        "mask_forms": ("bool",),
        "empty": {},
        "padding": {},
        "zero_time": {},
        "zero_batch": {},
        "subnormals": {},
        "routes": ("eager",),
    }
    declaration = replace(adapter.declaration, **{**plain, **declared})
    return replace(adapter, declaration=declaration)


def wrong(operation: str, function: Callable[..., Any], **declared: Any) -> Adapter:
    """Return a function as a fresh adapter for one operation."""
    right = correct(operation)
    (name,) = right.declaration.functions
    return fresh(replace(right, functions={name: function}), **declared)


def said_of(adapter: Adapter, operation: str, dtype: str = "float32") -> Said:
    """Run an adapter's checks in their order, and return what a failure is called."""
    chosen = Selection(operations=(operation,), dtypes=(dtype,), level="robust")
    checks = plan(adapter.declaration, load_operations(), {}, chosen)
    fixtures, found = Fixtures(adapter, 0), Said()
    failed: Counter[str] = Counter()
    for check in checks:
        if check.unsupported or check.item in GRADIENTS:
            continue
        if failed[check.variant.name] >= TRIES:
            continue
        finding, _ = judge_law(fixtures, check, Effort(patience=1.0))
        batch = finding.verdict.batch
        if finding.passed or batch is None:
            continue
        found = found if found.check else Said(check=check.id)
        search = open_search(fixtures.subject(check), [batch])
        if finding.errored:
            mistakes, finite = search.raising(), False
        else:
            mistakes, finite = search.explain(
                thorough=not failed[check.variant.name] and len(failed) <= VARIANTS
            )
        if text := sentence(mistakes, finite=finite):
            holds = all(_holds(search, each, check.variant) for each in mistakes)
            return Said(check=check.id, text=text, holds=holds)
        failed[check.variant.name] += 1
    return found


def _holds(search: MistakeSearch, mistake: Any, variant: Any) -> bool:
    oracle = load_oracle(variant.operation)
    for seed in SEEDS:
        batch = generate(oracle, variant, seed=31 + seed, turn=2 * seed)
        if not variant.makes_mask:
            # Padding of ordinary size: under garbage a wrong softmax is its rounding.
            draw = Draw(31 + seed, "held out", 2 * seed)
            full = np.ones_like(batch.mask)
            batch = replace(batch, arrays=oracle.generate(variant.options, draw, full))
        asked = search.ask(Question(batch=cast(batch, mistake.formula.dtype)))
        said = asked.answer(mistake)
        if said is None or not asked.judge.same(asked.got, said):
            return False
    return True
