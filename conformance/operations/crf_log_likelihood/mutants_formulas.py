"""The chain over an array namespace, with a place for each fault.

Written for mutants: the right likelihood is the one without a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import all_true
from conformance.operations._common.chain_formulas import (
    finish,
    partition,
    read_chain,
)

if TYPE_CHECKING:
    from conformance.operations._common.chain_formulas import Chain


_OF_THE_SCORE = frozenset(("start-at-zero", "end-at-the-edge", "multiplies"))


def correct(  # noqa: PLR0917 - the operation has as many arguments
    xp: Any,
    emissions: Any,
    tags: Any,
    mask: Any,
    transitions: Any,
    start: Any,
    end: Any,
) -> Any:
    """Return the log-likelihood of each row's path, 0 for an empty row."""
    return likelihood(xp, emissions, tags, mask, transitions, start, end)


def likelihood(  # noqa: PLR0917 - as above
    xp: Any,
    emissions: Any,
    tags: Any,
    mask: Any,
    transitions: Any,
    start: Any,
    end: Any,
    *,
    fault: str = "",
) -> Any:
    """Return the log-likelihood; ``fault`` names what is wrong with it."""
    read = read_chain(xp, emissions, mask, transitions, start, end, fault=fault)
    chain = read.change(path=_path(xp, tags, read.keep, start, fault))
    scored = parted = chain
    if fault == "score-of-padding":
        scored = chain.change(keep=all_true(xp, chain.keep))
    if fault == "partition-of-padding":
        parted = chain.change(keep=all_true(xp, chain.keep))
    if fault == "transposed":
        scored = chain.change(transitions=chain.transitions.T)
    # The partition of these is right: their fault is the score's.
    own = "" if fault in _OF_THE_SCORE else fault
    found = _score(xp, scored, fault) - partition(xp, parted, own)
    return xp.astype(finish(xp, found, chain.keep, fault), emissions.dtype)


def _path(xp: Any, tags: Any, keep: Any, start: Any, fault: str) -> Any:
    labels = tags if fault == "reads-padding-tags" else xp.where(keep, tags, 0)
    if fault == "tag-zero-is-padding":
        keep &= tags != 0
    if fault == "reads-padding-tags":
        # A gather refuses what is no tag.
        return start[labels][..., None] * 0 == (
            xp.astype(labels[..., None] != xp.arange(start.shape[0]), start.dtype)
        )
    return labels[..., None] == xp.arange(start.shape[0])


def _score(xp: Any, chain: Chain, fault: str) -> Any:
    before = xp.zeros_like(chain.path[:, 0])
    begun = xp.zeros_like(chain.keep[:, 0])
    total = xp.zeros_like(chain.emissions[:, 0, 0])
    for t in range(chain.keep.shape[1]):
        here, tag = chain.keep[:, t], chain.path[:, t]
        if fault == "mask-on-emissions-only":
            here = xp.ones_like(here)
        last = chain.path[:, t - 1] if fault == "previous-position" and t else before
        pair = last[:, :, None] & tag[:, None, :]
        moved = xp.sum(xp.where(pair, chain.transitions, 0.0), axis=(1, 2))
        first = xp.sum(xp.where(tag, chain.start, 0.0), axis=1)
        if fault == "start-at-zero":
            first = first if t == 0 else moved
        if fault == "no-start":
            first = 0 * first
        now = xp.sum(xp.where(tag, chain.emissions[:, t], 0.0), axis=1)
        new = xp.where(begun, moved, first) + now
        if fault == "multiplies":
            total = total + new * xp.astype(here, new.dtype)
        total = xp.where(here, total + new, total) if fault != "multiplies" else total
        before = xp.where(here[:, None], tag, before)
        begun = begun | here
    if fault == "end-at-the-edge":
        before = chain.path[:, -1]
    last = xp.sum(xp.where(before, chain.end, 0.0), axis=1)
    last = 0 * last if fault == "no-end" else last
    return total + xp.where(begun, last, 0.0)
