"""A batch with its exact answer, the same for all laws, routes and frameworks."""

from __future__ import annotations

import typing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.batch import Batch
from conformance.trial.draw import BASE_TIME, COTANGENTS, Draw, right_mask
from conformance.trial.oracle import solved
from conformance.trial.precision import PRECISIONS, numpy_dtype

if TYPE_CHECKING:
    from conformance.specification import Variant
    from conformance.trial.batch import Array
    from conformance.trial.oracle import (
        AttendingOracle,
        MaskOracle,
        Oracle,
        WeightedOracle,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A batch in one dtype with its exact answer: the question that a law asks.

    Attributes:
        oracle: The operation's oracle.
        variant: The variant.
        dtype: The dtype of the batch's floating arrays.
        batch: The inputs.
        empty: What the adapter declares for an empty row; None leaves it open.
        padding: What the adapter declares at padding of its answer, likewise.
        seed: The run's seed.
        turn: Which of the generated batches it comes from.
    """

    oracle: Oracle
    variant: Variant
    dtype: str
    batch: Batch
    empty: str | None = None
    padding: str | None = None
    seed: int = 0
    turn: int = 0
    _answers: dict[str, Array] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Encode the mask into the inputs where the operation computes the mask."""
        if self.variant.makes_mask:
            # Such an operation takes no mask: its inputs must have one to be found, and
            # batches are drawn, padded and shrunk by their mask like all others.
            oracle = typing.cast("MaskOracle", self.oracle)
            formed = oracle.formed(self.variant.options, self.batch)
            object.__setattr__(self, "batch", formed)

    @property
    def want(self) -> Array:
        """The exact answer in float64."""
        if "want" not in self._answers:
            self._solve()
        return self._answers["want"]

    @property
    def allowed(self) -> Array:
        """The error bound of each element; infinite where nothing is specified."""
        if "allowed" not in self._answers:
            self._solve()
        return self._answers["allowed"]

    @property
    def solvable(self) -> bool:
        """Whether the batch has an exact answer: a shrunk one may be malformed.

        Shrinking knows arrays, not operations: it may cut a class off the logits while
        a label still names it, or leave an axis with nothing in it.
        """
        try:
            self._solve()
        except (ValueError, IndexError):
            return False
        return True

    def having(self, batch: Batch) -> Sample:
        """Return a sample with another batch and its own exact answer."""
        return replace(self, batch=batch, _answers={})

    def alike(self, batch: Batch) -> Sample:
        """Return a sample with other padding in the same places, and the same answer.

        The answer is computed again where padding shows in it: where the adapter keeps
        it, lets padded queries attend, or averages all positions of an empty row.
        """
        shows = self.padding in {"kept", "attend"} or self.empty == "uniform"
        declared = self.variant.padding == "declared"
        return self.having(batch) if declared and shows else replace(self, batch=batch)

    def rows(self, order: Array) -> Sample:
        """Return the same rows in another order, their answers with them."""
        # The answers move with the rows instead of being computed again, which is what
        # makes the law on a batch's order independent of the oracle's own order. A sum
        # over the batch has no rows to move, and of a batch norm, which couples its
        # rows, the rounding depends on their order.
        moved = self.having(self.batch.take(order))
        coupled = getattr(self.oracle, "COUPLED", False)
        if self.variant.result != "scalar" and not coupled:
            moved._answers.update(  # noqa: SLF001 - its own class
                want=self.want[order], allowed=self.allowed[order]
            )
        return moved

    def draw(self, name: str) -> Draw:
        """Return random choices for one purpose, the same at every call."""
        return Draw(self.seed, f"{self.variant.name}/{name}", self.turn)

    def cotangent(self, name: str = "cotangent") -> Array:
        """Return a random cotangent of the answer's shape, no element zero.

        It is zero at padding where each adapter declares what stands there: padding of
        the answer then asks for nothing, and no gradient may come of it.
        """
        shape = self.want.shape
        drawn = self.draw(name).rows_of(COTANGENTS, shape or (1,)).reshape(shape)
        if self.variant.padding == "declared":
            drawn = np.where(self.valid, drawn, 0.0)
        return drawn

    @property
    def valid(self) -> Array:
        """Where an answer with a time axis stands at a valid position."""
        return self._at_valid(self.want)

    @property
    def counted(self) -> Array:
        """Which positions of an answer with a time axis count, ``[B, T]`` or shorter.

        They are the valid ones, unless the operation has its own idea of them.
        """
        counted = getattr(self.oracle, "counted", None)
        if counted is None:
            return self.batch.mask
        return np.asarray(counted(self.variant.options, self.batch))

    def _at_valid(self, answer: Array) -> Array:
        mask = self.counted
        wide = mask.reshape(mask.shape + (1,) * (answer.ndim - 2))
        return np.broadcast_to(wide, answer.shape)

    def answered(self, derivative: Array) -> Array:
        """Return a derivative, zero in rows too short for an answer of their own."""
        counts = self.batch.counts
        short = (counts > 0) & (counts < self.variant.least)
        if not short.any():
            return derivative
        return np.where(
            short.reshape((-1,) + (1,) * (derivative.ndim - 1)), 0, derivative
        )

    def gradient(self, cotangent: Array) -> dict[str, Array]:
        """Return the exact derivative by input name, and by weight where it has any."""
        found = self.oracle.gradient(self.variant.options, self.batch, cotangent)
        return dict(found)

    def gradient_bound(self, cotangent: Array) -> dict[str, Array]:
        """Return the derivative's error bound in float64."""
        found = self.oracle.gradient_bound(self.variant.options, self.batch, cotangent)
        return dict(found)

    def _solve(self) -> None:
        options = self.variant.options
        with np.errstate(all="ignore"):  # wild values overflow; the verdict shows it
            both = solved(self.oracle, options, self.batch, self.dtype)
            want, allowed = map(np.asarray, both)
        allowed = self._holds(want, allowed)
        if self.variant.padding == "declared":
            want, allowed = self._padded(want, allowed)
        empty = self.batch.counts < self.variant.least
        if self.variant.empty == "declared" and empty.any():
            want, allowed = self._declared(want, allowed, empty)
        self._answers.update(want=want, allowed=allowed)

    def _holds(self, want: Array, allowed: Array) -> Array:
        """Return the bound: what the dtype cannot hold is not asked for."""
        largest = PRECISIONS[self.dtype].largest
        # An overflow is right there, and so is the largest number: rounding decides.
        return np.where(np.abs(want) + allowed > largest, np.inf, allowed)

    def _padded(self, want: Array, allowed: Array) -> tuple[Array, Array]:
        """Put what the adapter declares at padding."""
        stands, error = np.zeros(want.shape), np.zeros(want.shape)
        if self.padding is None:
            error += np.inf
        elif self.padding == "kept":
            # In the input's own dtype: what is kept is the bits.
            stands = np.asarray(next(iter(self.batch.arrays.values())), np.float64)
        elif self.padding == "negative-infinity":
            stands -= np.inf
        elif self.padding == "no-tag":
            stands -= 1
        elif self.padding == "attend":
            stands, error = self._attended()
        elif self.padding == "empty-row":
            stands, error = self._nothing(want)
        return (
            np.where(self._at_valid(want), want, stands),
            np.where(self._at_valid(want), allowed, error),
        )

    def _attended(self) -> tuple[Array, Array]:
        """Return what padded queries get that attend as if they were none."""
        options = self.variant.options
        with np.errstate(all="ignore"):
            oracle = typing.cast("AttendingOracle", self.oracle)
            want, allowed, sees = oracle.attended(options, self.batch, self.dtype)
        allowed = self._holds(want, allowed)
        nothing, error = self._nothing(want)
        return np.where(sees, want, nothing), np.where(sees, allowed, error)

    def _declared(
        self, want: Array, allowed: Array, empty: Array
    ) -> tuple[Array, Array]:
        """Put what the adapter declares where a row has no valid position."""
        if self.variant.result == "scalar":
            where = np.asarray(empty.all())
        else:
            where = empty.reshape(empty.shape + (1,) * (want.ndim - 1))
        nothing, error = self._nothing(want)
        return np.where(where, nothing, want), np.where(where, error, allowed)

    def _nothing(self, like: Array) -> tuple[Array, Array]:
        """Return what the adapter declares that comes of nothing, and its bound."""
        if self.empty in {None, "skip", "error"}:
            return np.zeros(like.shape), np.full(like.shape, np.inf)
        if self.empty == "uniform":
            return self._uniform(like)
        value = {
            "nan": np.nan,
            "negative-infinity": -np.inf,
            "infinity": np.inf,
            "no-tag": -1.0,
        }.get(str(self.empty), 0.0)
        return np.full(like.shape, value), np.zeros(like.shape)

    def _uniform(self, like: Array) -> tuple[Array, Array]:
        """Return what equal weights of all positions give, padding included."""
        if hasattr(self.oracle, "uniform"):
            options = self.variant.options
            with np.errstate(all="ignore"):
                want, allowed = self.oracle.uniform(options, self.batch, self.dtype)
            return want, self._holds(want, allowed)
        # exp(x - M) of equal fill values, over all T positions of the row. The bound is
        # four roundings of bfloat16 (u = 2**-8) in every dtype: a declared behaviour
        # is to be recognised, not measured, and no other one comes near 1 / T.
        share = 1.0 / max(self.batch.time, 1)
        return np.full(like.shape, share), np.full(like.shape, 4 * 2.0**-8 * share)


def cast(batch: Batch, dtype: str) -> Batch:
    """Return the batch with its floating arrays and weights rounded to ``dtype``."""
    wanted = numpy_dtype(dtype)

    def convert(array: Array) -> Array:
        if array.dtype.kind in "biu":
            return array
        with np.errstate(over="ignore"):
            return np.asarray(array, dtype=wanted)

    arrays = {name: convert(array) for name, array in batch.arrays.items()}
    weights = {name: convert(array) for name, array in batch.weights.items()}
    return replace(batch, arrays=arrays, weights=weights)


def generate(
    oracle: Oracle,
    variant: Variant,
    *,
    seed: int,
    turn: int,
    time: int = BASE_TIME,
    rows: int | None = None,
) -> Batch:
    """Return the batch that a seed gives for one variant, in float64.

    Every framework, dtype and route sees the same rows; a layer's weights depend on
    the seed and the variant, not on the turn, so that it is built once.
    """
    options = variant.options
    draw = Draw(seed, f"{variant.name}/batch", turn)
    mask = right_mask(draw, rows or oracle.ROWS, time)
    arrays = oracle.generate(options, draw, mask)
    weights = {}
    if hasattr(oracle, "generate_weights"):
        weights = typing.cast("WeightedOracle", oracle).generate_weights(
            options, Draw(seed, f"{variant.name}/weights")
        )
    return Batch(arrays=arrays, mask=mask, weights=weights)
