"""A router over an array namespace, which the mutants change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, lengths, read_mask
from conformance.operations._common.losses import at_least_one, reduce_losses

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a router is made of; a mutant has another one of them.

    Attributes:
        ranks: ``(xp, z)``, each expert's rank at its position, from 0, ``[B, T, E]``.
        soften: ``(xp, z)``, the experts' shares.
        balance: ``(xp, share, chosen, keep, top)``, the loss of shares and choices at
            all positions.
        square: ``(xp, logs)``, a position's z loss.
        reduce: ``(xp, losses, keep, reduction)``, the mean of losses.
        seat: ``(xp, ranks, keep, top, capacity)``, which choices have a place.
        weigh: ``(xp, z, share, chosen, top)``, what they weigh.
    """

    ranks: Callable[..., Any]
    soften: Callable[..., Any]
    balance: Callable[..., Any]
    square: Callable[..., Any]
    reduce: Callable[..., Any]
    seat: Callable[..., Any]
    weigh: Callable[..., Any]


def correct(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Return a loss, 0 without valid positions, or the experts' weights."""
    return route(xp, z, read_mask(xp, z, mask), **how)


def route(
    xp: Any,
    z: Any,
    keep: Any,
    *,
    part: str,
    top: int,
    capacity: int,
    parts: Parts | None = None,
) -> Any:
    """Return one part of what a router makes of logits ``[B, T, E]``."""
    own = parts or PARTS
    # Padding is cleaned, and still has a choice, which nothing may count.
    wide = clean(xp, z, keep)
    if part == "z_loss":
        losses = xp.where(keep, own.square(xp, log_sum(xp, wide)), 0.0)
        return xp.astype(own.reduce(xp, losses, keep, "mean"), z.dtype)
    share, ranks = own.soften(xp, wide), own.ranks(xp, wide)
    if part == "balance":
        found = own.balance(xp, share, ranks < top, keep, top)
        return xp.astype(found, z.dtype)
    seated = own.seat(xp, ranks, keep, top, capacity)
    weights = own.weigh(xp, wide, share, ranks < top, top)
    return xp.astype(xp.where(seated, weights, 0.0), z.dtype)


def rank_experts(xp: Any, z: Any) -> Any:
    """Return how many experts are ahead of each; of equal ones the first is."""
    experts = xp.arange(z.shape[2])
    ahead = z[..., None, :] > z[..., :, None]
    level = z[..., None, :] == z[..., :, None]
    ahead = ahead | (level & (experts[None, :] < experts[:, None]))
    return xp.sum(xp.astype(ahead, xp.int32), axis=-1)


def soften(xp: Any, z: Any, axis: int = 2) -> Any:
    """Return softmax over the experts."""
    powers = xp.exp(z - xp.max(z, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def log_sum(xp: Any, z: Any) -> Any:
    """Return the logarithm of the sum of exponentials over the experts."""
    top = xp.max(z, axis=2)
    return top + xp.log(xp.sum(xp.exp(z - top[..., None]), axis=2))


def balance(xp: Any, share: Any, chosen: Any, keep: Any, top: int) -> Any:
    """Return E times the sum of f P."""
    del top
    picked, likely = fractions(xp, share, chosen, keep)
    return share.shape[2] * xp.sum(picked * likely)


def fractions(xp: Any, share: Any, chosen: Any, keep: Any) -> tuple[Any, Any]:
    """Return f and P of each expert."""
    number = at_least_one(xp, lengths(xp, keep), share)
    there = keep[..., None]
    picked = xp.sum(xp.astype(chosen & there, share.dtype), axis=(0, 1))
    likely = xp.sum(xp.where(there, share, 0.0), axis=(0, 1))
    return picked / number, likely / number


def seat(
    xp: Any,
    ranks: Any,
    keep: Any,
    top: int,
    capacity: int,
    *,
    counted: Any = None,
    queued: Any = None,
) -> Any:
    """Return which choices have a place: first ones in their order, then second ones.

    Args:
        xp: The array namespace.
        ranks: Each expert's rank at its position.
        keep: The mask as booleans.
        top: How many choices a position has.
        capacity: How many places an expert has in a row.
        counted: What takes places instead of the mask.
        queued: What second choices queue behind instead of the mask.
    """
    counted = keep if counted is None else counted
    queued = counted if queued is None else queued
    seated = xp.zeros_like(ranks) > 0
    taken = xp.zeros_like(ranks)[:, :1]
    for rank in range(top):
        asks = ranks == rank
        here = xp.astype(asks & counted[..., None], xp.int32)
        place = taken + xp.cumulative_sum(here, axis=1)
        seated = seated | (asks & keep[..., None] & (place <= capacity))
        behind = xp.astype(asks & queued[..., None], xp.int32)
        taken = taken + xp.sum(behind, axis=1, keepdims=True)
    return seated


def weigh(xp: Any, z: Any, share: Any, chosen: Any, top: int) -> Any:
    """Return each expert's share, among the chosen ones where there are two."""
    if top == 1:
        return share
    return soften(xp, xp.where(chosen, z, -float("inf")))


PARTS = Parts(
    ranks=rank_experts,
    soften=soften,
    balance=balance,
    square=lambda _xp, logs: logs * logs,
    reduce=reduce_losses,
    seat=seat,
    weigh=weigh,
)
