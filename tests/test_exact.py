from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.operations import load_exact, load_operations, load_oracle
from conformance.trial.batch import Batch
from conformance.trial.draw import Draw, draw_right_mask
from conformance.trial.sample import draw_beside

ARTICLE = [[True] * 5 + [False] * 3]
FINITE = st.integers(-64, 64).map(lambda number: number / 4)
VARIANTS = [
    variant
    for operation in load_operations().values()
    for variant in operation.variants
]


def exact(
    variant: str, mask: list[list[bool]], weights: Any = None, **inputs: Any
) -> Any:
    operation = load_operations()[variant.partition(".")[0]]
    options = next(each.options for each in operation.variants if each.name == variant)
    return load_exact(operation.name).answer(options, inputs, mask, weights or {})


def test_the_articles_mean_is_2_6() -> None:
    assert exact("masked_mean", ARTICLE, x=[[1, 0, 3, 4, 5, 0, 0, 0]]) == [2.6]


def test_the_articles_maximum_is_minus_one() -> None:
    assert exact("masked_max", ARTICLE, x=[[-1, -2, -3, -4, -5, 0, 0, 0]]) == [-1.0]


def test_the_articles_softmax_is_that_of_the_five_values_alone() -> None:
    padded = exact("masked_softmax", ARTICLE, x=[[1, 0, 3, 4, 5, 0, 0, 0]])
    alone = exact("masked_softmax", [[True] * 5], x=[[1, 0, 3, 4, 5]])
    assert padded == [alone[0] + [0.0, 0.0, 0.0]]


def test_softmax_is_the_float64_nearest_to_the_real_number() -> None:
    got = exact("masked_softmax", [[True, True, False]], x=[[0, 1, 9]])
    assert got == [[1 / (1 + math.e), 0.7310585786300049, 0.0]]


@pytest.mark.parametrize(
    ("values", "want"),
    [
        (["nan", 1], math.nan),
        (["inf", 1], math.inf),
        (["inf", "-inf"], math.nan),
        ([1e308, 1e308], 1e308),
    ],
)
def test_the_mean_of_strange_numbers(values: list[Any], want: float) -> None:
    got = exact("masked_mean", [[True, True]], x=[[float(each) for each in values]])
    assert str(got[0]) == str(want)


def test_the_maximum_of_nan_is_nan_and_zero_has_no_sign() -> None:
    got = exact("masked_max", [[True, True]] * 2, x=[[1, math.nan], [-0.0, -1]])
    assert [str(each) for each in got] == ["nan", "0.0"]


@pytest.mark.parametrize("values", [[math.inf, 1.0], [-math.inf, -math.inf]])
def test_a_softmax_without_a_finite_maximum_is_nan(values: list[float]) -> None:
    got = exact("masked_softmax", [[True, True]], x=[values])
    assert all(math.isnan(each) for each in got[0])


def test_a_logit_of_minus_infinity_has_no_probability() -> None:
    got = exact("masked_softmax", [[True, True]], x=[[-math.inf, 1.0]])
    assert got == [[0.0, 1.0]]


@pytest.mark.parametrize("operation", ["masked_mean", "masked_max"])
def test_an_empty_row_is_declared_in_every_feature(operation: str) -> None:
    assert exact(operation, [[False]], x=[[[1, 2]]]) == [[None, None]]
    assert exact(operation, [[False]], x=[[1]]) == [None]


def test_an_empty_row_of_a_softmax_is_declared_everywhere() -> None:
    assert exact("masked_softmax", [[False, False]], x=[[1, 2]]) == [[None, None]]


@pytest.mark.parametrize(
    ("reduction", "want"),
    [
        ("mean", 4.5),
        ("sum", 13.5),
        ("none", [[1.0, 4.0], [8.5, 0.0], [0.0, 0.0]]),
        ("sequence_mean", 5.5),
    ],
)
def test_reductions_count_valid_positions(reduction: str, want: object) -> None:
    mask = [[True, True], [True, False], [False, False]]
    predictions = [[[1, 1], [2, 2]], [[1, 4], [9, 9]], [[9, 9], [9, 9]]]
    zeros = [[[0, 0], [0, 0]]] * 3
    variant = f"masked_loss.mse.{reduction}"
    assert exact(variant, mask, predictions=predictions, targets=zeros) == want


