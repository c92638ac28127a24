"""Rotary embeddings made wrong on purpose: positions, rates, pairs and precision."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import (
    clean,
    lengths,
    places,
    read_mask,
    through_bfloat16,
    widen,
)
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import Mutants
from conformance.operations.positions.mutants_formulas import find_first
from conformance.operations.rotary.mutants_formulas import (
    count,
    find_angles,
    find_rates,
    finish,
    join,
    mix,
    split,
    turn,
    turn_by,
)

GITHUB = "https://github.com/"
HF = GITHUB + "huggingface/transformers/"
HALF = ("rotary.half",)
INTERLEAVED = ("rotary.interleaved",)

LEFT_OUT = frozenset(
    (
        # What the positions and the attention beside it are asked often enough.
        "one-position-too-many",
        "everything-up-to-the-last",
        "longest-row-for-all",
        "forgets-the-first-position",
        "rows-stay-sorted",
        # In float64 or not: tables that are wider than the input are met.
        "answers-in-float64",
    )
)
"""Mistakes of any operation that are not asked again."""


def correct(xp: Any, x: Any, mask: Any, *, layout: str) -> Any:
    """Return x with each valid token's features turned, zero at padding."""
    return call_formula(turn, xp, x, mask, layout=layout)


def count_wrongly(formula: Any, xp: Any, x: Any, mask: Any, *, layout: str) -> Any:
    """Turn by the positions ``formula(xp, keep)``."""
    keep = read_mask(xp, x, mask)
    angles = find_angles(xp, x, keep, formula(xp, keep))
    return turn_by(xp, x, keep, angles, layout)


def rate_wrongly(formula: Any, xp: Any, x: Any, mask: Any, *, layout: str) -> Any:
    """Turn by the rates ``formula(features)``."""
    keep = read_mask(xp, x, mask)
    angles = find_angles(xp, x, keep, rates=formula(x.shape[3]))
    return turn_by(xp, x, keep, angles, layout)


