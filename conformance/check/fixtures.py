"""The fixtures that checks of one variant share: batches, exact answers, subjects.

One batch serves all laws, dtypes and routes, and one subject all checks of a dtype
and route, so that a function is built and compiled once.

Checks run variant by variant (see ``specification.plan``), so each cache below is
emptied when the next variant asks: a run's memory does not grow with its length.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.operations import load_operations, load_oracle
from conformance.trial.draw import LADDER
from conformance.trial.frameworks import load_framework
from conformance.trial.granted import grant
from conformance.trial.oracle import CachedOracle
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter
    from conformance.trial.batch import Batch
    from conformance.trial.frameworks import Framework
    from conformance.trial.oracle import Oracle


LAYERS = 4
"""Distinct layers among explored batches, where each layer is compiled anew.

TensorFlow's ``birnn`` and ``stack`` took 37 instead of 51 seconds of CPU time at core.
"""


class Fixtures:
    """Samples and subjects of one adapter, those of one variant at a time.

    Args:
        adapter: The loaded adapter.
        seed: What generated batches depend on.
        oracle: The oracle of every check, where adapters share one; by default each
            operation's own.
    """

    def __init__(
        self, adapter: Adapter, seed: int, oracle: Oracle | None = None
    ) -> None:
        self.adapter = adapter
        self.seed = seed
        self._shared = oracle
        self._subjects: dict[tuple[str, str, str], Subject] = {}
        self._batches: dict[tuple[str, int], Batch] = {}
        self._samples: dict[tuple[str, str, int], Sample] = {}
        self._explored: dict[tuple[str, str], list[Sample]] = {}
        self._found: dict[str, list[Batch]] = {}
        self._oracles: dict[str, Oracle] = {}

    @cached_property
    def framework(self) -> Framework:
        """The adapter's framework, imported when it is first needed."""
        return load_framework(self.adapter.declaration.framework)

    def forget(self) -> None:
        """Forget every batch, as before another seed; what was compiled stays."""
        for kept in (self._batches, self._samples, self._explored, self._found):
            kept.clear()
        self._oracles.clear()

    def turn(self, check: Check, turn: int, rows: int | None = None) -> Sample:
        """Return one of the generated samples of a check's variant and dtype.

        A sample with a given number of rows is made anew for each law and not kept, so
        that memory does not grow with the number of examples.
        """
        if rows is not None:
            oracle, variant = load_oracle(check.operation), check.variant
            batch = generate(oracle, variant, seed=self.seed, turn=turn, rows=rows)
            return self.sample(check, self.grant(check, batch), turn, oracle)
        key = (check.variant.name, check.dtype, turn)
        if key not in self._samples:
            if self._samples and next(iter(self._samples))[:2] != key[:2]:
                self._samples.clear()
            batch = self.grant(check, self._batch(check, turn))
            self._samples[key] = self.sample(check, batch, turn)
        return self._samples[key]

    def explore(self, check: Check, examples: int) -> list[Sample]:
        """Return samples of any shape that Hypothesis draws, once for all laws."""
        key = (check.variant.name, check.dtype)
        if key not in self._explored:
            self._explored.clear()
            batches = self._draw(check.variant.name, examples)
            self._explored[key] = [
                self.sample(check, self.grant(check, batch), 0) for batch in batches
            ]
        return self._explored[key]

    def grant(self, check: Check, batch: Batch) -> Batch:
        """Return a batch with what the adapter requires, as far as it can be had."""
        required = self.adapter.declaration.required(check.variant.name)
        return grant(batch, required)

    def _draw(self, variant: str, examples: int) -> list[Batch]:
        """Return the batches that Hypothesis draws for a variant, for all dtypes."""
        from conformance.check.explore import draw_batches

        if variant not in self._found:
            self._found.clear()
            # Every new shape is compiled anew: few where that is the way to run.
            quick = self.adapter.declaration.primary == "eager"
            found = draw_batches(
                variant,
                examples=examples,
                seed_=self.seed,
                times=(1, 2, 3, 4, 5) if quick else LADDER[:3],
                max_rows=3 if quick else 2,
            )
            self._found[variant] = found if quick else _few_layers(found)
        return self._found[variant]

    def sample(
        self, check: Check, batch: Batch, turn: int, oracle: Oracle | None = None
    ) -> Sample:
        """Return a batch as the check's sample, with dtype and declared behaviour."""
        declaration, variant = self.adapter.declaration, check.variant.name
        return Sample(
            oracle=oracle or self.oracle(check),
            variant=check.variant,
            dtype=check.dtype,
            batch=cast(batch, check.dtype),
            empty=declaration.empty_row(variant),
            padding=declaration.at_padding(variant),
            seed=self.seed,
            turn=turn,
        )

    def oracle(self, check: Check) -> Oracle:
        """Return the check's oracle, which computes each answer only once."""
        if self._shared is not None:
            return self._shared
        name = check.variant.name
        if name not in self._oracles:
            self._oracles.clear()
            self._oracles[name] = CachedOracle(load_oracle(check.operation))
        return self._oracles[name]

    def subject(self, check: Check) -> Subject:
        """Return the subject of a check, in its dtype and by its route."""
        key = (check.variant.name, check.dtype, check.route)
        if key not in self._subjects:
            if self._subjects and next(iter(self._subjects))[0] != key[0]:
                self._subjects.clear()
            self._subjects[key] = Subject(
                self.adapter,
                self.framework,
                load_operations()[check.operation],
                check.variant,
                dtype=check.dtype,
                route=check.route,
            )
        return self._subjects[key]

    def _batch(self, check: Check, turn: int) -> Batch:
        key = (check.variant.name, turn)
        if key not in self._batches:
            if self._batches and next(iter(self._batches))[0] != key[0]:
                self._batches.clear()
            oracle = load_oracle(check.operation)
            self._batches[key] = generate(
                oracle, check.variant, seed=self.seed, turn=turn
            )
        return self._batches[key]


def _few_layers(batches: list[Batch]) -> list[Batch]:
    """Return the batches with the weights of the first few, by turns."""
    few = [batch.weights for batch in batches[:LAYERS]]
    return [
        replace(batch, weights=few[index % len(few)])
        for index, batch in enumerate(batches)
    ]