@pytest.mark.parametrize(
    ("reduction", "want"),
    [("mean", None), ("sum", 0.0), ("none", [[0.0]]), ("sequence_mean", None)],
)
def test_a_batch_without_valid_positions(reduction: str, want: object) -> None:
    variant = f"masked_loss.cross_entropy.{reduction}"
    assert exact(variant, [[False]], predictions=[[[1, 2]]], targets=[[-100]]) == want


def cross_entropy(logits: list[float], label: int) -> float:
    variant = "masked_loss.cross_entropy.sum"
    got = exact(variant, [[True]], predictions=[[logits]], targets=[[label]])
    assert isinstance(got, float)
    return got


def binary(logit: float, target: float) -> float:
    variant = "masked_loss.binary_cross_entropy.sum"
    got = exact(variant, [[True]], predictions=[[logit]], targets=[[target]])
    assert isinstance(got, float)
    return got


@pytest.mark.parametrize(
    ("logits", "label", "want"),
    [
        ([0, 0], 1, math.log(2)),
        ([100, 0], 0, math.exp(-100)),
        ([0, 2.0**40], 0, 2.0**40),
        ([2.0**40, 0], 0, 0.0),
        ([-math.inf, 0], 0, math.inf),
        ([-math.inf, 0], 1, 0.0),
    ],
)
def test_cross_entropy_keeps_its_digits(
    logits: list[float], label: int, want: float
) -> None:
    assert cross_entropy(logits, label) == pytest.approx(want, rel=1e-15)


@pytest.mark.parametrize("logits", [[math.nan, 0], [math.inf, 0]])
def test_cross_entropy_without_a_finite_maximum_is_nan(logits: list[float]) -> None:
    assert math.isnan(cross_entropy(logits, 1))


@pytest.mark.parametrize("label", [-1, 2])
def test_a_valid_label_that_is_no_class_is_refused(label: int) -> None:
    with pytest.raises(ValueError, match=f"label {label} is none of the 2 classes"):
        cross_entropy([0, 0], label)


@pytest.mark.parametrize(
    ("logit", "target", "want"),
    [
        (0, 1, math.log(2)),
        (2.0**40, 1, 0.0),
        (-(2.0**40), 1, 2.0**40),
        (1, 0.5, 0.5 + math.log1p(math.exp(-1))),
        (math.nan, 1, math.nan),
        (1, math.inf, math.nan),
    ],
)
def test_binary_cross_entropy_far_from_zero(
    logit: float, target: float, want: float
) -> None:
    assert binary(logit, target) == pytest.approx(want, rel=1e-15, nan_ok=True)


def test_an_infinite_prediction_has_an_infinite_squared_error() -> None:
    inputs = {"predictions": [[[math.inf]]], "targets": [[[0]]]}
    assert exact("masked_loss.mse.mean", [[True]], **inputs) == math.inf


def direction(gates: int, *, kernel: float, recurrent: float) -> dict[str, Any]:
    return {
        "kernel": [[kernel + gate / 4 for gate in range(gates)]],
        "recurrent_kernel": [[recurrent - gate / 8 for gate in range(gates)]],
        "bias": [gate / 2 for gate in range(gates)],
        "recurrent_bias": [-gate / 4 for gate in range(gates)],
    }


def weights(gates: int) -> dict[str, Any]:
    return {
        "forward": direction(gates, kernel=0.5, recurrent=-0.25),
        "backward": direction(gates, kernel=-0.75, recurrent=0.5),
    }


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_an_lstm_step_is_the_formula() -> None:
    got = exact("birnn.lstm.concat.final", [[True]], weights(4), x=[[[2]]])
    i, _, g, o = [(0.5 + gate / 4) * 2 + gate / 4 for gate in range(4)]
    cell = logistic(i) * math.tanh(g)
    assert got[0][0] == pytest.approx(logistic(o) * math.tanh(cell), rel=1e-15)


