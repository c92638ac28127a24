"""Routers made wrong on purpose: losses over padding, places that padding takes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, lengths, over, read_mask, widen
from conformance.operations._common.family import add_usual, sort_rows, squeeze
from conformance.operations._common.loss_mutants import add_reductions
from conformance.operations._common.losses import at_least_one
from conformance.operations._common.mutant import Mutants
from conformance.operations.moe_routing.mutants_formulas import (
    PARTS,
    balance,
    correct,
    fractions,
    log_sum,
    route,
    seat,
    soften,
    weigh,
)

GITHUB = "https://github.com/"
HF = GITHUB + "huggingface/transformers/"
MEGATRON = GITHUB + "NVIDIA/Megatron-LM/"

BALANCE = ("moe_routing.balance.*",)
BALANCE_TWO = ("moe_routing.balance.2",)
Z_LOSS = ("moe_routing.z_loss",)
SCALAR = (*BALANCE, *Z_LOSS)
DISPATCH = ("moe_routing.dispatch.*",)
ONE, TWO = ("moe_routing.dispatch.1",), ("moe_routing.dispatch.2",)
MUTANTS = Mutants("moe_routing", correct, zero_time=True)
_SCALAR_HAS_NONE = ("rows-stay-sorted", "squeezes-every-axis")


def _with_part(name: str, change: Any, xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    parts = replace(PARTS, **{name: change})
    return route(xp, z, read_mask(xp, z, mask), parts=parts, **how)


def _around(name: str) -> Any:
    return lambda change, *arrays, **how: _with_part(name, change, *arrays, **how)


balances = partial(MUTANTS.wrong, around=_around("balance"), variants=BALANCE)
squares = partial(MUTANTS.wrong, around=_around("square"), variants=Z_LOSS)
seats = partial(MUTANTS.wrong, around=_around("seat"), variants=DISPATCH)
weighs = partial(MUTANTS.wrong, around=_around("weigh"), variants=DISPATCH)
spoil, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(MUTANTS, route, without=(*_SCALAR_HAS_NONE, "gradient-leaks-to-padding"))
add_reductions(
    MUTANTS,
    _around("reduce"),
    {"mean": Z_LOSS, "means": Z_LOSS, "all": Z_LOSS}
    | {"sum": (), "none": (), "rows": ()},
)


@balances("value", url=MEGATRON + "pull/2121")
def counts_choices_of_padding(
    xp: Any, share: Any, chosen: Any, keep: Any, top: int
) -> Any:
    """Counts what padding chooses among the choices."""
    del top
    likely = fractions(xp, share, chosen, keep)[1]
    number = at_least_one(xp, lengths(xp, keep), share)
    picked = xp.sum(xp.astype(chosen, share.dtype), axis=(0, 1)) / number
    return share.shape[2] * xp.sum(picked * likely)


@balances("value", url=GITHUB + "pytorch/torchtitan/pull/4168")
def adds_shares_of_padding(
    xp: Any, share: Any, chosen: Any, keep: Any, top: int
) -> Any:
    """Adds padding's shares to the experts'."""
    del top
    picked = fractions(xp, share, chosen, keep)[0]
    number = at_least_one(xp, lengths(xp, keep), share)
    return share.shape[2] * xp.sum(picked * xp.sum(share, axis=(0, 1)) / number)


@balances("value")
def divides_shares_by_time(
    xp: Any, share: Any, chosen: Any, keep: Any, top: int
) -> Any:
    """Divides the shares' sum by B T, and the choices' by what counts."""
    del top
    number = at_least_one(xp, lengths(xp, keep), share)
    picked, likely = fractions(xp, share, chosen, keep)
    padded = share.shape[0] * share.shape[1]
    return share.shape[2] * xp.sum(picked * likely) * number / padded


@balances("value", url=MEGATRON + "pull/4776")
def divides_twice_by_time(xp: Any, share: Any, chosen: Any, keep: Any, top: int) -> Any:
    """Divides both sums by B T."""
    number = at_least_one(xp, lengths(xp, keep), share)
    part = number / (share.shape[0] * share.shape[1])
    return balance(xp, share, chosen, keep, top) * part * part


@balances("value", url=MEGATRON + "issues/6108")
def balances_each_row(xp: Any, share: Any, chosen: Any, keep: Any, top: int) -> Any:
    """Takes the mean of the rows' losses, not the batch's."""
    rows = [slice(row, row + 1) for row in range(share.shape[0])]
    each = [balance(xp, share[at], chosen[at], keep[at], top) for at in rows]
    there = xp.astype(xp.any(keep, axis=1), xp.int32)
    return sum(each, start=xp.sum(share[:0])) / at_least_one(xp, there, share)


@balances("value", variants=BALANCE_TWO)
def divides_by_the_choices(
    xp: Any, share: Any, chosen: Any, keep: Any, top: int
) -> Any:
    """Divides by the number of choices of a position."""
    return balance(xp, share, chosen, keep, top) / top


@balances("value")
def forgets_the_number_of_experts(
    xp: Any, share: Any, chosen: Any, keep: Any, top: int
) -> Any:
    """Leaves out the factor E."""
    return balance(xp, share, chosen, keep, top) / share.shape[2]


@balances("long-rows")
def counts_choices_in_int8(
    xp: Any, share: Any, chosen: Any, keep: Any, top: int
) -> Any:
    """Counts both fractions' divisor in int8, which ends at 127."""
    number = at_least_one(xp, lengths(xp, keep), share)
    narrow = xp.astype(xp.astype(number, xp.int8), share.dtype)
    return balance(xp, share, chosen, keep, top) * number / narrow


