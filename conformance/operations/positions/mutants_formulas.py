"""Positions over an array namespace, which the mutants change."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import places, read_mask
from conformance.operations.packed_attention.mutants_formulas import same


def correct(xp: Any, segments: Any, mask: Any, *, within: str, start: int) -> Any:
    """Return each valid token's position, zero at padding."""
    keep = read_mask(xp, segments, mask)
    return finish(xp, count_before(xp, keep, segments, within), keep, start)


def finish(xp: Any, counts: Any, keep: Any, start: int) -> Any:
    """Return the counts from the first position on, zero at padding."""
    return xp.where(keep, counts + start, 0)


def count_before(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Return how many valid tokens stand before each, of its sequence or its row."""
    at = xp.arange(keep.shape[1])
    seen = keep[:, None, :] & (at[:, None] > at[None, :])
    if within == "segment":
        seen = seen & same(segments)
    return xp.sum(xp.astype(seen, xp.int32), axis=2)


def count(
    formula: Any, xp: Any, segments: Any, mask: Any, *, within: str, start: int
) -> Any:
    """Answer with the counts ``formula(xp, keep, segments, within)``."""
    keep = read_mask(xp, segments, mask)
    return finish(xp, formula(xp, keep, segments, within), keep, start)


def regroup(
    formula: Any, xp: Any, segments: Any, mask: Any, *, within: str, start: int
) -> Any:
    """Count within the sequences that ``formula(xp, keep, segments)`` makes."""
    keep = read_mask(xp, segments, mask)
    groups = formula(xp, keep, segments)
    return finish(xp, count_before(xp, keep, groups, within), keep, start)


def change_mask(change: Any, xp: Any, segments: Any, mask: Any, **how: Any) -> Any:
    """Answer with a mask gone wrong."""
    return correct(xp, segments, change(xp, read_mask(xp, segments, mask)), **how)


def find_first(xp: Any, keep: Any) -> Any:
    """Return where each row's first token stands, ``[B, 1]``; T in an empty row."""
    at = xp.where(keep, places(xp, keep), keep.shape[1])
    return xp.min(at, axis=1, keepdims=True)


def rank_boundaries(xp: Any, boundary: Any) -> Any:
    """Return each position's sequence from its boundaries ``[B, T - 1]``, from 0."""
    rows = boundary.shape[0]
    begins = xp.concat([xp.zeros((rows, 1), dtype=xp.bool), boundary], axis=1)
    return xp.cumulative_sum(xp.astype(begins, xp.int32), axis=1)