def test_a_gru_step_keeps_its_share_of_the_state() -> None:
    mask = [[True, True]]
    got = exact("birnn.gru.concat.sequence", mask, weights(3), x=[[[2], [1]]])[0]
    h = 0.0
    for t, x in enumerate((2, 1)):
        r, z, n = [(0.5 + gate / 4) * x + gate / 2 for gate in range(3)]
        hr, hz, hn = [(-0.25 - gate / 8) * h - gate / 4 for gate in range(3)]
        update = logistic(z + hz)
        h = (1 - update) * math.tanh(n + logistic(r + hr) * hn) + update * h
        assert got[t][0] == pytest.approx(h, rel=1e-14)


@pytest.mark.parametrize(("cell", "gates"), [("simple", 1), ("lstm", 4), ("gru", 3)])
def test_the_backward_direction_reads_the_articles_row_in_reverse(
    cell: str, gates: int
) -> None:
    both = weights(gates)
    row = [[1], [0], [3], [4], [5], [0], [0], [0]]
    turned = [[5], [4], [3], [0], [1], [0], [0], [0]]
    swapped = {"forward": both["backward"], "backward": both["forward"]}
    variant = f"birnn.{cell}.concat.sequence"
    got = exact(variant, ARTICLE, both, x=[row])[0]
    other = exact(variant, ARTICLE, swapped, x=[turned])[0]
    assert [back for _, back in got[:5]] == [ahead for ahead, _ in other[4::-1]]
    assert got[5:] == [[0.0, 0.0]] * 3


def test_final_states_are_those_of_the_last_and_the_first_position() -> None:
    row = [[1], [0], [3], [4], [5], [0], [0], [0]]
    sequence = exact("birnn.lstm.concat.sequence", ARTICLE, weights(4), x=[row])[0]
    final = exact("birnn.lstm.concat.final", ARTICLE, weights(4), x=[row])[0]
    assert final == [sequence[4][0], sequence[0][1]]


def test_an_empty_row_of_a_recurrent_layer_is_zero() -> None:
    for output, want in (("final", [[0.0]]), ("sequence", [[[0.0]]])):
        variant = f"birnn.gru.sum.{output}"
        assert exact(variant, [[False]], weights(3), x=[[[math.nan]]]) == want


@pytest.mark.parametrize("operation", ["masked_mean", "masked_max", "masked_softmax"])
@given(
    rows=st.lists(st.tuples(FINITE, st.booleans()), min_size=1, max_size=6),
    garbage=st.sampled_from([math.nan, math.inf, -math.inf, 1e300]),
)
def test_what_stands_at_padding_is_never_read(
    operation: str, rows: list[tuple[float, bool]], garbage: float
) -> None:
    mask = [[counts for _, counts in rows]]
    clean = [[value if counts else 0.0 for value, counts in rows]]
    dirty = [[value if counts else garbage for value, counts in rows]]
    assert exact(operation, mask, x=dirty) == exact(operation, mask, x=clean)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
@pytest.mark.parametrize("side", ["right", "left"])
def test_the_two_oracles_agree(variant: Any, side: str) -> None:
    oracle = load_oracle(variant.operation)
    draw = Draw(7, variant.name, len(side) % 2)
    mask = draw_right_mask(draw, 3, 5)
    mask = mask if side == "right" else mask[:, ::-1]
    arrays = oracle.generate(variant.options, draw, mask)
    beside = draw_beside(oracle, variant, draw, mask)
    flat = {}
    if hasattr(oracle, "generate_weights"):
        flat = oracle.generate_weights(variant.options, draw)
    nested: dict[str, dict[str, Any]] = {}
    inputs = {name: array.tolist() for name, array in {**beside, **arrays}.items()}
    for name, array in flat.items():
        direction_name, _, part = name.partition(".")
        if part:
            nested.setdefault(direction_name, {})[part] = array.tolist()
        else:
            inputs[name] = array.tolist()
    want = exact(variant.name, mask.tolist(), nested, **inputs)
    if variant.padding == "declared":
        want = np.nan_to_num(np.asarray(want, np.float64))  # nothing is NaN here
    batch = Batch(arrays=arrays, mask=mask, beside=beside, weights=flat)
    got = oracle.answer(variant.options, batch)
    if variant.result == "row":  # a row with fewer valid positions has no answer
        rows = mask.sum(axis=1) >= variant.least
        assert rows.any()
        got, want = (
            got[rows],
            [each for each, row in zip(want, rows, strict=True) if row],
        )
    np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)
