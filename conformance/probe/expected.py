"""What the gradients on the way back should be: zero at padding, or the rows' own.

Axes are told by calls of other sizes. What a gradient should be is not known where they
cannot be told, and nothing is said of it then.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.align import Layout, find_padding, layouts
from conformance.probe.noise import UNIT
from conformance.probe.rows import compose

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.probe.arrangement import Arrangement, Array
    from conformance.probe.trace import GradientStep

_SINGLE = 4
_EXACT, _COARSE = 1e-9, 1e-4
"""Shares of a gradient's scale that rounding may reach, in float64 and otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedGradients:
    """What the gradients of one call should be, by calls of other sizes.

    Attributes:
        calls: The call itself, and those of other sizes.
        far: By what identifies a step, the same step in the calls of other sizes.
        alone: The same of each row alone, where a parameter's gradient is followed;
            else gradients should be zero at padding.
        exact: Whether the calls computed in float64 throughout.
    """

    calls: tuple[Arrangement, ...]
    far: tuple[dict[object, GradientStep], ...]
    alone: tuple[dict[object, GradientStep], ...] = ()
    exact: bool = False

    def compute(self, array: Array, key: object, what: str, at: int) -> Array | None:
        """Return what a gradient should be; None is not known.

        Args:
            array: What it is.
            key: The step.
            what: Whether it is one that the step has ``taken``, or ``handed`` on.
            at: The number of the result, or of the input.
        """

        def pick(steps: Mapping[object, GradientStep]) -> Array | None:
            found = getattr(steps[key], what) if key in steps else ()
            return found[at] if at < len(found) else None

        far = [pick(each) for each in self.far]
        if not self.alone:
            where = self.mark_padding(array, far)
            return None if where is None else np.where(where, 0, array)
        shapes = [each.shape for each in far if each is not None]
        rows = [each for each in map(pick, self.alone) if each is not None]
        if len(shapes) != len(far) or len(rows) != len(self.alone):
            return None
        return compose(array, shapes, self._sizes, self.calls[0], rows)

    def meets(self, array: Array, right: Array) -> bool:
        """Tell whether a gradient is what it should be, but for rounding."""
        if not self.alone:
            return bool(np.array_equal(array, right, equal_nan=True))
        # JAX walks back in the dtype that was traced, whatever the question was in.
        exact = self.exact and array.dtype.itemsize > _SINGLE
        share = _EXACT if exact else _COARSE
        scale = float(np.max(np.abs(right), initial=0))
        return bool(np.all(np.abs(array - right) <= share * scale))

    @property
    def _sizes(self) -> list[tuple[int, int]]:
        return [(each.batch, each.time) for each in self.calls]

    def mark_padding(
        self, array: Array, others: Sequence[Array | None]
    ) -> Array | None:
        """Return where a gradient has something at padding; None is not known."""
        shapes = [array.shape, *(each.shape for each in others if each is not None)]
        if len(shapes) != 1 + len(others) or len({len(each) for each in shapes}) != 1:
            return None
        ways = layouts(shapes, self._sizes)
        kinds = [Counter(f.kind for axis in way for f in axis) for way in ways]
        if ways and not any(kind["time"] or kind["strided"] for kind in kinds):
            return np.zeros(array.shape, dtype=bool)
        found = None
        for way, kind in zip(ways, kinds, strict=True):
            if kind["batch"] == 1 and kind["time"]:
                mask = _mark(array, way, self.calls[0])
                if mask is not None and not _exceeds(array, mask):
                    return np.zeros(array.shape, dtype=bool)
                found = mask if found is None else found
        return found


def number_steps(steps: list[GradientStep]) -> Iterator[tuple[object, GradientStep]]:
    """Yield each step with what identifies it in another call."""
    counts: Counter[object] = Counter()
    for step in steps:
        key = step.site.key
        counts[key] += 1
        yield (key, counts[key]), step


def _mark(array: Array, layout: Layout, arrangement: Arrangement) -> Array | None:
    """Return where an array holds what does not count, in all rows."""
    found = np.zeros(array.shape, dtype=bool)
    for mask in find_padding(array, layout, arrangement):
        if mask is None:
            return None
        found |= mask
    return found


def _exceeds(array: Array, mask: Array) -> bool:
    """Tell whether what a mask chooses is more than rounding; NaN is."""
    inside = np.abs(array[~mask])
    finite = inside[np.isfinite(inside)]
    noise = UNIT["float32"] * float(finite.max(initial=0))
    return not bool(np.all(np.abs(array[mask]) <= noise))
