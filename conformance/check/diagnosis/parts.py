"""The parts that a mistake is made of: a mask, what stands at padding, a divisor.

A part knows no operation. It changes what the right formula is given, or what it
answers, so that one list serves every operation that there is or will be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.trial.batch import Array, Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPart:
    """Which mask was used in place of the one that was given.

    Attributes:
        text: What is wrong, as a verb with its object.
        change: Takes the batch, returns the mask that is used, ``[B, T]``.
    """

    text: str
    change: Callable[[Batch], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPart:
    """What became of the inputs before the formula saw them.

    Attributes:
        text: What is wrong.
        change: Takes the batch and the largest number of its dtype, returns a batch.
        fills: Whether it takes the place of the mask, which is then not used again.
    """

    text: str
    change: Callable[[Batch, float], Batch]
    fills: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """What became of the answer behind the formula.

    Attributes:
        text: What is wrong.
        change: Takes the answer, the batch, and the mask that was used; returns
            another answer, or None where that means nothing.
        after: Whether it applies the given mask, so that the formula need not.
    """

    text: str
    change: Callable[[Array, Batch, Array], Array | None]
    after: bool = False


def over(mask: Array, array: Array) -> Array:
    """Return ``mask [B, T]`` with as many axes as ``array``."""
    return mask.reshape(mask.shape + (1,) * (array.ndim - 2))
