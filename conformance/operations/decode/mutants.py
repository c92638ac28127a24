"""Decoding made wrong on purpose: masks, triangles, slots and rows of a cache."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, lengths
from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants, compiled
from conformance.operations.attention.mutants_formulas import fill, finish, shares
from conformance.operations.decode.mutants_formulas import (
    Given,
    answer,
    attend,
    attend_raw,
    change,
    change_mask,
    correct,
    earlier_slots,
    join,
    number_slots,
    see,
    valid_slots,
    visible_slots,
    write_at,
)

GITHUB = "https://github.com/"
HF = GITHUB + "huggingface/transformers/"
TORCH = GITHUB + "pytorch/pytorch/"
SINGLE = ("decode.single",)
CHUNK = ("decode.chunk",)
MUTANTS = Mutants("decode", correct, around=see)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_masks(
    MUTANTS,
    change_mask,
    # The first is what steps do that get no mask, which people met.
    without=("ignores-the-mask", "forgets-the-first-position", "last-rows-mask"),
)


@wrong("value", url=GITHUB + "ml-explore/mlx-lm/issues/1906")
def forgets_the_mask_at_steps(xp: Any, runs: Any, keep: Any) -> Any:
    """Gives no mask to the steps, which see the prompt's padding."""
    return earlier_slots(xp, runs, keep)


@wrong("value", url=GITHUB + "TransformerLensOrg/TransformerLens/pull/1617")
def masks_the_first_step_alone(xp: Any, runs: Any, keep: Any) -> Any:
    """Gives the mask to the first step alone; later ones see the prompt's padding."""
    later = xp.arange(runs.shape[1])[None, :, None] > 0
    return visible_slots(xp, runs, keep) | (earlier_slots(xp, runs, keep) & later)


@wrong("value", url=HF + "issues/16811")
def mask_covers_the_prompt_alone(xp: Any, runs: Any, keep: Any) -> Any:
    """Does not lengthen the mask with the steps, whose keys it hides."""
    return valid_slots(xp, xp.zeros_like(runs), keep)


@wrong("value", variants=CHUNK, url=TORCH + "issues/108108")
def triangle_from_the_top_left(xp: Any, runs: Any, keep: Any) -> Any:
    """Lets the first step of a chunk see the first key alone, the next one two."""
    early = earlier_slots(xp, runs, keep, late=-keep.shape[1])
    return valid_slots(xp, runs, keep) & early


@wrong("value", variants=SINGLE, url=GITHUB + "google/flax/issues/5591")
def each_step_sees_the_first_key(xp: Any, runs: Any, keep: Any) -> Any:
    """Cuts a triangle of one row for each step, which sees the first slot alone."""
    return valid_slots(xp, runs, keep) & (number_slots(xp, runs, keep) == 0)


@wrong("later-steps", variants=CHUNK, url=GITHUB + "Mikyx-1/TinyLLM/issues/17")
def chunk_has_no_triangle(xp: Any, runs: Any, keep: Any) -> Any:
    """Lets the steps of a chunk see those behind them."""
    return valid_slots(xp, runs, keep)


@wrong("value", url=GITHUB + "harvard-edge/cs249r_book/pull/1953")
def own_key_is_not_seen(xp: Any, runs: Any, keep: Any) -> Any:
    """Reads the cache before a step's own key is in it."""
    early = earlier_slots(xp, runs, keep, late=-1)
    return valid_slots(xp, runs, keep) & early


@wrong("value", url=GITHUB + "fla-org/flash-linear-attention/pull/599")
def begins_with_an_empty_cache(xp: Any, runs: Any, keep: Any) -> Any:
    """Loses the prompt: steps see steps alone."""
    return visible_slots(xp, runs, xp.zeros_like(keep))


