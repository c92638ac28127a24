"""JAX's module does what the protocol says, its reference what NumPy's does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.specification import DTYPES
from conformance.trial.precision import numpy_dtype

jax = pytest.importorskip("jax")

from conformance.trial.frameworks import jax as framework  # noqa: E402 - after the skip

if TYPE_CHECKING:
    from collections.abc import Callable

ODD = [[0.0, -0.0, 1.5], [np.inf, -np.inf, np.nan]]


@pytest.mark.parametrize("dtype", [*DTYPES, "bool", "int8", "uint8", "int32", "int64"])
def test_an_array_comes_back_bit_for_bit(dtype: str) -> None:
    given = np.array(ODD if dtype in DTYPES else [[0, 1, 1]], numpy_dtype(dtype))
    with framework.scope("float64" if dtype.endswith("64") else dtype):
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
    given = np.zeros(3, np.float32)
    assert framework.is_tensor(framework.tensor(given))
    assert not framework.is_tensor(given)


def test_tensors_have_no_layouts() -> None:
    assert framework.layouts(np.ones((2, 2))) == {}


def test_a_compiled_function_says_what_was_captured() -> None:
    compiled = framework.compile(lambda x: x * 2 + 1)
    before = framework.read_capture(compiled)
    got = compiled(framework.tensor(np.ones(3, np.float32)))
    after = framework.read_capture(compiled)
    assert (before.graphs, before.operations) == (0, 0)
    assert framework.array(got).tolist() == [3, 3, 3]
    assert (after.graphs, after.operations, after.breaks) == (1, 2, 0)


def test_one_graph_serves_every_mask_of_a_shape() -> None:
    compiled = framework.compile(lambda x, mask: jax.numpy.where(mask, x, 0).sum())
    x = framework.tensor(np.ones(3, np.float32))
    masks = [
        framework.tensor(np.array(one)) for one in ([True] * 3, [True, False, True])
    ]
    assert [float(compiled(x, mask)) for mask in masks] == [3, 2]
    assert framework.read_capture(compiled).graphs == 1


def test_a_function_that_was_not_compiled_captured_nothing() -> None:
    assert framework.read_capture(lambda x: x).operations == 0


def test_a_gradient_is_weighed_by_the_cotangent() -> None:
    step = framework.gradient(lambda x, y: x * x * y, [1, 0])
    given = [
        framework.tensor(np.array(one, np.float32)) for one in ([1.0, 2.0], [3.0, 5.0])
    ]
    answer, found = step(given, framework.tensor(np.array([1, 10], np.float32)))
    assert framework.array(answer).tolist() == [3, 20]
    assert [framework.array(one).tolist() for one in found] == [[1, 40], [6, 200]]


def test_an_argument_that_no_gradient_reaches_has_zeros() -> None:
    step = framework.gradient(lambda x, y: jax.lax.stop_gradient(x) + y, [0, 1])
    given = [framework.tensor(np.ones(2, np.float32))] * 2
    found = step(given, given[0])[1]
    assert [framework.array(one).tolist() for one in found] == [[0, 0], [1, 1]]


class Scaled:
    """A layer whose parameters are a tree, of which it does not use the last."""

    def __init__(self) -> None:
        numbers = {"a": 2.0, "b": [3.0, 5.0]}
        self.parameters = jax.tree.map(jax.numpy.asarray, numbers)

    def __call__(self, x: Any, mask: Any) -> Any:
        return self.apply(self.parameters, x, mask)

    def apply(self, parameters: Any, x: Any, mask: Any) -> Any:
        used = parameters["a"] * parameters["b"][0]
        return jax.numpy.where(mask, x, 0).sum() * used


def test_gradients_through_a_layer_are_its_inputs_then_its_leaves() -> None:
    step = framework.layer_gradient(Scaled(), [0])
    x, mask = np.array([[1.5, 2.0]], np.float32), np.array([[True, False]])
    given = [framework.tensor(x), framework.tensor(mask)]
    answer, found = step(given, framework.tensor(np.array(10.0, np.float32)))
    assert float(answer) == 9
    assert [framework.array(one).tolist() for one in found] == [[[60, 0]], 45, 30, 0]


def test_layers_that_differ_in_their_parameters_share_one_derivative() -> None:
    step = framework.layer_gradient(Scaled(), [0])
    x, mask = np.array([[1.5, 2.0]], np.float32), np.array([[True, False]])
    given = [framework.tensor(x), framework.tensor(mask)]
    pulled = framework.tensor(np.array(10.0, np.float32))
    other = jax.tree.map(lambda leaf: 2 * leaf, Scaled().parameters)
    answer, found = step(given, pulled, parameters=other)
    assert float(answer) == 4 * 9
    assert framework.array(found[0]).tolist() == [[4 * 60, 0]]


def test_float64_is_float64_in_its_scope_only() -> None:
    given = np.array([1 / 3])
    with framework.scope("float64"):
        assert framework.dtype(framework.tensor(given)) == "float64"
    with framework.scope("float32"):
        one = framework.tensor(given.astype(np.float32))
        assert framework.dtype(one * 2.0) == "float32"


def test_the_precision_of_multiplication_is_recorded() -> None:
    assert framework.environment()["tf32"] == "matmul precision highest"
    assert framework.versions()["jax"] == jax.__version__


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_reference_agrees_with_numpy(
    dtype: str, disagreements: Callable[[Any, str, str], list[str]]
) -> None:
    assert disagreements(framework, "jax_reference", dtype) == []


def test_the_reference_has_the_slopes_of_finite_differences(
    wrong_slopes: Callable[[Any, str], list[str]],
) -> None:
    assert wrong_slopes(framework, "jax_reference") == []


@pytest.mark.parametrize("route", ["compiled", "vmap"])
def test_a_further_route_gives_the_same_answer(route: str) -> None:
    def total(x: Any, mask: Any) -> Any:
        return jax.numpy.where(mask, x, 0).sum(axis=1)

    called = framework.compile(total, route)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    mask = np.array([[True, True, False], [True, False, False]])
    got = framework.array(called(framework.tensor(x), framework.tensor(mask)))
    assert got.tolist() == [1, 3]


def test_a_tangent_moves_the_answer_where_the_mask_lets_it() -> None:
    def total(x: Any, mask: Any) -> Any:
        return jax.numpy.where(mask, x, 0).sum(axis=1)

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    mask = np.array([[True, True, False], [True, False, False]])
    tensors = [framework.tensor(x), framework.tensor(mask)]
    ones = framework.tensor(np.ones_like(x))
    got = framework.tangent(total, [0])(tensors, [ones])
    assert framework.array(got).tolist() == [2, 1]


def test_the_tensors_of_a_layer_are_its_leaves() -> None:
    (found,) = framework.leaves({"a": jax.numpy.ones(2), "b": ()})
    assert framework.is_tensor(found)
