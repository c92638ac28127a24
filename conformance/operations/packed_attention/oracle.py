"""The exact ``packed_attention`` in float64: attention's, within each sequence.

Which keys a query sees is all that differs, and ``segments`` say it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations.attention import oracle
from conformance.operations.attention.oracle import (
    ROWS,
    attended,
    bound,
    gradient,
    gradient_bound,
    uniform,
    visible_keys,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

__all__ = [
    "ROWS",
    "answer",
    "attended",
    "bound",
    "generate",
    "gradient",
    "gradient_bound",
    "uniform",
    "visible_keys",
]


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``; a sequence begins at every third position or so.

    The last number goes on into the padding, which so looks like more of that
    sequence; a mask under which all of it counts has an answer, too.
    """
    begins = (draw.below(3, mask.shape) == 0) & mask
    begins[:, :1] = True
    return {
        **oracle.generate(options, draw, mask),
        "segments": np.cumsum(begins, axis=1, dtype=np.int64),
    }


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T, N, D]``; all 0 at padded queries.

    Raises:
        ValueError: A row's sequences do not stand together, or are numbered below 1.
    """
    for numbers, keep in zip(batch.arrays["segments"], batch.mask, strict=True):
        valid = numbers[keep]
        # A run more than there are numbers: one of them comes again.
        runs = np.count_nonzero(np.diff(valid)) + 1
        if len(valid) and (valid.min() < 1 or runs > len(np.unique(valid))):
            msg = (
                f"the valid positions of a row have the numbers {valid.tolist()}, "
                "expected numbers from 1 on, each sequence's positions together"
            )
            raise ValueError(msg)
    return oracle.answer(options, batch)