@wrong("value")
def steps_are_not_cached(xp: Any, runs: Any, keep: Any) -> Any:
    """Leaves the steps out of the cache: each sees the prompt and itself."""
    others = earlier_slots(xp, runs, keep, late=-1)
    prompt = number_slots(xp, runs, keep) < keep.shape[1]
    return visible_slots(xp, runs, keep) & (prompt | xp.logical_not(others))


@wrong("skipped-steps", url=GITHUB + "microsoft/onnxruntime-genai/pull/1814")
def padded_steps_stay_in_the_cache(xp: Any, runs: Any, keep: Any) -> Any:
    """Sees the keys of padded steps that went before."""
    return visible_slots(xp, xp.ones_like(runs), keep)


@wrong("value", variants=SINGLE, url=GITHUB + "Blaizzy/mlx-vlm/issues/1889")
def mask_stays_where_rows_leave(xp: Any, runs: Any, keep: Any) -> Any:
    """Takes rows that have ended out of the cache and not out of its mask."""
    ended, found = xp.astype(xp.logical_not(runs), xp.int32), []
    for at in range(runs.shape[1]):
        # Rows that go on move up; there[row] is where a row is then.
        there = xp.argsort(xp.argsort(ended[:, at], stable=True), stable=True)
        found.append(visible_slots(xp, runs, keep[there])[:, at : at + 1])
    return xp.concat(found, axis=1)


@wrong(
    "value",
    around=answer,
    variants=SINGLE,
    url=GITHUB + "vllm-project/vllm/pull/47926",
)
def unwritten_slots_count(xp: Any, given: Given) -> Any:
    """Sees the cache to its end: slots not written yet are keys of zero."""
    runs, keep = given.runs, given.keep(xp)
    later = xp.logical_not(earlier_slots(xp, runs, keep))[:, None]
    seen = visible_slots(xp, runs, keep)[:, None]

    def weigh(xp: Any, numbers: Any, sees: Any) -> Any:
        found = shares(xp, xp.where(later, 0.0, numbers), sees | later)
        return xp.where(later, 0.0, found)

    return attend_raw(xp, given, *_clean_cache(xp, given), seen, weigh)


@wrong("value", around=change, url=GITHUB + "microsoft/onnxruntime-genai/pull/2354")
def leaves_a_slot_unwritten(xp: Any, given: Given) -> Any:
    """Leaves a slot between the prompt and the steps: a key of zero that counts."""
    none = xp.zeros_like(given.step_key[:, :1])
    key, value = (join(xp, x, none) for x in (given.key, given.value))
    mask = join(xp, given.keep(xp), xp.ones_like(given.runs[:, :1]))
    return given._replace(key=key, value=value, mask=mask)


@wrong("value", around=change, url=GITHUB + "lablup/mlxcel/issues/994")
def writes_over_the_prompts_end(xp: Any, given: Given) -> Any:
    """Writes the first step into the last slot of the prompt."""
    arrays = (given.key, given.value, given.keep(xp))
    key, value, mask = (array[:, :-1] for array in arrays)
    return given._replace(key=key, value=value, mask=mask)


@wrong("value", around=write_at, url=GITHUB + "google-deepmind/gemma/pull/765")
def first_rows_end_for_all(xp: Any, keep: Any) -> Any:
    """Writes all rows' steps behind the first row's prompt."""
    return xp.broadcast_to(lengths(xp, keep)[:1], (keep.shape[0], 1))


@wrong("value", around=write_at, url=GITHUB + "jundot/omlx/pull/2201")
def longest_rows_end_for_all(xp: Any, keep: Any) -> Any:
    """Writes all rows' steps behind the longest row's prompt."""
    top = xp.max(lengths(xp, keep), axis=0, keepdims=True)
    return xp.broadcast_to(top, (keep.shape[0], 1))


@wrong("value", around=change, url=GITHUB + "quic/efficient-transformers/pull/1209")
def all_rows_write_to_one(xp: Any, given: Given) -> Any:
    """Writes the steps of all rows to one place, where the last row's remain."""
    arrays = (given.step_key, given.step_value)
    key, value = (xp.broadcast_to(x[-1:], x.shape) for x in arrays)
    return given._replace(step_key=key, step_value=value)


