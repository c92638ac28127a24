"""TensorFlow's module does what the protocol says, its reference what NumPy's does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.errors import UnconnectedGradientError
from conformance.specification import DTYPES
from conformance.trial.precision import numpy_dtype

tf = pytest.importorskip("tensorflow")

from conformance.trial.frameworks import tensorflow as framework  # noqa: E402 - after the skip

if TYPE_CHECKING:
    from collections.abc import Callable

ODD = [[0.0, -0.0, 1.5], [np.inf, -np.inf, np.nan]]


@pytest.mark.parametrize("dtype", [*DTYPES, "bool", "int8", "uint8", "int32", "int64"])
def test_an_array_comes_back_bit_for_bit(dtype: str) -> None:
    given = np.array(ODD if dtype in DTYPES else [[0, 1, 1]], numpy_dtype(dtype))
    tensor = framework.tensor(given)
    got = framework.array(tensor)
    assert (got.dtype, got.shape) == (given.dtype, given.shape)
    assert got.tobytes() == given.tobytes()
    assert framework.dtype(tensor) == dtype


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_nothing_is_shared_with_numpy(dtype: str) -> None:
    given = np.zeros(3, numpy_dtype(dtype))
    tensor = framework.tensor(given)
    given[0] = 1
    got = framework.array(tensor)
    got[1] = 1
    assert framework.array(tensor).tolist() == [0, 0, 0]


def test_a_tensor_is_told_from_an_array() -> None:
    given = np.zeros(3)
    assert framework.is_tensor(framework.tensor(given))
    assert not framework.is_tensor(given)


def test_tensors_have_no_layouts() -> None:
    assert framework.layouts(np.ones((2, 2))) == {}


def test_a_compiled_function_says_what_was_captured() -> None:
    compiled = framework.compile(lambda x: x * 2 + 1)
    before = framework.read_capture(compiled)
    got = compiled(framework.tensor(np.ones(3)))
    after = framework.read_capture(compiled)
    assert (before.graphs, before.operations) == (0, 0)
    assert framework.array(got).tolist() == [3, 3, 3]
    assert (after.graphs, after.operations, after.breaks) == (1, 2, 0)


def test_one_graph_serves_every_mask_of_a_shape() -> None:
    compiled = framework.compile(
        lambda x, mask: tf.reduce_sum(tf.where(mask, x, tf.zeros_like(x)))
    )
    x = framework.tensor(np.ones(3))
    masks = [
        framework.tensor(np.array(one)) for one in ([True] * 3, [True, False, True])
    ]
    assert [float(compiled(x, mask)) for mask in masks] == [3, 2]
    assert framework.read_capture(compiled).graphs == 1


def test_a_function_that_was_not_compiled_captured_nothing() -> None:
    assert framework.read_capture(lambda x: x).operations == 0


def test_a_gradient_is_weighed_by_the_cotangent() -> None:
    step = framework.gradient(lambda x, y: x * x * y, [1, 0])
    given = [framework.tensor(np.array(one)) for one in ([1.0, 2.0], [3.0, 5.0])]
    answer, found = step(given, framework.tensor(np.array([1.0, 10.0])))
    assert framework.array(answer).tolist() == [3, 20]
    assert [framework.array(one).tolist() for one in found] == [[1, 40], [6, 200]]


def test_an_argument_that_no_gradient_reaches_is_named() -> None:
    step = framework.gradient(lambda x, y: tf.stop_gradient(x) + y, [0, 1])
    given = [framework.tensor(np.ones(2))] * 2
    with pytest.raises(UnconnectedGradientError, match="reaches argument 0: "):
        step(given, given[0])


def test_an_answer_that_is_cut_off_is_unconnected() -> None:
    step = framework.gradient(tf.stop_gradient, [0])
    given = framework.tensor(np.ones(2))
    with pytest.raises(UnconnectedGradientError, match="argument 0"):
        step([given], given)


def test_the_gradient_of_a_gather_is_dense() -> None:
    step = framework.gradient(lambda x: tf.gather(x, [2, 0, 2]), [0])
    given = framework.tensor(np.ones((4, 1)))
    found = step([given], framework.tensor(np.array([[1.0], [2.0], [4.0]])))[1]
    assert framework.array(found[0]).tolist() == [[2], [0], [5], [0]]


class Scaled:
    """A layer of two parameters, of which it uses as many as it is told."""

    def __init__(self, used: int) -> None:
        numbers = (2.0, 3.0)
        self.parameters = [tf.Variable(one, dtype=tf.float64) for one in numbers]
        self.used = used

    def __call__(self, x: Any, mask: Any) -> Any:
        return tf.reduce_sum(x[mask]) * sum(self.parameters[: self.used])


def test_gradients_through_a_layer_are_its_inputs_then_its_parameters() -> None:
    step = framework.layer_gradient(Scaled(used=2), [0])
    x, mask = np.array([[1.5, 2.0]]), np.array([[True, False]])
    given = [framework.tensor(x), framework.tensor(mask)]
    answer, found = step(given, framework.tensor(np.array(10.0)))
    assert float(answer) == 7.5
    assert [framework.array(one).tolist() for one in found] == [[[50, 0]], 15, 15]


def test_a_parameter_that_no_gradient_reaches_is_named() -> None:
    step = framework.layer_gradient(Scaled(used=1), [0])
    given = [framework.tensor(np.ones((1, 2))), framework.tensor(np.ones((1, 2), bool))]
    with pytest.raises(UnconnectedGradientError, match="reaches parameter 1: "):
        step(given, framework.tensor(np.array(1.0)))


def test_short_multiplication_is_off_and_recorded() -> None:
    assert framework.environment()["tf32"] == "off"
    assert framework.versions()["tensorflow"] == tf.__version__


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_reference_agrees_with_numpy(
    dtype: str, disagreements: Callable[[Any, str, str], list[str]]
) -> None:
    assert disagreements(framework, "tensorflow_reference", dtype) == []


def test_the_reference_has_the_slopes_of_finite_differences(
    wrong_slopes: Callable[[Any, str], list[str]],
) -> None:
    assert wrong_slopes(framework, "tensorflow_reference") == []


@pytest.mark.parametrize("route", ["compiled", "xla", "dynamic", "vmap"])
def test_a_further_route_gives_the_same_answer(route: str) -> None:
    def total(x: Any, mask: Any) -> Any:
        return tf.reduce_sum(tf.where(mask, x, 0.0), axis=1)

    called = framework.compile(total, route)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    mask = np.array([[True, True, False], [True, False, False]])
    got = framework.array(called(framework.tensor(x), framework.tensor(mask)))
    assert got.tolist() == [1, 3]


def test_a_tangent_moves_the_answer_where_the_mask_lets_it() -> None:
    def total(x: Any, mask: Any) -> Any:
        return tf.reduce_sum(tf.where(mask, x, 0.0), axis=1)

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    mask = np.array([[True, True, False], [True, False, False]])
    tensors = [framework.tensor(x), framework.tensor(mask)]
    ones = framework.tensor(np.ones_like(x))
    got = framework.tangent(total, [0])(tensors, [ones])
    assert framework.array(got).tolist() == [2, 1]


def test_the_tensors_of_a_layer_are_its_leaves() -> None:
    (found,) = framework.leaves((tf.Variable([1.0]),))
    assert framework.is_tensor(found)
