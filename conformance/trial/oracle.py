"""An oracle that answers the same question once, however often it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

LARGE = 8192
"""Positions of a batch beyond which its answer is not kept."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An oracle module whose answers are kept: laws, routes and mutants share them.

    Attributes:
        oracle: The module.
        answers: What has been answered, by the question's content.
    """

    oracle: Any
    answers: dict[Any, tuple[Array, Array]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        """Return what is not remembered as the module has it."""
        return getattr(self.oracle, name)

    def solved(
        self, options: Mapping[str, str], batch: Batch, dtype: str
    ) -> tuple[Array, Array]:
        """Return the exact answer of a batch and its error bound in a dtype."""
        if batch.mask.size > LARGE:
            return solved(self.oracle, options, batch, dtype)
        parts = (*batch.arrays.values(), batch.mask, *batch.weights.values())
        # The bytes themselves, not their hash: two batches whose hashes collide would
        # silently be given one answer. What is kept is bounded by LARGE.
        content = tuple((each.shape, each.dtype.str, each.tobytes()) for each in parts)
        key = (dtype, *options.values(), content)
        if key not in self.answers:
            self.answers[key] = solved(self.oracle, options, batch, dtype)
        return self.answers[key]


def solved(
    oracle: Any, options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array]:
    """Return an oracle's answer and bound, in one pass where it offers that."""
    if hasattr(oracle, "solved"):
        both: tuple[Array, Array] = oracle.solved(options, batch, dtype)
        return both
    return oracle.answer(options, batch), oracle.bound(options, batch, dtype)
