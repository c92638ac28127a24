"""torch's module does what the protocol says, its reference what NumPy's does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.errors import RouteUnavailableError, UnconnectedGradientError
from conformance.specification import DTYPES
from conformance.trial.precision import numpy_dtype

torch = pytest.importorskip("torch")

from conformance.trial.frameworks import torch as framework  # noqa: E402 - after the skip

if TYPE_CHECKING:
    from collections.abc import Callable

# torch's own deprecations, inside its compiler and its forward mode.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

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


def test_a_tensor_that_requires_gradients_can_be_read() -> None:
    tensor = framework.tensor(np.ones(2)).requires_grad_()
    assert framework.array(tensor * 2).tolist() == [2, 2]


@pytest.mark.parametrize("dtype", [*DTYPES, "bool", "int64"])
def test_layouts_are_equal_and_lie_differently(dtype: str) -> None:
    given = np.array([[1, 0, 2], [0, 3, 1]], numpy_dtype(dtype))
    found = framework.layouts(given)
    assert set(found) == {"sliced", "transposed"}
    for tensor in found.values():
        assert not tensor.is_contiguous()
        assert framework.array(tensor).tobytes() == given.tobytes()


def test_rows_that_repeat_are_expanded() -> None:
    given = np.ones((3, 2))
    expanded = framework.layouts(given)["expanded"]
    assert expanded.stride()[0] == 0
    assert framework.array(expanded).tolist() == given.tolist()


def test_a_scalar_has_no_layout() -> None:
    assert framework.layouts(np.array(1.0)) == {}


def test_a_compiled_function_says_what_was_captured() -> None:
    compiled = framework.compile(lambda x: x * 2 + 1)
    before = framework.read_capture(compiled)
    got = compiled(framework.tensor(np.ones(3)))
    after = framework.read_capture(compiled)
    assert (before.graphs, before.operations) == (0, 0)
    assert framework.array(got).tolist() == [3, 3, 3]
    assert (after.graphs, after.operations, after.breaks) == (1, 2, 0)


def test_one_graph_serves_every_mask_of_a_shape() -> None:
    compiled = framework.compile(lambda x, mask: torch.where(mask, x, 0).sum())
    x = framework.tensor(np.ones(3))
    masks = [
        framework.tensor(np.array(one)) for one in ([True] * 3, [True, False, True])
    ]
    assert [float(compiled(x, mask)) for mask in masks] == [3, 2]
    assert framework.read_capture(compiled).graphs == 1


def test_a_graph_break_is_counted() -> None:
    def broken(x: Any) -> Any:
        y = x * 2
        torch._dynamo.graph_break()
        return y + 1

    compiled = framework.compile(broken)
    compiled(framework.tensor(np.ones(3)))
    capture = framework.read_capture(compiled)
    assert capture.graphs == 2
    assert capture.breaks


def test_a_function_that_was_not_compiled_captured_nothing() -> None:
    assert framework.read_capture(lambda x: x).operations == 0


def test_a_gradient_is_weighed_by_the_cotangent() -> None:
    step = framework.gradient(lambda x, y: x * x * y, [1, 0])
    given = [framework.tensor(np.array(one)) for one in ([1.0, 2.0], [3.0, 5.0])]
    answer, found = step(given, framework.tensor(np.array([1.0, 10.0])))
    assert framework.array(answer).tolist() == [3, 20]
    assert [framework.array(one).tolist() for one in found] == [[1, 40], [6, 200]]


def test_an_argument_that_no_gradient_reaches_is_named() -> None:
    step = framework.gradient(lambda x, y: x.detach() + y, [0, 1])
    given = [framework.tensor(np.ones(2))] * 2
    with pytest.raises(UnconnectedGradientError, match="reaches argument 0: "):
        step(given, given[0])


def test_an_answer_that_is_cut_off_is_unconnected() -> None:
    step = framework.gradient(lambda x: x.detach(), [0])
    given = framework.tensor(np.ones(2))
    with pytest.raises(UnconnectedGradientError, match="argument 0"):
        step([given], given)


class Scaled:
    """A layer of two parameters, of which it uses as many as it is told."""

    def __init__(self, used: int) -> None:
        numbers = (2.0, 3.0)
        self.parameters = [
            framework.tensor(np.array(one)).requires_grad_() for one in numbers
        ]
        self.used = used

    def __call__(self, x: Any, mask: Any) -> Any:
        return torch.where(mask, x, 0).sum() * sum(self.parameters[: self.used])


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
    assert framework.versions()["torch"] == torch.__version__


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_reference_agrees_with_numpy(
    dtype: str, disagreements: Callable[[Any, str, str], list[str]]
) -> None:
    assert disagreements(framework, "torch_reference", dtype) == []


def test_the_reference_has_the_slopes_of_finite_differences(
    wrong_slopes: Callable[[Any, str], list[str]],
) -> None:
    assert wrong_slopes(framework, "torch_reference") == []


@pytest.mark.parametrize(
    "route", ["compiled", "dynamic", "inductor", "vmap", "autocast"]
)
def test_a_further_route_gives_the_same_answer(route: str) -> None:
    def total(x: Any, mask: Any) -> Any:
        return torch.where(mask, x, 0).sum(dim=1)

    try:
        called = framework.compile(total, route)
    except RouteUnavailableError as error:
        pytest.skip(str(error))
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    mask = np.array([[True, True, False], [True, False, False]])
    got = framework.array(called(framework.tensor(x), framework.tensor(mask)))
    assert got.tolist() == [1, 3]


def test_a_tangent_moves_the_answer_where_the_mask_lets_it() -> None:
    def total(x: Any, mask: Any) -> Any:
        return torch.where(mask, x, 0).sum(dim=1)

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    mask = np.array([[True, True, False], [True, False, False]])
    tensors = [framework.tensor(x), framework.tensor(mask)]
    ones = framework.tensor(np.ones_like(x))
    got = framework.tangent(total, [0])(tensors, [ones])
    assert framework.array(got).tolist() == [2, 1]


def test_training_mode_is_set_where_a_layer_has_it() -> None:
    layer: Any = torch.nn.Dropout(0.0).eval()
    made: Any = framework.compile(layer, "training")
    assert made.training


def test_without_a_compiler_inductor_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from torch._inductor import cpp_builder, exc

    def missing() -> str:
        raise exc.InvalidCxxCompiler

    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", missing)
    with pytest.raises(RouteUnavailableError, match="install g"):
        framework.compile(torch.neg, "inductor")


def test_the_tensors_of_a_layer_are_its_leaves() -> None:
    (found,) = framework.leaves([torch.ones(2)])
    assert framework.is_tensor(found)
