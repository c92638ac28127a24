"""Decoding over an array namespace, which the mutants change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.operations._common.arrays import clean, lengths, read_mask
from conformance.operations.attention.mutants_formulas import (
    finish,
    mix_values,
    scores,
    shares,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Given(NamedTuple):
    """What decoding is given, in the order in which it takes it."""

    query: Any
    step_key: Any
    step_value: Any
    runs: Any
    key: Any
    value: Any
    mask: Any

    def keep(self, xp: Any) -> Any:
        """Return which positions of the prompt count, ``[B, T]``."""
        return read_mask(xp, self.key, self.mask)


def correct(xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Return each step's mean of the values that it sees, zero at padded steps."""
    return see(visible_slots, xp, *tensors, chunk=chunk)


def see(formula: Any, xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Attend to the slots that ``formula(xp, runs, keep)`` lets each step see.

    It returns ``[B or 1, S or 1, T + S]``, of the prompt's slots and then the steps'.
    """
    del chunk
    given = Given(*tensors)
    runs, time = given.runs, given.key.shape[1] + given.runs.shape[1]
    sees = xp.broadcast_to(formula(xp, runs, given.keep(xp)), (*runs.shape, time))
    key = join(xp, given.key, given.step_key)
    value = join(xp, given.value, given.step_value)
    return attend(xp, given.query, runs, key, value, sees)


def change(formula: Any, xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Decode rightly what ``formula(xp, given)`` makes of what is given."""
    return correct(xp, *formula(xp, Given(*tensors)), chunk=chunk)


def change_mask(change: Any, xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Decode with the prompt's mask gone wrong."""
    given = Given(*tensors)
    wrong = given._replace(mask=change(xp, given.keep(xp)))
    return correct(xp, *wrong, chunk=chunk)


def answer(formula: Any, xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Return what ``formula(xp, given)`` answers, whether in a chunk or not."""
    del chunk
    return formula(xp, Given(*tensors))


def attend(  # noqa: PLR0917 - a cache, and who sees what of it
    xp: Any, query: Any, runs: Any, key: Any, value: Any, sees: Any
) -> Any:
    """Attend from the valid steps to the slots that each of them sees.

    Args:
        xp: The array namespace.
        query: Queries ``[B, S, N, D]``.
        runs: Which of them count, ``[B, S]``.
        key: The cached keys ``[B, K, N, D]``; what no step sees is taken for zero.
        value: The values likewise.
        sees: Which slot each step sees, ``[B, S, K]``.
    """
    kept = xp.any(sees & runs[:, :, None], axis=1)
    k, v = clean(xp, key, kept), clean(xp, value, kept)
    numbers = scores(xp, clean(xp, query, runs), k) / query.shape[3] ** 0.5
    weights = shares(xp, numbers, sees[:, None])
    return finish(xp, mix_values(xp, weights, v), runs, query)


def attend_raw(  # noqa: PLR0917 - a cache, and who sees what of it
    xp: Any,
    given: Given,
    key: Any,
    value: Any,
    sees: Any,
    weigh: Callable[[Any, Any, Any], Any] = shares,
) -> Any:
    """Attend to a cache as it is, ``sees [B, 1 or N, S, K]``."""
    query, runs = given.query, given.runs
    numbers = scores(xp, clean(xp, query, runs), key) / query.shape[3] ** 0.5
    return finish(xp, mix_values(xp, weigh(xp, numbers, sees), value), runs, query)


def visible_slots(xp: Any, runs: Any, keep: Any) -> Any:
    """Return which slot each step sees: the valid ones up to its own."""
    return valid_slots(xp, runs, keep) & earlier_slots(xp, runs, keep)


def valid_slots(xp: Any, runs: Any, keep: Any) -> Any:
    """Return which slots hold what counts, ``[B, 1, T + S]``."""
    return join(xp, keep, runs)[:, None, :]


def earlier_slots(xp: Any, runs: Any, keep: Any, late: int = 0) -> Any:
    """Return which slots are no later than each step's own, ``[1, S, T + S]``."""
    step, slot = xp.arange(runs.shape[1]), number_slots(xp, runs, keep)
    return slot[None, None, :] <= (step + keep.shape[1] + late)[None, :, None]


def number_slots(xp: Any, runs: Any, keep: Any) -> Any:
    """Return the slots' numbers, ``[T + S]``."""
    return xp.arange(keep.shape[1] + runs.shape[1])


def join(xp: Any, prompt: Any, steps: Any) -> Any:
    """Return what the prompt has, and the steps behind it, in the wider dtype."""
    dtype = steps.dtype if steps.dtype.itemsize > prompt.dtype.itemsize else None
    wide = prompt if dtype is None else xp.astype(prompt, dtype)
    return xp.concat([wide, xp.astype(steps, wide.dtype)], axis=1)


def write_at(formula: Any, xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Write each row's steps behind so many slots as ``formula(xp, keep)`` says.

    It returns ``[B, 1]``. Padding stands behind each row's prompt, and a step sees as
    many slots as its row has written: right where that is the prompt's length.
    """
    del chunk
    given = Given(*tensors)
    runs, keep = given.runs, given.keep(xp)
    order = xp.argsort(xp.astype(xp.logical_not(keep), xp.int32), axis=1, stable=True)
    rows = xp.arange(keep.shape[0])[:, None]
    begin, own, slot = (
        formula(xp, keep),
        lengths(xp, keep),
        number_slots(xp, runs, keep),
    )
    steps = [clean(xp, x, runs) for x in (given.step_key, given.step_value)]
    cache = [
        join(xp, clean(xp, prompt, keep)[rows, order], xp.zeros_like(new))
        for prompt, new in zip((given.key, given.value), steps, strict=True)
    ]
    written, found = join(xp, keep[rows, order], xp.zeros_like(runs)), []
    for at in range(runs.shape[1]):
        now, here = slice(at, at + 1), slot[None, :] == begin + at
        cache = [
            xp.where(here[:, :, None, None], new[:, now], old)
            for new, old in zip(steps, cache, strict=True)
        ]
        written = xp.where(slot[None, :] == own + at, runs[:, now], written)
        key, value, sees = *cache, written[:, None]
        found.append(attend(xp, given.query[:, now], runs[:, now], key, value, sees))
    return xp.concat(found, axis=1)