@wrong("value", around=change, url=HF + "issues/46612")
def cache_stays_where_rows_move(xp: Any, given: Given) -> Any:
    """Moves the rows behind the prompt, by length, and leaves the cache as it was."""
    keep = given.keep(xp)
    order = xp.argsort(-lengths(xp, keep)[:, 0], stable=True)
    key, value, mask = (x[order] for x in (given.key, given.value, keep))
    return given._replace(key=key, value=value, mask=mask)


@wrong("empty-row", raw=True, url=GITHUB + "Dao-AILab/flash-attention/pull/978")
def empty_prompt_is_nan(xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Joins what prompt and steps give: NaN where there is no prompt."""
    found, given = correct(xp, *tensors, chunk=chunk), Given(*tensors)
    some = xp.any(given.keep(xp), axis=1, keepdims=True)
    shown = some | xp.logical_not(given.runs)
    return xp.where(shown[:, :, None, None], found, float("nan"))


@wrong("value", around=answer, url=TORCH + "pull/184180")
def mask_tiled_over_heads(xp: Any, given: Given) -> Any:
    """Tiles the mask over the heads where it has to repeat each row's."""
    rows, heads = given.query.shape[0], given.query.shape[2]
    sees = visible_slots(xp, given.runs, given.keep(xp))
    tiled = sees[xp.arange(rows * heads) % rows]
    tiled = xp.reshape(tiled, (rows, heads, *sees.shape[1:]))
    key = join(xp, given.key, given.step_key)
    value = join(xp, given.value, given.step_value)
    return attend_raw(xp, given, key, value, tiled)


@wrong("large-keys", around=answer, url=GITHUB + "facebookresearch/fairseq/issues/3575")
def fills_minus_1e9(xp: Any, given: Given) -> Any:
    """Fills the scores of padding with -1e9, which smaller ones lose to."""
    sees = visible_slots(xp, given.runs, given.keep(xp))[:, None]
    weigh = partial(fill, -1000000000.0)
    return attend_raw(xp, given, *_clean_cache(xp, given), sees, weigh)


@wrong(
    "wild-padding", around=answer, url=GITHUB + "Dao-AILab/flash-attention/issues/2374"
)
def multiplies_padded_values_by_zero(xp: Any, given: Given) -> Any:
    """Multiplies padded values by a probability of zero, which NaN survives."""
    runs, sees = given.runs, visible_slots(xp, given.runs, given.keep(xp))
    key = join(xp, given.key, clean(xp, given.step_key, runs))
    value = join(xp, given.value, clean(xp, given.step_value, runs))
    return attend_raw(xp, given, key, value, sees[:, None])


@wrong("wild-steps", around=answer, url=GITHUB + "vllm-project/vllm/pull/47305")
def multiplies_later_steps_by_zero(xp: Any, given: Given) -> Any:
    """Multiplies what is behind a row's end by zero, which NaN survives."""
    keep = given.keep(xp)
    key = join(xp, clean(xp, given.key, keep), given.step_key)
    value = join(xp, clean(xp, given.value, keep), given.step_value)
    sees = visible_slots(xp, given.runs, keep)
    return attend_raw(xp, given, key, value, sees[:, None])


@wrong(
    "contract", raw=True, url=GITHUB + "TransformerLensOrg/TransformerLens/pull/1260"
)
def answers_in_the_caches_dtype(xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Answers in float64, as its cache is kept, whatever the input's dtype."""
    return xp.astype(correct(xp, *tensors, chunk=chunk), xp.float64)


@wrong("contract", around=change)
def zeroes_its_prompt(xp: Any, given: Given) -> Any:
    """Zeroes padding in the caller's own keys, which it takes for its cache."""
    given.key[~given.keep(xp)] = 0.0
    return given


@wrong("layout", around=change)
def reads_memory(xp: Any, given: Given) -> Any:
    """Reads memory in the order it lies in, not elements."""
    del xp
    return given._replace(key=given.key.ravel(order="K").reshape(given.key.shape))


@wrong("mask-form", around=change)
def inverts_the_mask_bitwise(xp: Any, given: Given) -> Any:
    """Inverts the mask with ~, which is right for booleans only."""
    floats = given.mask is None or given.mask.dtype.kind == "f"
    return given._replace(mask=given.keep(xp) if floats else ~given.mask == 0)


@wrong("length-one", raw=True)
def squeezes_the_batch(xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Squeezes the batch's axis when there is one row."""
    found = correct(xp, *tensors, chunk=chunk)
    return found[0] if found.shape[0] == 1 else found


@wrong("valid-nan", raw=True, url=TORCH + "issues/24816")
def nan_becomes_zero(xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Replaces NaN in the answer with 0."""
    found = correct(xp, *tensors, chunk=chunk)
    return xp.where(xp.isnan(found), 0.0, found)


@gradient(around=change, url=GITHUB + "huggingface/trl/pull/2669")
def gradient_past_the_prompt(xp: Any, given: Given) -> Any:
    """Lets no gradient through to the prompt, whose keys were cached without one."""
    del xp
    return given._replace(key=given.key.detach(), value=given.value.detach())


@gradient(around=change, url=HF + "pull/43923")
def gradient_past_the_cache(xp: Any, given: Given) -> Any:
    """Lets no gradient through to the steps' keys, which it caches without one."""
    del xp
    held = (array.detach() for array in (given.step_key, given.step_value))
    return given._replace(**dict(zip(("step_key", "step_value"), held, strict=True)))


@gradient(raw=True)
def gradient_leaks_to_padding(xp: Any, *tensors: Any, chunk: bool) -> Any:
    """Sends a gradient to padded keys, behind a right value."""
    key = tensors[4]
    leak = xp.sum(key - key.detach(), axis=1, keepdims=True)
    return correct(xp, *tensors, chunk=chunk) + 0.5 * leak


@gradient("wild-step-gradient", around=answer, url=TORCH + "issues/41508")
def gradient_of_padded_steps(xp: Any, given: Given) -> Any:
    """Selects the padded steps' answers away after they were computed."""
    # A right answer. Its derivative is zero there, times the NaN of such a query.
    runs, query = given.runs, given.query
    sees = visible_slots(xp, runs, given.keep(xp))
    full = xp.ones_like(runs)
    found = attend(xp, query, full, *_clean_cache(xp, given), sees)
    return finish(xp, found, runs, query)


@gradient("wild-gradient", around=answer, url=TORCH + "issues/41508")
def gradient_of_unselected_scores(xp: Any, given: Given) -> Any:
    """Selects the scores after the product: NaN in the gradient."""
    key = join(xp, given.key, clean(xp, given.step_key, given.runs))
    value = _clean_cache(xp, given)[1]
    sees = visible_slots(xp, given.runs, given.keep(xp))
    return attend_raw(xp, given, key, value, sees[:, None])


@wrong("route", around=change, url=HF + "issues/30351", **compiled())
def locked_to_the_first_prompt(xp: Any, given: Given) -> Any:
    """Bakes the first prompt's lengths into the compiled function."""
    rows, time = given.key.shape[:2]
    try:
        known = [int(number) for number in lengths(xp, given.keep(xp))[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [time] * rows
    used = xp.arange(time)[None] < xp.asarray(known)[:, None]
    return given._replace(mask=used)


def _clean_cache(xp: Any, given: Given) -> tuple[Any, Any]:
    """Return keys and values of the prompt and the steps, zero at padding."""
    keep, runs = given.keep(xp), given.runs
    return (
        join(xp, clean(xp, given.key, keep), clean(xp, given.step_key, runs)),
        join(xp, clean(xp, given.value, keep), clean(xp, given.step_value, runs)),
    )
