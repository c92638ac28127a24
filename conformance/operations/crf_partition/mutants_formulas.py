"""The sum over all paths over an array namespace, with a place for each fault."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.chain_formulas import (
    Chain,
    finish,
    log_sum,
    partition,
    read_chain,
    walk,
)

NEVER = -10000.0
"""What libraries take for the logarithm of nothing."""


def correct(  # noqa: PLR0917 - the operation has as many arguments
    xp: Any,
    emissions: Any,
    mask: Any,
    transitions: Any,
    start: Any = None,
    end: Any = None,
    *,
    ends: str,
) -> Any:
    """Return the log of the sum over each row's paths, 0 for an empty row."""
    return sum_paths(xp, emissions, mask, transitions, start, end, ends=ends)


def sum_paths(  # noqa: PLR0917 - as above
    xp: Any,
    emissions: Any,
    mask: Any,
    transitions: Any,
    start: Any = None,
    end: Any = None,
    *,
    ends: str,
    fault: str = "",
) -> Any:
    """Return the log of the sum; ``fault`` names what is wrong with it."""
    del ends
    read = read_chain(xp, emissions, mask, transitions, start, end, fault=fault)
    chain = _change_chain(xp, read, fault)
    if fault == "adds-all-steps":
        found = _add_all_steps(xp, chain)
    else:
        found = partition(xp, chain, fault)
    if fault == "likelihood-of-the-best":
        found = partition(xp, chain, "partition-of-its-maximum") - found
    if fault == "begins-at-minus-10000":
        some = xp.any(chain.keep, axis=1)
        found = xp.where(some & (found < NEVER), found * 0 + NEVER, found)
    return xp.astype(finish(xp, found, read.keep, fault), emissions.dtype)


def _change_chain(xp: Any, chain: Chain, fault: str) -> Chain:
    if fault == "transposed":
        return chain.change(transitions=chain.transitions.T)
    emissions = chain.emissions
    if fault == "normalises-emissions":
        tags = xp.moveaxis(emissions, 2, 1)
        return chain.change(emissions=emissions - log_sum(xp, tags, "")[..., None])
    width = chain.start.shape[0]
    if fault in {"tag-zero-is-padding", "last-tag-is-stop"}:
        left_out = 0 if fault == "tag-zero-is-padding" else width - 1
        barred = xp.arange(width) == left_out
        return chain.change(emissions=xp.where(barred, emissions + NEVER, emissions))
    return chain


def _add_all_steps(xp: Any, chain: Chain) -> Any:
    walked = walk(xp, chain, "")
    # A padded step, and one before the first valid, has reached what was there before.
    steps = [
        xp.where(chain.keep[:, t, None], each, -xp.inf)
        for t, each in enumerate(walked.reached)
    ]
    steps = [*steps, walked.last * 0]
    last = log_sum(xp, (xp.stack(steps, axis=1)), "")
    whole = log_sum(xp, (last + chain.end)[:, :, None], "")[:, 0]
    return xp.where(walked.begun[:, 0], whole, 0.0)
