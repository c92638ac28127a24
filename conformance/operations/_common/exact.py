"""What second oracles share: rows taken apart in plain loops, without NumPy.

Nothing here is used by the first ones, so that the two can be held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Reduce = Callable[..., float | None]

Axes = dict[str, tuple[str, ...]]

POOLED: Axes = {"x": ("B T", "B T F"), "want": ("B", "B F")}
"""The axes of x, and of an answer from which time is taken away."""

FLAT: Axes = {"x": ("B T",), "want": ("B",)}
"""The same where x has no features."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The second oracle of a reduction: a value for each row, in a plain loop.

    Attributes:
        row: Return the value of one row's valid numbers, with the variant's keywords;
            None where each adapter declares what comes out.
        features: Whether x may have features.
        places: Whether that value is a place among the valid numbers; the answer is
            the position where that number stands.
    """

    row: Reduce
    features: bool = True
    places: bool = False

    def axes(self, options: Mapping[str, str]) -> Axes:
        """Return the axes that each array, and the answer, may have."""
        del options
        return POOLED if self.features else FLAT

    def answer(
        self,
        options: Mapping[str, str],
        inputs: Mapping[str, Nested],
        mask: Mask,
        weights: Mapping[str, Nested],
    ) -> Nested:
        """Return the value of each row's valid numbers.

        >>> Rows(sum).answer({}, {"x": [[1, 2, 9]]}, [[True, True, False]], {})
        [3]
        >>> first = Rows(lambda values: 0, places=True)
        >>> first.answer({}, {"x": [[[1], [2]]]}, [[False, True]], {})
        [[1.0]]
        """
        del weights
        reduce = partial(self.row, **options)
        if not self.places:
            return reduce_rows(inputs["x"], mask, reduce)
        return [
            reduce_rows([row], [keep], partial(_find, reduce, keep))[0]
            for row, keep in zip(inputs["x"], mask, strict=True)
        ]


def _find(reduce: Reduce, keep: Sequence[bool], values: Sequence[float]) -> Any:
    """Return the position of the valid number that a reduction chooses."""
    chosen = reduce(values)
    if chosen is None:
        return None
    return float([at for at, counts in enumerate(keep) if counts][int(chosen)])


def reduce_rows(x: Nested, mask: Mask, reduce: Reduce) -> Nested:
    """Return ``reduce`` of each row's valid values, feature by feature.

    >>> reduced([[[1, 2], [3, 4]]], [[True, False]], sum)
    [[1, 2]]
    """
    return [_row(row, keep, reduce) for row, keep in zip(x, mask, strict=True)]


def _row(row: Sequence[Nested], keep: Sequence[bool], reduce: Reduce) -> Nested:
    valid = [value for value, counts in zip(row, keep, strict=True) if counts]
    if row and isinstance(row[0], list):
        return [reduce([value[f] for value in valid]) for f in range(len(row[0]))]
    return reduce(valid)
