"""A batch with its exact answer, the same for all laws, routes and frameworks."""

from __future__ import annotations

import typing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.batch import Batch
from conformance.trial.declared import exact, within_range
from conformance.trial.draw import BASE_TIME, COTANGENTS, Draw, draw_right_mask
from conformance.trial.exact import IN_RANGE, Exact, at_the_edge, both, elsewhere
from conformance.trial.precision import numpy_dtype
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from conformance.specification import Variant
    from conformance.trial.batch import Array
    from conformance.trial.exact import Clauses
    from conformance.trial.oracle import (
        BesideOracle,
        ChoosyOracle,
        MaskOracle,
        Oracle,
        WeightedOracle,
    )
    from conformance.trial.verdict import Verdict


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
    _answers: dict[str, Exact] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Encode the mask into the inputs where the operation computes the mask."""
        if self.variant.makes_mask:
            # Such an operation takes no mask: its inputs must have one to be found, and
            # batches are drawn, padded and shrunk by their mask like all others.
            oracle = typing.cast("MaskOracle", self.oracle)
            formed = oracle.formed(self.variant.options, self.batch)
            object.__setattr__(self, "batch", formed)

    @property
    def exact(self) -> Exact:
        """The exact answer, its bound, and what is not judged."""
        if "exact" not in self._answers:
            self._answers["exact"] = exact(self)
        return self._answers["exact"]

    @property
    def want(self) -> Array:
        """The exact answer in float64."""
        return self.exact.want

    @property
    def allowed(self) -> Array:
        """The error bound of each element; finite where the element is judged."""
        return self.exact.allowed

    @property
    def open_by(self) -> Clauses:
        """The elements that are not judged, by the name of the clause."""
        return self.exact.open_by

    @property
    def solvable(self) -> bool:
        """Whether the batch has an exact answer: a shrunk one may be malformed.

        Shrinking knows arrays, not operations: it may cut a class off the logits while
        a label still names it, leave an axis with nothing in it, or make a number one
        that the operation does not take.
        """
        if hasattr(self.oracle, "allows"):
            allows = typing.cast("ChoosyOracle", self.oracle).allows
            if not allows(self.variant.options, self.batch):
                return False
        try:
            _ = self.exact
        except (ValueError, IndexError):
            return False
        return True

    def replace_batch(self, batch: Batch) -> Sample:
        """Return a sample with another batch and its own exact answer."""
        return replace(self, batch=batch, _answers={})

    def replace_padding(self, batch: Batch) -> Sample:
        """Return a sample with other padding in the same places, and the same answer.

        The answer is computed again where padding shows in it: where the adapter keeps
        or norms it, lets padded queries attend, or averages all positions of an empty
        row.
        """
        shows = self.padding in {"kept", "attend", "normed"} or self.empty == "uniform"
        declared = self.variant.padding == "declared"
        return (
            self.replace_batch(batch)
            if declared and shows
            else replace(self, batch=batch)
        )

    def rows(self, order: Array) -> Sample:
        """Return the same rows in another order, their answers with them."""
        # The answers move with the rows instead of being computed again, which is what
        # makes the law on a batch's order independent of the oracle's own order. A sum
        # over the batch has no rows to move, and of a batch norm, which couples its
        # rows, the rounding depends on their order.
        moved = self.replace_batch(self.batch.take(order))
        coupled = getattr(self.oracle, "COUPLED", False)
        if self.variant.result != "scalar" and not coupled:
            moved._answers["exact"] = self.exact.part(order)  # noqa: SLF001 - its own class
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
        return self.valid_elements(self.want)

    @property
    def counted(self) -> Array:
        """Which positions of an answer with a time axis count, ``[B, T]`` or shorter.

        They are the valid ones, unless the operation has its own idea of them.
        """
        counted = getattr(self.oracle, "counted", None)
        if counted is None:
            return self.batch.mask
        return np.asarray(counted(self.variant.options, self.batch))

    def valid_elements(self, answer: Array) -> Array:
        """Return where an array along batch and time stands at a valid position."""
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

    def derivative(self, cotangent: Array) -> dict[str, Exact]:
        """Return the exact derivative by input, and by weight where it has any."""
        options = self.variant.options
        with np.errstate(all="ignore"):  # wild values overflow; they are left open
            want = self.oracle.gradient(options, self.batch, cotangent)
            bound = self.oracle.gradient_bound(options, self.batch, cotangent)
        return {
            name: within_range(Exact(want[name], bound[name]), self.dtype)
            for name in want
        }


def judge(got: Array, sample: Sample, *, note: str = "") -> Verdict:
    """Judge an answer for a sample's own batch against the exact one."""
    exact = sample.exact
    settled, open_by = at_the_edge(exact, np.asarray(got, np.float64), sample.dtype)
    return compare(
        settled,
        exact.want,
        exact.allowed,
        open_by=open_by,
        batch=sample.batch,
        note=note,
    )


