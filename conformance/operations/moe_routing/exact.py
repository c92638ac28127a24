"""The second oracle of ``moe_routing``: 50 digits, a queue for each expert.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.operations.moe_routing import CAPACITY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Logits = Sequence[float]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    scalar = options["part"] != "dispatch"
    return {"logits": ("B T E",), "want": ("" if scalar else "B T E",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return a loss, None where an adapter declares, or each row's weights.

    >>> inputs = {"logits": [[[0, 0], [9, 5]]]}
    >>> answer({"part": "balance", "top": "1"}, inputs, [[True, False]], {})
    1.0
    """
    del weights
    rows = inputs["logits"]
    top = int(options.get("top", "1"))
    if options["part"] == "dispatch":
        return [_dispatch(row, keep, top) for row, keep in zip(rows, mask, strict=True)]
    valid = [
        logits
        for row, keep in zip(rows, mask, strict=True)
        for logits, counts in zip(row, keep, strict=True)
        if counts
    ]
    if not valid:
        return None
    if any(math.isnan(z) for logits in valid for z in logits):
        return math.nan
    return _z_loss(valid) if options["part"] == "z_loss" else _balance(valid, top)


def _balance(valid: Sequence[Logits], top: int) -> float:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    with mpmath.workdps(50):
        experts, number = len(valid[0]), len(valid)
        chosen = [_choose(logits, top) for logits in valid]
        shares = [_soften(logits) for logits in valid]
        whole = mpmath.mpf(0)
        for expert in range(experts):
            picked = sum(expert in each for each in chosen)
            whole += picked * mpmath.fsum(each[expert] for each in shares)
        return float(experts * whole / number**2)


def _z_loss(valid: Sequence[Logits]) -> float:
    import mpmath

    with mpmath.workdps(50):
        squares = []
        for logits in valid:
            top = mpmath.mpf(max(logits))
            total = mpmath.fsum(mpmath.exp(mpmath.mpf(z) - top) for z in logits)
            squares.append((top + mpmath.log(total)) ** 2)
        return float(mpmath.fsum(squares) / len(valid))


def _dispatch(
    row: Sequence[Logits], keep: Sequence[bool], top: int
) -> list[list[float]]:
    """Return what one row's experts weigh: each gives its places one by one."""
    import mpmath

    found = [[0.0] * len(logits) for logits in row]
    left = [CAPACITY] * (len(row[0]) if row else 0)
    for rank in range(top):
        for position, logits in enumerate(row):
            if not keep[position]:
                continue
            chosen = _choose(logits, top)
            expert = chosen[rank]
            if left[expert]:
                left[expert] -= 1
                with mpmath.workdps(50):
                    among = [logits[each] for each in chosen] if top > 1 else logits
                    at = rank if top > 1 else expert
                    found[position][expert] = float(_soften(among)[at])
    return found


def _choose(logits: Logits, top: int) -> list[int]:
    """Return the experts with the largest logits, the likeliest first."""
    return sorted(range(len(logits)), key=lambda expert: -logits[expert])[:top]


def _soften(logits: Logits) -> list[Any]:
    import mpmath

    powers = [mpmath.exp(mpmath.mpf(z) - mpmath.mpf(max(logits))) for z in logits]
    total = mpmath.fsum(powers)
    return [power / total for power in powers]