@balances("empty-row")
def nothing_over_nothing(xp: Any, share: Any, chosen: Any, keep: Any, top: int) -> Any:
    """Gives 0 / 0 = NaN where nothing chooses."""
    number = xp.sum(xp.astype(keep, share.dtype))
    return balance(xp, share, chosen, keep, top) / number * number


@spoil(
    "value",
    url=GITHUB + "deepspeedai/DeepSpeed/pull/5156",
    variants=BALANCE_TWO,
)
def counts_the_first_choice_alone(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Counts first choices alone where each position has two."""
    return correct(xp, z, mask, **{**how, "top": 1})


@spoil("value", variants=BALANCE)
def averages_raw_logits(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Averages logits in place of probabilities."""
    return _with_part("soften", lambda _xp, z: z, xp, z, mask, **how)


@spoil("value", variants=(*BALANCE, *ONE))
def softens_over_time(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Takes softmax over the positions, not over the experts."""
    return _with_part("soften", partial(soften, axis=1), xp, z, mask, **how)


@spoil("value", variants=(*BALANCE, *DISPATCH))
def chooses_the_smallest(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Chooses the experts with the smallest logits."""

    def ranks(xp: Any, z: Any) -> Any:
        return PARTS.ranks(xp, -z)

    return _with_part("ranks", ranks, xp, z, mask, **how)


@spoil("value", url=MEGATRON + "issues/1513", variants=BALANCE)
def counts_places(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Counts the choices that have a place, not those that are made."""
    keep = read_mask(xp, z, mask)
    ranks = PARTS.ranks(xp, clean(xp, z, keep))
    seated = seat(xp, ranks, keep, how["top"], how["capacity"])

    def change(xp: Any, share: Any, chosen: Any, keep: Any, top: int) -> Any:
        return balance(xp, share, chosen & seated, keep, top)

    return _with_part("balance", change, xp, z, keep, **how)


@spoil(
    "value",
    url=GITHUB + "AI-Hypercomputer/maxtext/pull/1433",
    variants=BALANCE_TWO,
)
def shares_of_the_chosen_alone(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Adds up the shares of the chosen experts among themselves."""

    def change(xp: Any, z: Any) -> Any:
        chosen = PARTS.ranks(xp, z) < how["top"]
        return soften(xp, xp.where(chosen, z, -float("inf")))

    return _with_part("soften", change, xp, z, mask, **how)


@spoil("value", url=GITHUB + "keras-team/keras-hub/pull/2665")
def everything_behind_the_first(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Counts every position that sees a valid one, as a causal mask has it."""
    seen = xp.cumulative_sum(xp.astype(read_mask(xp, z, mask), xp.int32), axis=1)
    return route(xp, z, seen > 0, **how)


@spoil("value", url=MEGATRON + "pull/5011")
def moves_the_mask(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Moves the mask by one position against the logits."""
    keep = read_mask(xp, z, mask)
    return route(xp, z, xp.roll(keep, 1, axis=1), **how)


@spoil("value")
def flattens_time_first(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Lays the mask out with time before the batch, and not the logits."""
    keep = read_mask(xp, z, mask)
    return route(xp, z, keep.T.reshape(keep.shape), **how)


@squares("value")
def adds_logarithms(xp: Any, logs: Any) -> Any:
    """Takes the mean of the logarithms, and no squares."""
    del xp
    return logs


@squares("value")
def halves_the_square(xp: Any, logs: Any) -> Any:
    """Gives half the square."""
    del xp
    return logs * logs / 2


@spoil("value", variants=Z_LOSS)
def squares_the_mean(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Squares the mean of the logarithms."""
    found = _with_part("square", lambda _xp, logs: logs, xp, z, mask, **how)
    return found * found


@spoil("value", url=MEGATRON + "pull/4776", variants=Z_LOSS)
def adds_logarithms_of_padding(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Adds padding's squares to the sum, whose logits are zero."""
    keep = read_mask(xp, z, mask)

    def reduce(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
        del reduction
        squares = log_sum(xp, clean(xp, z, keep)) ** 2
        return xp.sum(squares) / at_least_one(xp, lengths(xp, keep), losses)

    return _with_part("reduce", reduce, xp, z, keep, **how)


@spoil("large-values", variants=Z_LOSS)
def no_maximum_subtracted(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Takes exp of logits as they are, which overflows."""
    del how
    keep = read_mask(xp, z, mask)
    powers = xp.sum(xp.exp(clean(xp, z, keep)), axis=2)
    losses = xp.where(keep, xp.log(powers) ** 2, 0.0)
    return xp.astype(PARTS.reduce(xp, losses, keep, "mean"), z.dtype)


@seats("crowding", url=MEGATRON + "pull/5542")
def padding_takes_places(
    xp: Any, ranks: Any, keep: Any, top: int, capacity: int
) -> Any:
    """Counts padding among those that take a place, and gives it none."""
    everywhere = xp.ones_like(keep)
    return seat(xp, ranks, keep, top, capacity, counted=everywhere)


@seats("value", variants=TWO)
def padding_queues_for_second_choices(
    xp: Any, ranks: Any, keep: Any, top: int, capacity: int
) -> Any:
    """Lets second choices queue behind padding's first ones."""
    everywhere = xp.ones_like(keep)
    return seat(xp, ranks, keep, top, capacity, queued=everywhere)


@seats("value", url=HF + "pull/48421")
def places_of_the_batch(xp: Any, ranks: Any, keep: Any, top: int, capacity: int) -> Any:
    """Gives as many places to the batch, row after row."""
    flat = ranks.reshape((1, -1, ranks.shape[2]))
    found = seat(xp, flat, keep.reshape((1, -1)), top, capacity)
    return found.reshape(ranks.shape)


@seats("extra-padding", url=GITHUB + "marin-community/marin/issues/8953")
def places_grow_with_time(
    xp: Any, ranks: Any, keep: Any, top: int, capacity: int
) -> Any:
    """Gives as many places as the padded length asks for."""
    return seat(xp, ranks, keep, top, max(capacity, keep.shape[1] // 2))


@seats("first-come")
def one_place_more(xp: Any, ranks: Any, keep: Any, top: int, capacity: int) -> Any:
    """Gives each expert one position more than it takes."""
    return seat(xp, ranks, keep, top, capacity + 1)


@seats("first-come")
def one_place_less(xp: Any, ranks: Any, keep: Any, top: int, capacity: int) -> Any:
    """Gives each expert one position less than it takes."""
    return seat(xp, ranks, keep, top, capacity - 1)


@seats("first-come")
def last_come(xp: Any, ranks: Any, keep: Any, top: int, capacity: int) -> Any:
    """Gives the places to the last positions of a row."""
    ranks, keep = (xp.flip(each, axis=1) for each in (ranks, keep))
    return xp.flip(seat(xp, ranks, keep, top, capacity), axis=1)


@seats("first-come", url=HF + "issues/48293")
def takes_everyone(xp: Any, ranks: Any, keep: Any, top: int, capacity: int) -> Any:
    """Gives every position its experts."""
    del capacity
    return seat(xp, ranks, keep, top, max(keep.shape[1], 1))


@seats("value", variants=TWO)
def second_choices_in_turn(
    xp: Any, ranks: Any, keep: Any, top: int, capacity: int
) -> Any:
    """Gives places position by position, its second choice with its first."""
    asks = (ranks < top) & keep[..., None]
    place = xp.cumulative_sum(xp.astype(asks, xp.int32), axis=1)
    return asks & (place <= capacity)


@seats("value", variants=TWO)
def second_choices_have_places_of_their_own(
    xp: Any, ranks: Any, keep: Any, top: int, capacity: int
) -> Any:
    """Counts places for first and for second choices apart."""
    return seat(xp, ranks, keep, top, capacity, queued=xp.zeros_like(keep))


@seats("value", url=GITHUB + "vllm-project/vllm/pull/46428")
def routes_padding(xp: Any, ranks: Any, keep: Any, top: int, capacity: int) -> Any:
    """Gives padding an expert, behind all valid positions."""
    return seat(xp, ranks, keep, top, capacity) | ((ranks < top) & ~keep[..., None])


@weighs("value", variants=TWO)
def weighs_among_all(xp: Any, z: Any, share: Any, chosen: Any, top: int) -> Any:
    """Gives two chosen experts their shares among all."""
    del xp, z, chosen, top
    return share


@weighs("value", variants=ONE)
def weighs_one_alone(xp: Any, z: Any, share: Any, chosen: Any, top: int) -> Any:
    """Gives one chosen expert all."""
    del z, chosen, top
    return xp.ones_like(share)


@weighs("value")
def gives_what_others_have(xp: Any, z: Any, share: Any, chosen: Any, top: int) -> Any:
    """Gives a chosen expert what all the others have."""
    return 1 - weigh(xp, z, share, chosen, top)


@spoil("value", variants=TWO)
def weighs_what_is_left(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Gives all to the one expert that took the position where another did not."""
    found = widen(xp, correct(xp, z, mask, **how))
    total = xp.sum(found, axis=2, keepdims=True)
    return xp.astype(found / xp.where(total > 0, total, 1.0), z.dtype)


@spoil("wild-padding")
def multiplies_by_the_mask(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Multiplies the answer, or what is added up, by the mask after it is NaN."""
    keep = read_mask(xp, z, mask)
    wide = widen(xp, z)
    away = xp.sum(wide, axis=-1) * xp.astype(~keep, wide.dtype)
    found = route(xp, z, keep, **how)
    spread = 0 * (away[..., None] if found.ndim else xp.sum(away))
    return xp.astype(found + spread, z.dtype)


for _name, _clause, _text, _change in (
    (
        "rows-stay-sorted",
        "value",
        "sorts the rows by length and does not sort the answers back",
        sort_rows,
    ),
    (
        "squeezes-every-axis",
        "length-one",
        "squeezes every axis of length one, the batch's too",
        squeeze,
    ),
):
    MUTANTS.add(_name, _clause, _text, partial(_change, route), variants=DISPATCH)


@gradient(variants=SCALAR)
def gradient_leaks_to_padding(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Sends a gradient to padding, behind a right value."""
    away = xp.where(over(read_mask(xp, z, mask), z), 0.0, xp.clip(z, -1, 1))
    return correct(xp, z, mask, **how) + xp.sum(away - away.detach())


@gradient(variants=DISPATCH)
def gradient_through_the_others(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Lets a position without a place train the router, behind a right value."""
    keep = read_mask(xp, z, mask)
    share = xp.where(over(keep, z), soften(xp, clean(xp, z, keep)), 0.0)
    return correct(xp, z, mask, **how) + xp.astype(share - share.detach(), z.dtype)


@gradient()
def gradient_unconnected(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Lets no gradient through."""
    return correct(xp, z.detach(), mask, **how)


@gradient(variants=BALANCE)
def gradient_to_the_first_expert(xp: Any, z: Any, mask: Any, **how: Any) -> Any:
    """Trains the first expert's share alone, behind a right value."""
    rest = xp.concat([z[..., :1], z[..., 1:].detach()], axis=2)
    return correct(xp, rest, mask, **how)
