"""What an oracle is, and one that answers the same question only once.

An oracle is a module or an object. What only some operations need of theirs is a
protocol of its own, and asked for with ``hasattr``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

    Options = Mapping[str, str]

LARGE = 8192
"""Positions of a batch beyond which its answer is not kept."""


class Oracle(Protocol):
    """An operation's inputs, exact answer, error bound and derivative, in float64."""

    @property
    def ROWS(self) -> int:  # noqa: N802 - a constant of the modules
        """How many rows a generated batch has."""

    def generate(self, options: Options, draw: Draw, mask: Array) -> dict[str, Array]:
        """Return the inputs for a mask ``[B, T]``, garbage at padding."""

    def answer(self, options: Options, batch: Batch) -> Array:
        """Return the exact answer; 0 where an adapter declares."""

    def bound(self, options: Options, batch: Batch, dtype: str) -> Array:
        """Return how far a right implementation may be from the answer."""

    def gradient(
        self, options: Options, batch: Batch, cotangent: Array
    ) -> dict[str, Array]:
        """Return the derivative through each input and weight."""

    def gradient_bound(
        self, options: Options, batch: Batch, cotangent: Array
    ) -> dict[str, Array]:
        """Return how far it may be off in float64."""


class WeightedOracle(Oracle, Protocol):
    """The oracle of an operation that is given weights."""

    def generate_weights(self, options: Options, draw: Draw) -> dict[str, Array]:
        """Return the weights, by ``forward.kernel`` and the like."""


class BesideOracle(Oracle, Protocol):
    """The oracle of an operation with inputs along another time axis, or none."""

    def generate_beside(
        self, options: Options, draw: Draw, mask: Array
    ) -> dict[str, Array]:
        """Return them for the rows of a mask, each ``[B, S, ...]`` or ``[B, F]``."""


class BarredOracle(Oracle, Protocol):
    """The oracle of an operation that is infinite for some rows of finite numbers."""

    def barred(self, options: Options, batch: Batch) -> Array:
        """Return for which rows, ``[B]``: there infinity is no overflow."""


class EnlargingOracle(Oracle, Protocol):
    """The oracle of an operation some of whose numbers must not be large, or equal."""

    def enlarge(self, options: Options, old: Array, large: Array) -> Array:
        """Return the main input that large values make of the old one."""


class ChoosyOracle(Oracle, Protocol):
    """The oracle of an operation that does not take every number."""

    def allows(self, options: Options, batch: Batch) -> bool:
        """Tell whether a batch may be asked."""


class WeighingOracle(Oracle, Protocol):
    """The oracle of an operation that divides by weights, which may all be zero."""

    def weightless(self, options: Options, batch: Batch) -> Array:
        """Return which rows, ``[B]``, give what an empty one gives."""


class SolvingOracle(Oracle, Protocol):
    """An oracle that gives answer and bound in one pass."""

    def solve(self, options: Options, batch: Batch, dtype: str) -> tuple[Array, Array]:
        """Return the exact answer and its bound."""


class MaskOracle(Oracle, Protocol):
    """The oracle of an operation whose answer is the mask."""

    def formed(self, options: Options, batch: Batch) -> Batch:
        """Return the batch with inputs that say what its mask says."""


class AttendingOracle(Oracle, Protocol):
    """The oracle of an operation whose padded positions may ask, too."""

    def attended(
        self, options: Options, batch: Batch, dtype: str
    ) -> tuple[Array, Array, Array]:
        """Return the answer of all positions, its bound, and which see anything."""


class NormingOracle(Oracle, Protocol):
    """The oracle of a norm, which padded positions may go through as well."""

    def normed(
        self, options: Options, batch: Batch, dtype: str
    ) -> tuple[Array, Array, Array]:
        """Return the answer of all positions, its bound, and that all have one."""


class HoldingOracle(Oracle, Protocol):
    """The oracle of a recurrence, whose state padded positions may hold."""

    def held(
        self, options: Options, batch: Batch, dtype: str
    ) -> tuple[Array, Array, Array]:
        """Return the state at all positions, its bound, and that all have one."""


@dataclass(frozen=True, slots=True)
class CachedOracle:
    """An oracle whose answers are kept: laws, routes and mutants share them.

    Attributes:
        oracle: The oracle.
        answers: What has been answered, by the question's content.
    """

    oracle: Oracle
    answers: dict[Any, tuple[Array, Array]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        """Return what is not remembered as the oracle has it."""
        return getattr(self.oracle, name)

    def solve(
        self, options: Mapping[str, str], batch: Batch, dtype: str
    ) -> tuple[Array, Array]:
        """Return the exact answer of a batch and its error bound in a dtype."""
        if batch.mask.size > LARGE:
            return solve(self.oracle, options, batch, dtype)
        parts = (*batch.inputs.values(), batch.mask, *batch.weights.values())
        # The bytes themselves, not their hash: two batches whose hashes collide would
        # silently be given one answer. What is kept is bounded by LARGE.
        content = tuple((each.shape, each.dtype.str, each.tobytes()) for each in parts)
        key = (dtype, *options.values(), content)
        if key not in self.answers:
            self.answers[key] = solve(self.oracle, options, batch, dtype)
        return self.answers[key]


def solve(
    oracle: Oracle, options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array]:
    """Return an oracle's answer and bound, in one pass where it offers that."""
    if hasattr(oracle, "solve"):
        return cast("SolvingOracle", oracle).solve(options, batch, dtype)
    return oracle.answer(options, batch), oracle.bound(options, batch, dtype)
