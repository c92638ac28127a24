"""Each tag's share over an array namespace, with a place for each fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import all_true, lengths
from conformance.operations._common.chain_formulas import (
    log_sum,
    partition,
    read_chain,
    walk,
)

if TYPE_CHECKING:
    from conformance.operations._common.chain_formulas import Chain

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
    """Return each tag's share of the paths, zero at padding."""
    return share_paths(xp, emissions, mask, transitions, start, end, ends=ends)


def share_paths(  # noqa: PLR0917 - as above
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
    """Return the shares; ``fault`` names what is wrong with them."""
    del ends
    read = read_chain(xp, emissions, mask, transitions, start, end, fault=fault)
    chain = _change_chain(xp, read, fault)
    found = _finish(xp, _share(xp, chain, fault), chain, fault)
    keep = read.keep[..., None]
    if fault == "uniform-at-padding":
        return _store(xp, xp.where(keep, found, 1 / found.shape[2]), emissions)
    if fault == "shares-at-padding":
        return _store(xp, found, emissions)
    return _store(xp, xp.where(keep, found, xp.zeros_like(found)), emissions)


def _store(xp: Any, found: Any, emissions: Any) -> Any:
    return xp.astype(found, emissions.dtype)


def _change_chain(xp: Any, chain: Chain, fault: str) -> Chain:
    if fault == "partition-of-padding":
        return chain.change(keep=all_true(xp, chain.keep))
    if fault == "transposed":
        return chain.change(transitions=chain.transitions.T)
    if fault == "softmax-alone":
        return chain.change(
            transitions=chain.transitions * 0, start=chain.start * 0, end=chain.end * 0
        )
    if fault in {"tag-zero-is-padding", "last-tag-is-stop"}:
        width = chain.start.shape[0]
        left_out = 0 if fault == "tag-zero-is-padding" else width - 1
        barred = xp.arange(width) == left_out
        emissions = xp.where(barred, chain.emissions + NEVER, chain.emissions)
        return chain.change(emissions=emissions)
    return chain


def _share(xp: Any, chain: Chain, fault: str) -> Any:
    """Return the logs of the shares, ``[B, T, K]``."""
    if not chain.emissions.shape[1]:
        return chain.emissions
    first = xp.stack(walk(xp, chain, fault).reached, axis=1)
    last = xp.stack(_go_back(xp, chain, fault), axis=1)
    if fault == "forward-alone":
        last = 0 * last
    if fault == "backward-alone":
        first = 0 * first + chain.emissions
    return _normalise(xp, chain, first + last, fault)


def _go_back(xp: Any, chain: Chain, fault: str) -> list[Any]:
    """Return what stands behind each position, a ``[B, K]`` for each."""
    turned = chain.turn(xp)
    changes = {
        "backward-over-padding": {"keep": all_true(xp, turned.keep)},
        "backward-transposed": {"transitions": chain.transitions},
        "backward-without-end": {"start": turned.start * 0},
        "backward-without-emissions": {"emissions": turned.emissions * 0},
    }
    turned = turned.change(**changes.get(fault, {}))
    behind = walk(xp, turned, "" if fault == "resets-behind-gaps" else fault)
    back = behind.reached if fault == "emissions-twice" else behind.arrived
    order = back if fault == "backward-not-turned" else back[::-1]
    return [*order[1:], order[-1]] if fault == "backward-one-late" else order


def _normalise(xp: Any, chain: Chain, both: Any, fault: str) -> Any:
    if fault == "normalises-by-position":
        return both - xp.max(both, axis=2, keepdims=True)
    if fault in {"forward-alone", "backward-alone", "emissions-twice"}:
        return both - log_sum(xp, xp.moveaxis(both, 2, 1), "")[..., None]
    if fault == "normalises-over-time":
        return both - log_sum(xp, both, "")[:, None]
    if fault == "sum-without-end":
        chain = chain.change(end=chain.end * 0)
    whole = partition(xp, chain, fault)
    if fault == "detached-sum":
        whole = whole.detach()
    if fault == "first-rows-sum":
        whole = whole[:1]
    return both - whole[:, None, None]


def _finish(xp: Any, logs: Any, chain: Chain, fault: str) -> Any:
    if fault == "logarithms":
        return logs
    found = xp.exp(logs)
    if fault == "best-tags":
        return xp.astype(found == xp.max(found, axis=2, keepdims=True), found.dtype)
    if fault == "divides-by-length":
        number = lengths(xp, chain.keep)
        number = xp.astype(xp.where(number > 0, number, 1), found.dtype)
        return found / number[..., None]
    return found
