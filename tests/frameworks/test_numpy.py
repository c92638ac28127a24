"""The NumPy module does what the protocol says, and refuses what NumPy cannot do."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from conformance.errors import NothingCapturedError, UnconnectedGradientError
from conformance.specification import DTYPES
from conformance.trial.frameworks import numpy as framework
from conformance.trial.precision import numpy_dtype

ODD = [[0.0, -0.0, 1.5], [np.inf, -np.inf, np.nan]]


@pytest.mark.parametrize("dtype", [*DTYPES, "bool", "int8", "uint8", "int32", "int64"])
def test_an_array_comes_back_bit_for_bit(dtype: str) -> None:
    given = np.array(ODD if dtype in DTYPES else [[0, 1, 1]], numpy_dtype(dtype))
    tensor = framework.tensor(given)
    got = framework.array(tensor)
    assert (got.dtype, got.shape) == (given.dtype, given.shape)
    assert got.tobytes() == given.tobytes()
    assert framework.dtype(tensor) == dtype


def test_nothing_is_shared() -> None:
    given = np.zeros(3)
    tensor = framework.tensor(given)
    given[0] = 1
    got = framework.array(tensor)
    got[1] = 1
    assert framework.array(tensor).tolist() == [0, 0, 0]


def test_a_scalar_of_numpy_is_a_tensor_and_one_of_python_is_not() -> None:
    assert framework.is_tensor(np.ones(2).sum())
    assert not framework.is_tensor(1.0)


@pytest.mark.parametrize("dtype", [*DTYPES, "bool", "int64"])
def test_layouts_are_equal_and_lie_differently(dtype: str) -> None:
    given = np.array([[1, 0, 2], [0, 3, 1]], numpy_dtype(dtype))
    found = framework.layouts(given)
    assert set(found) == {"sliced", "transposed", "reversed"}
    for tensor in found.values():
        assert tensor.strides != given.strides
        assert framework.array(tensor).tobytes() == given.tobytes()


def test_rows_that_repeat_are_expanded() -> None:
    given = np.ones((3, 2))
    expanded = framework.layouts(given)["expanded"]
    assert expanded.strides[0] == 0
    assert expanded.tolist() == given.tolist()


def test_a_scalar_has_no_layout() -> None:
    assert framework.layouts(np.array(1.0)) == {}


def test_what_numpy_cannot_do_is_refused() -> None:
    with pytest.raises(NothingCapturedError, match="numpy has no compiled route"):
        framework.compile(abs)
    with pytest.raises(NothingCapturedError, match="plan the eager route only"):
        framework.read_capture(abs)
    with pytest.raises(UnconnectedGradientError, match="plan no gradient checks"):
        framework.gradient(abs, [0])
    with pytest.raises(UnconnectedGradientError, match="cannot differentiate"):
        framework.layer_gradient(SimpleNamespace(), [0])


def test_versions_are_those_installed() -> None:
    assert framework.versions()["numpy"] == np.__version__
    assert framework.environment()["device"].startswith("cpu")


def test_the_tensors_of_a_layer_are_its_leaves() -> None:
    (found,) = framework.leaves([np.ones(2)])
    assert framework.is_tensor(found)