def relate(
    got: Array,
    want: Array,
    *samples: Sample,
    where: Array | None = None,
    note: str = "",
) -> Verdict:
    """Judge an answer against what other answers say that it must be.

    Each of them may be off by its bound. Where another one is NaN or infinite and
    should not be, it says nothing: the exact answer stands in for it.

    Args:
        got: The answer for the last sample's batch.
        want: What it must be, made of other answers.
        samples: Whose bounds add up; the last one's exact answer stands in.
        where: Where the law looks, if not everywhere.
        note: What was done, for the message.
    """
    last = samples[-1]
    allowed = sum(each.allowed for each in samples)
    open_by = both(*(each.open_by for each in samples))
    if where is not None:
        open_by = both(open_by, elsewhere(where, last.want.shape))
    known = np.isfinite(want) | ~np.isfinite(last.want)
    return compare(
        got,
        np.where(known, want, last.want),
        np.asarray(allowed),
        open_by=open_by,
        batch=last.batch,
        note=note,
    )


def judge_range(
    got: Array,
    nearest: Array,
    sample: Sample,
    *,
    where: Array | None = None,
    allowed: Array | None = None,
    note: str = "",
) -> Verdict:
    """Judge whether an answer is in a range, within its bound.

    Args:
        got: The answer.
        nearest: What is nearest to it in the range.
        sample: The sample that it answers.
        where: Where the law looks, if not everywhere.
        allowed: How far out it may be, if not by the sample's bound.
        note: What the range is, for the message.
    """
    open_by = dict(sample.open_by)
    if where is not None:
        open_by = both(open_by, elsewhere(where, nearest.shape))
    inside = np.asarray(got == nearest)
    if inside.any():
        open_by[IN_RANGE] = inside
    return compare(
        got,
        nearest,
        sample.allowed if allowed is None else allowed,
        open_by=open_by,
        batch=sample.batch,
        note=note,
    )


def clamp(got: Array, low: Array | float, high: Array | float) -> Array:
    """Return the number between two that is nearest to an answer; low for a NaN."""
    return np.where(np.isnan(got), low, np.clip(got, low, high))


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
    changed = replace(batch, arrays=arrays, weights=weights)
    return changed.change_beside(convert)


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
    mask = draw_right_mask(draw, rows or oracle.ROWS, time)
    arrays = oracle.generate(options, draw, mask)
    weights = {}
    if hasattr(oracle, "generate_weights"):
        weights = typing.cast("WeightedOracle", oracle).generate_weights(
            options, Draw(seed, f"{variant.name}/weights")
        )
    beside = draw_beside(oracle, variant, draw, mask)
    return Batch(arrays=arrays, mask=mask, beside=beside, weights=weights)


def draw_beside(
    oracle: Oracle, variant: Variant, draw: Draw, mask: Array
) -> dict[str, Array]:
    """Return the inputs that have a time axis of their own, if there are any."""
    if not hasattr(oracle, "generate_beside"):
        return {}
    return typing.cast("BesideOracle", oracle).generate_beside(
        variant.options, draw, mask
    )
