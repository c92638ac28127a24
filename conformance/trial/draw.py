"""Generated batches: masks, values and garbage, the same on every machine.

Raw PCG64 words index into tables that run from simple to wild, so a batch depends on
the seed and on nothing else. NumPy promises the same raw words for a seed in every
version and on every platform, but not the same numbers from a ``Generator``'s methods
(NEP 19: https://numpy.org/neps/nep-0019-rng-policy.html).
"""

from __future__ import annotations

import math
import zlib
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.trial.batch import Array

LADDER = (1, 3, 5, 8)
"""Lengths that laws move between, so that few shapes have to be compiled."""

BASE_TIME = 5
"""Positions in a generated batch; extra padding climbs the ladder from here."""

Table = tuple[tuple[float, ...], ...]

_MANTISSAS = (0.5, -0.5, 0.1, -0.1, 1 / 3, -2 / 3, 1.7, -1.3, math.pi, -math.e, 0, 2.1)
_WIDE = (100, -100, 64.2, -17.3, 0.001, -0.001, 33.3, -47.1, 10, -10, 7.77, 0, 99.9)
_SIGNALS = (0.1, -0.3, 1 / 3, -0.7, 0.9, -1.1, 1.3, 0.05, -0.05, 0.6, -0.6, 0, 1, -1)

VALUES: Table = (
    (0, 1, 2, -1, 3, -2, 4, 5, 0, 1, -3, -4, 6, 7, -5, 8),
    (-1, -2, -3, -4, -5, -6, -7, -8, -1.5, -0.5, -2.5, -1, -9, -10, -3.25, -4.75),
    _MANTISSAS,
    _WIDE,
    (1, 1, 2, 2, 1, 2, 0, 1, 2, 0, 0, 1, 1, 2, -1, 2),
)
"""Valid values, a tier for each kind of row: small whole numbers, all negative, full
mantissas, wide magnitudes, ties. At most 100, so that garbage can be 100 times more."""

LOGITS: Table = (
    (0, 1, 2, -1, 3, -2, 4, 5, 0, 1, -3, -4, 6, 7, -5, 8),
    (-1, -2, -3, -4, -5, -6, -7, -8, -1.5, -0.5, -2.5, -1, -9, -10, -3.25, -4.75),
    _MANTISSAS,
)
"""Predictions and logits, small enough that a loss does not vanish."""

SIGNALS: Table = (
    (0, 1, -1, 0.5, -0.5, 2, 1, 0, -1, 0.25, 1.5, -0.75, 1, -2, 0.5, 0),
    _SIGNALS,
)
"""Inputs and weights of recurrent layers, where the cells are not saturated."""

GARBAGE: Table = (
    (1e4,) * 16,
    (-1e4,) * 16,
    (1e4, -1e4, 9984, -9984) * 4,
    (0.0,) * 16,
)
"""What stands at padding: 100 times the largest valid value or more, of either sign,
and the plain zeros that most padded data really have."""

COTANGENTS: Table = (
    (1, -1, 2, 0.5, -0.5, 3, -2, 1.5, 0.25, -0.75, 1, -3, 4, -1.5) * 2,
)
"""Exact numbers in every dtype, none of them zero."""


class Draw:
    """Random choices that depend on the seed and a name only.

    Args:
        seed: The run's seed.
        name: The purpose, such as a variant's name.
        turn: The batch's number for that name; shapes take turns by it.
    """

    def __init__(self, seed: int, name: str, turn: int = 0) -> None:
        # Not hash(): Python salts a string's in every process.
        words = [seed, zlib.crc32(name.encode()), turn]
        self._bits = np.random.PCG64(np.random.SeedSequence(words))
        self.turn = turn

    def below(self, high: int, shape: int | Sequence[int]) -> Array:
        """Return whole numbers from 0 to ``high - 1``."""
        size = shape if isinstance(shape, int) else math.prod(shape)
        # The upper half of a word. The remainder favours small numbers by at most
        # high / 2**32, which is nothing for a table of 16, and a call takes as many
        # words as it returns numbers, which a rejection loop would not.
        words = np.asarray(self._bits.random_raw(size), dtype=np.uint64) >> np.uint64(
            32
        )
        return (words % np.uint64(high)).astype(np.int64).reshape(shape)

    def of(self, choices: Sequence[float], shape: int | Sequence[int]) -> Array:
        """Return numbers out of ``choices``."""
        table = np.asarray(choices, dtype=np.float64)
        return np.asarray(table[self.below(len(table), shape)])

    def rows_of(self, table: Table, shape: Sequence[int]) -> Array:
        """Return numbers, each row's out of one tier of ``table``."""
        square = _square(table)
        tiers = self.below(len(table), shape[0]).reshape(-1, *(1,) * (len(shape) - 1))
        return np.asarray(square[tiers, self.below(square.shape[1], shape)])

    def order(self, size: int) -> Array:
        """Return a permutation that leaves no row in place, if there are two."""
        shuffled = np.argsort(self.below(1 << 30, size), kind="stable")
        # One row left in place would be no test of order. A rotation moves every row
        # and costs no further words, however often a permutation has a fixed point
        # (63 % of them have one).
        fixed = (shuffled == np.arange(size)).any()
        return np.roll(np.arange(size), 1) if fixed else shuffled


@cache
def _square(table: Table) -> Array:
    """Return a table as an array, short tiers repeated to the longest one's width."""
    width = max(len(tier) for tier in table)
    return np.asarray([(tier * width)[:width] for tier in table], np.float64)


def draw_right_mask(draw: Draw, rows: int, time: int) -> Array:
    """Return a mask with right padding and at least one valid position in each row.

    The first rows hold one length of each step of the ladder, the full one included,
    and the shortest: what laws look for is there in every batch.
    """
    lengths = 1 + draw.below(time, rows)
    # Written over what was drawn, so that the words that follow are the same ones.
    steps = [step for step in LADDER if step <= time]
    lengths[: len(steps)] = steps[:rows]
    return np.asarray(np.arange(time) < lengths[:, None])


def fill_padding(valid: Array, garbage: Array, mask: Array) -> Array:
    """Return ``valid`` where the mask holds and ``garbage`` elsewhere."""
    wide = mask.reshape(mask.shape + (1,) * (valid.ndim - 2))
    return np.where(wide, valid, garbage)
