"""The NumPy reference against plain loops over the trimmed rows."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.adapters.load import load_adapter

if TYPE_CHECKING:
    from collections.abc import Sequence

REFERENCE = load_adapter("numpy_reference").functions
NUMBERS = st.floats(-100, 100, width=32)
GARBAGE = st.sampled_from([0.0, 1e4, -1e4, math.inf, -math.inf, math.nan])


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[float], list[bool]]:
    mask = draw(st.lists(st.booleans(), min_size=1, max_size=6))
    return [draw(NUMBERS if valid else GARBAGE) for valid in mask], mask


def answer(name: str, x: list[float], mask: list[bool], **options: str) -> Any:
    return REFERENCE[name](np.array([x]), np.array([mask]), **options)[0].tolist()


def trimmed(x: list[float], mask: list[bool]) -> list[float]:
    return [one for one, valid in zip(x, mask, strict=True) if valid]


@given(rows())
def test_the_mean_is_that_of_the_trimmed_row(
    row: tuple[list[float], list[bool]],
) -> None:
    own = trimmed(*row)
    want = math.fsum(own) / len(own) if own else 0.0
    assert answer("masked_mean", *row) == pytest.approx(want, abs=1e-12)


@given(rows())
def test_the_maximum_is_that_of_the_trimmed_row(
    row: tuple[list[float], list[bool]],
) -> None:
    assert answer("masked_max", *row) == max(trimmed(*row), default=-math.inf)


@given(rows())
def test_the_softmax_is_that_of_the_trimmed_row(
    row: tuple[list[float], list[bool]],
) -> None:
    x, mask = row
    own = trimmed(x, mask)
    total = math.fsum(math.exp(one - max(own)) for one in own)
    want = [
        math.exp(one - max(own)) / total if valid else 0.0
        for one, valid in zip(x, mask, strict=True)
    ]
    assert answer("masked_softmax", x, mask) == pytest.approx(want, abs=1e-14)


def loss(kind: str, scores: Sequence[float], goal: Any) -> Any:
    if kind == "mse":
        pairs = zip(scores, goal, strict=True)
        return math.fsum((a - b) ** 2 for a, b in pairs) / len(scores)
    if kind == "cross_entropy":
        return math.log(math.fsum(map(math.exp, scores))) - scores[goal]
    share = 1 / (1 + math.exp(-scores[0]))
    return -goal * math.log(share) - (1 - goal) * math.log(1 - share)


@pytest.mark.parametrize("kind", ["mse", "cross_entropy", "binary_cross_entropy"])
def test_losses_and_their_reductions_are_those_of_the_trimmed_rows(kind: str) -> None:
    rng = np.random.default_rng(0)
    mask = np.array([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]], dtype=bool)
    scores = np.where(mask[..., None], rng.normal(size=(3, 4, 3)), math.nan)
    goals: Any = np.where(mask[..., None], rng.normal(size=(3, 4, 3)), math.inf)
    if kind == "cross_entropy":
        goals = np.where(mask, rng.integers(0, 3, (3, 4)), -100)
    if kind == "binary_cross_entropy":
        scores, goals = scores[..., :1], np.where(mask, rng.random((3, 4)), math.nan)
    lists = [
        [
            loss(kind, scores[b, t].tolist(), goals[b, t])
            for t in np.flatnonzero(mask[b])
        ]
        for b in range(2)
    ]
    flat = [one for row in lists for one in row]
    want = {
        "sum": math.fsum(flat),
        "mean": math.fsum(flat) / len(flat),
        "sequence_mean": math.fsum(math.fsum(row) / len(row) for row in lists) / 2,
    }
    predictions = scores[..., 0] if kind == "binary_cross_entropy" else scores
    found = {
        reduction: REFERENCE["masked_loss"](
            predictions, goals, mask, kind=kind, reduction=reduction
        )
        for reduction in (*want, "none")
    }
    each = np.zeros(mask.shape)
    each[mask] = flat
    assert found.pop("none") == pytest.approx(each, abs=1e-14)
    assert {name: float(one) for name, one in found.items()} == pytest.approx(want)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def step(cell: str, a: list[float], b: list[float], h: float, c: float) -> Any:
    """Advance a layer of one unit: a from the input, b from the state."""
    if cell == "simple":
        return math.tanh(a[0] + b[0]), c
    if cell == "lstm":
        i, f, g, o = (p + q for p, q in zip(a, b, strict=True))
        c = sigmoid(f) * c + sigmoid(i) * math.tanh(g)
        return sigmoid(o) * math.tanh(c), c
    r, z = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
    return (1 - z) * math.tanh(a[2] + r * b[2]) + z * h, c


def states(cell: str, weights: Any, inputs: list[float]) -> list[float]:
    found, h, c = [], 0.0, 0.0
    for x in inputs:
        a = (x * weights.kernel[0] + weights.bias).tolist()
        b = (h * weights.recurrent_kernel[0] + weights.recurrent_bias).tolist()
        h, c = step(cell, a, b, h, c)
        found.append(h)
    return found


@pytest.mark.parametrize(("cell", "gates"), [("simple", 1), ("lstm", 4), ("gru", 3)])
@pytest.mark.parametrize("merge", ["concat", "sum"])
def test_a_recurrent_layer_reads_the_trimmed_row_both_ways(
    cell: str, gates: int, merge: str
) -> None:
    rng = np.random.default_rng(1)
    there, back = (
        SimpleNamespace(
            kernel=rng.normal(size=(1, gates)),
            recurrent_kernel=rng.normal(size=(1, gates)),
            bias=rng.normal(size=gates),
            recurrent_bias=rng.normal(size=gates),
        )
        for _ in range(2)
    )
    mask = [False, True, True, False, True, False]
    inputs = [math.nan, 0.5, -1.0, 1e4, 2.0, -math.inf]
    one = states(cell, there, trimmed(inputs, mask))
    two = states(cell, back, trimmed(inputs, mask)[::-1])
    pairs = [list(pair) for pair in zip(one, two[::-1], strict=True)]
    wanted = [*pairs, [one[-1], two[-1]]]
    wanted = wanted if merge == "concat" else [[sum(pair)] for pair in wanted]
    build, x = REFERENCE["build_birnn"], np.array(inputs)[None, :, None]
    options = {"cell": cell, "merge": merge}
    sequence = build(there, back, output="sequence", **options)(x, np.array([mask]))
    final = build(there, back, output="final", **options)(x, np.array([mask]))
    assert sequence[0][mask] == pytest.approx(np.array(wanted[:-1]), abs=1e-14)
    assert not sequence[0][np.logical_not(mask)].any()
    assert final[0] == pytest.approx(np.array(wanted[-1]), abs=1e-14)
