"""The second oracle of ``crf_log_likelihood``: every path, one after the other.

Scores are exact fractions, their powers have 50 digits. It shares nothing with
``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {
        "emissions": ("B T K",),
        "tags": ("B T",),
        "transitions": ("K K",),
        "start": ("K",),
        "end": ("K",),
        "want": ("B",),
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's log-likelihood; None where an adapter declares.

    >>> inputs = {"emissions": [[[0, 0], [0, 9]]], "tags": [[1, 0]],
    ...           "transitions": [[0, 0], [0, 0]], "start": [0, 0], "end": [0, 0]}
    >>> answer({}, inputs, [[True, False]], {})
    [-0.6931471805599453]

    Raises:
        ValueError: A tag at a valid position is no tag.
    """
    del options, weights
    return [
        _row(
            [each for each, counts in zip(emissions, keep, strict=True) if counts],
            [tag for tag, counts in zip(tags, keep, strict=True) if counts],
            inputs,
        )
        for emissions, tags, keep in zip(
            inputs["emissions"], inputs["tags"], mask, strict=True
        )
    ]


def _row(
    emissions: Sequence[Sequence[float]],
    tags: Sequence[int],
    inputs: Mapping[str, Nested],
) -> float | None:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not tags:
        return None
    own = score(emissions, tags, inputs)
    every = [score(emissions, path, inputs) for path in paths(emissions)]
    if any(map(math.isnan, every)):
        return math.nan
    if own == -math.inf:
        # Of nothing but impossible paths no share can be taken.
        return math.nan if max(every) == -math.inf else -math.inf
    with mpmath.workdps(50):
        powers = [_power(each, own) for each in every if each != -math.inf]
        # log1p of the others keeps the digits of a path that is almost certain.
        powers.remove(1)
        return float(-mpmath.log1p(mpmath.fsum(powers)))


def _power(one: Any, own: Any) -> Any:
    import mpmath

    apart = Fraction(one) - Fraction(own)
    return mpmath.exp(mpmath.mpf(apart.numerator) / mpmath.mpf(apart.denominator))


def paths(emissions: Sequence[Sequence[float]]) -> Iterator[tuple[int, ...]]:
    """Return every path of tags through the given positions."""
    return itertools.product(range(len(emissions[0])), repeat=len(emissions))


def score(
    emissions: Sequence[Sequence[float]],
    tags: Sequence[int],
    inputs: Mapping[str, Nested],
) -> Any:
    """Return a path's exact score: a fraction, or a float that is infinite or NaN.

    Raises:
        ValueError: A tag is none of those that there are.
    """
    transitions, start, end = (inputs[name] for name in ("transitions", "start", "end"))
    for tag in tags:
        if not 0 <= tag < len(start):
            msg = f"tag {tag} is none of the {len(start)} tags"
            raise ValueError(msg)
    terms = [start[tags[0]], end[tags[-1]]]
    terms += [here[tag] for here, tag in zip(emissions, tags, strict=True)]
    terms += [transitions[a][b] for a, b in itertools.pairwise(tags)]
    strange = [float(term) for term in terms if not math.isfinite(term)]
    return sum(strange) if strange else sum(map(Fraction, terms))