MUTANTS = Mutants("rotary", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(MUTANTS, turn, without=LEFT_OUT)


@wrong("front-padding", around=count_wrongly, url=HF + "issues/22161")
def counts_padding(xp: Any, keep: Any) -> Any:
    """Counts along the row, padding in front of a token included."""
    return places(xp, keep)


@wrong(
    "left-padding",
    around=count_wrongly,
    url=GITHUB + "rasbt/reasoning-from-scratch/issues/33",
)
def first_rows_padding(xp: Any, keep: Any) -> Any:
    """Takes away the padding in front of the first row, not of each row."""
    return places(xp, keep) - find_first(xp, keep)[0]


@wrong(
    "gaps",
    around=count_wrongly,
    url=GITHUB + "TransformerLensOrg/TransformerLens/pull/1610",
)
def counts_gaps(xp: Any, keep: Any) -> Any:
    """Counts along the row from its first token on, padding in between included."""
    return places(xp, keep) - find_first(xp, keep)


@wrong("value", around=count_wrongly, url=GITHUB + "verl-project/verl/pull/4243")
def aligned_at_the_padded_end(xp: Any, keep: Any) -> Any:
    """Takes every row for one that is padded on the left."""
    return places(xp, keep) - (keep.shape[1] - lengths(xp, keep))


@wrong(
    "value", around=count_wrongly, url=GITHUB + "PrimeIntellect-ai/prime-rl/pull/3466"
)
def counts_from_one(xp: Any, keep: Any) -> Any:
    """Turns the first token as well, by one position."""
    return count(xp, keep) + 1


@wrong("same-distance", around=count_wrongly)
def counts_twice(xp: Any, keep: Any) -> Any:
    """Adds positions up that are counted already."""
    return xp.cumulative_sum(count(xp, keep), axis=1)


@wrong("far-tokens", around=count_wrongly, url=GITHUB + "jax-ml/jax/pull/4455")
def clipped_at_the_table(xp: Any, keep: Any) -> Any:
    """Gives all tokens beyond the table's 512 the last position in it."""
    return xp.clip(count(xp, keep), 0, 511)


@wrong("far-tokens", around=count_wrongly, url=GITHUB + "EleutherAI/gpt-neox/pull/1016")
def positions_in_bfloat16(xp: Any, keep: Any) -> Any:
    """Keeps positions in bfloat16, which has no odd number beyond 256."""
    return through_bfloat16(xp, xp.astype(count(xp, keep), xp.float32))


@wrong("value", url=GITHUB + "EleutherAI/gpt-neox/issues/1003")
def angles_in_bfloat16(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Rounds angles to bfloat16 before the sine and the cosine."""
    angles = through_bfloat16(xp, find_angles(xp, x, keep))
    return turn_by(xp, x, keep, angles, layout)


@wrong("value", url=HF + "issues/25681")
def tables_in_bfloat16(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Rounds sines and cosines to bfloat16, whatever the input's dtype."""
    angles = find_angles(xp, x, keep)
    cos, sin = xp.cos(angles), xp.sin(angles)
    parts = through_bfloat16(xp, cos), through_bfloat16(xp, sin)
    return mix(xp, x, keep, parts, layout)


@wrong("value", around=rate_wrongly, url=GITHUB + "huggingface/candle/pull/3746")
def another_base(features: int) -> list[float]:
    """Turns pairs by powers of 500000, not of 10000."""
    return find_rates(features, base=500000.0)


@wrong("value", around=rate_wrongly, url=GITHUB + "rasbt/LLMs-from-scratch/issues/410")
def half_the_exponent(features: int) -> list[float]:
    """Divides the pair's number by D where D / 2 is right."""
    return find_rates(features, step=1.0)


@wrong(
    "value",
    around=rate_wrongly,
    url=GITHUB + "stanford-cs336/assignment1-basics/issues/22",
)
def exponents_half_a_pair_further(features: int) -> list[float]:
    """Takes 2 d + 1 for 2 d in the exponents."""
    return [rate * 10000.0 ** (-1 / features) for rate in find_rates(features)]


@wrong("value", around=rate_wrongly, url=GITHUB + "ByteDance-Seed/VeOmni/issues/414")
def rates_are_zero(features: int) -> list[float]:
    """Turns nothing: the rates were never filled in."""
    return [0.0] * (features // 2)


@wrong("value", url=GITHUB + "karpathy/nanochat/pull/489")
def turns_the_other_way(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Turns features by the negative angle."""
    return turn_by(xp, x, keep, -find_angles(xp, x, keep), layout)


@wrong("lengths-kept")
def sign_lost(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Adds b sin where it has to be subtracted."""
    angles = find_angles(xp, x, keep)
    cos, sin = xp.cos(angles), xp.sin(angles)
    a, b = split(clean(xp, x, keep), layout)
    found = join(xp, a * cos + b * sin, a * sin + b * cos, layout)
    return finish(xp, found, x, keep)


@wrong("value", url=GITHUB + "vllm-project/vllm-ascend/pull/12780")
def the_other_layout(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Pairs features as the other layout does."""
    other = "interleaved" if layout == "half" else "half"
    return turn(xp, x, keep, layout=other)


@wrong("value", variants=INTERLEAVED, url=GITHUB + "nntile/nntile/pull/382")
def pairs_not_put_back(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Leaves first features in one half and second ones in the other."""
    angles = find_angles(xp, x, keep)
    cos, sin = xp.cos(angles), xp.sin(angles)
    a, b = split(clean(xp, x, keep), layout)
    found = join(xp, a * cos - b * sin, a * sin + b * cos, "half")
    return finish(xp, found, x, keep)


@wrong(
    "lengths-kept",
    variants=HALF,
    url=GITHUB + "raiyanyahya/how-to-train-your-gpt/issues/6",
)
def rates_of_the_other_layout(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Pairs features by halves, and lays out their angles side by side."""
    angles = find_angles(xp, x, keep)
    wide = join(xp, angles, angles, "interleaved")
    a, b = split(clean(xp, x, keep), layout)
    crossed = join(xp, -b, a, layout)
    found = clean(xp, x, keep) * xp.cos(wide) + crossed * xp.sin(wide)
    return finish(xp, found, x, keep)


@wrong("value", url=GITHUB + "vllm-project/vllm/pull/41185")
def turns_some_pairs(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Turns the first half of the pairs alone."""
    rates = find_rates(x.shape[3])
    some = [r if d < len(rates) / 2 else 0.0 for d, r in enumerate(rates)]
    return turn_by(xp, x, keep, find_angles(xp, x, keep, rates=some), layout)


@wrong("value", url=GITHUB + "mlfoundations/open_lm/issues/4")
def over_the_heads(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Counts heads for positions, not tokens."""
    rates = xp.asarray(find_rates(x.shape[3]), dtype=widen(xp, x).dtype)
    heads = xp.astype(xp.arange(x.shape[2]), rates.dtype)
    return turn_by(xp, x, keep, (heads[:, None] * rates)[None, None], layout)


@wrong("value", url=GITHUB + "elixir-nx/emlx/issues/121")
def heads_add_to_the_position(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Turns each further head by one more position."""
    rates = xp.asarray(find_rates(x.shape[3]), dtype=widen(xp, x).dtype)
    heads = xp.astype(xp.arange(x.shape[2]), rates.dtype)[:, None] * rates
    return turn_by(xp, x, keep, find_angles(xp, x, keep) + heads, layout)


@wrong("contract", url=GITHUB + "facebookresearch/xformers/issues/325")
def answers_like_its_tables(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Answers in the dtype of its tables, not of the input."""
    return xp.astype(turn(xp, x, keep, layout=layout), xp.float64)


@gradient(url=GITHUB + "Dao-AILab/flash-attention/pull/569")
def gradient_turned_forwards(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Turns the gradient the same way as the features, not back."""
    # The value of one and the slope of the other.
    angles = find_angles(xp, x, keep)
    back = turn_by(xp, x, keep, -angles, layout)
    return turn_by(xp, x, keep, angles, layout).detach() + back - back.detach()
