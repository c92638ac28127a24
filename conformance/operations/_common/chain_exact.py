"""Every path of a linear chain, one after the other, in exact fractions.

For second oracles: it shares nothing with ``chain``, so that the two can be held
against each other.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Nested = Any

DIGITS = 50


def axes(options: Mapping[str, str], want: str) -> dict[str, tuple[str, ...]]:
    """Return the axes of each array of a chain whose ends are scored or free."""
    ends = {"start": ("K",), "end": ("K",)} if options["ends"] == "scored" else {}
    return {"emissions": ("B T K",), "transitions": ("K K",), **ends, "want": (want,)}


def keep_valid(row: Sequence[Any], keep: Sequence[bool]) -> list[Any]:
    """Return what a row has at valid positions."""
    return [each for each, counts in zip(row, keep, strict=True) if counts]


def score_paths(
    emissions: Sequence[Sequence[float]], inputs: Mapping[str, Nested]
) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield each path with its score: a fraction, or an infinite or NaN float."""
    width = len(inputs["transitions"])
    for path in itertools.product(range(width), repeat=len(emissions)):
        terms = [here[tag] for here, tag in zip(emissions, path, strict=True)]
        terms += [inputs["transitions"][a][b] for a, b in itertools.pairwise(path)]
        if "start" in inputs:
            terms += [inputs["start"][path[0]], inputs["end"][path[-1]]]
        strange = [float(term) for term in terms if not math.isfinite(term)]
        yield path, sum(strange) if strange else sum(map(Fraction, terms), Fraction())


def add_powers(scores: Sequence[Any], top: Any) -> Any:
    """Return the sum of exp(score - top) with many digits; top is a fraction."""
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    return mpmath.fsum(
        mpmath.exp(mpmath.mpf(apart.numerator) / mpmath.mpf(apart.denominator))
        for apart in (Fraction(score) - top for score in scores if score != -math.inf)
    )
