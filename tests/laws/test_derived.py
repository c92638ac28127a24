"""Laws about derivatives, compiled functions and layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.trial.frameworks import Capture
from conformance.trial.frameworks import numpy as numpy_framework

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.trial.attempt import Finding
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

    Function = Callable[..., Any]
    Make = Callable[..., Subject]
    Judged = Callable[..., Finding]

Array: TypeAlias = Any  # what NumPy's arithmetic gives on arrays of any dtype
REFERENCE = load_adapter("numpy_reference").functions


def right(x: Array, mask: Array | None) -> Array:
    answer: Array = REFERENCE["masked_mean"](x, mask)
    return answer


def wide(mask: Array, x: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))


def valid(mask: Array | None, x: Array) -> Array:
    here = np.ones(x.shape[:2], bool) if mask is None else mask.astype(bool)
    return wide(here, x)


@dataclass(slots=True)
class Differentiates:
    """NumPy with a derivative and a compiler of our own making."""

    slope: Function
    frozen: bool = False
    NAME: str = "numpy"
    FUNCTIONAL: bool = False
    calls: list[object] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(numpy_framework, name)

    def gradient(self, function: Function, wanted: Sequence[int]) -> Function:
        assert list(wanted) == [0]
        return lambda tensors, cotangent: (
            function(*tensors),
            [self.slope(*tensors, cotangent)],
        )

    def compile(self, function: Function, route: str) -> Function:
        assert route == "compiled"

        def compiled(x: Array, mask: Array) -> Any:
            self.calls.append(mask)
            return function(x, self.calls[0] if self.frozen else mask)

        return compiled

    def read_capture(self, compiled: Function) -> Capture:
        del compiled
        return Capture(graphs=1, operations=len(self.calls))


def slope(x: Array, mask: Array, cotangent: Array) -> Array:
    here = valid(mask, x)
    count = np.maximum(here.sum(axis=1, keepdims=True), 1)
    return np.where(here, cotangent[:, None] / count, 0).astype(x.dtype)


def leaking(x: Array, mask: Array, cotangent: Array) -> Array:
    return slope(x, mask, cotangent) + np.asarray(0.125, x.dtype)


def doubled(x: Array, mask: Array, cotangent: Array) -> Array:
    return 2 * slope(x, mask, cotangent)


def times_padding(x: Array, mask: Array, cotangent: Array) -> Array:
    here = valid(mask, x)
    return slope(x, mask, cotangent) + np.where(here, 0, x * 0).astype(x.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("law", ["gradient", "wild-gradient"])
def test_a_right_derivative_passes(
    subject: Make, judged: Judged, law: str, dtype: str
) -> None:
    under = subject(right, framework=Differentiates(slope=slope), dtype=dtype)
    assert judged(under, law).verdict.message == ""


def test_a_derivative_at_padding_trains(subject: Make, judged: Judged) -> None:
    under = subject(right, framework=Differentiates(slope=leaking))
    said = judged(under, "gradient").verdict.message
    assert "gradient of x[" in said
    assert "padding trains" in said


def test_a_wrong_derivative_shows_in_float64_alone(
    subject: Make, judged: Judged
) -> None:
    made = Differentiates(slope=doubled)
    assert judged(subject(right, framework=made), "gradient").passed
    assert not judged(
        subject(right, framework=made, dtype="float64"), "gradient"
    ).passed


def test_a_derivative_that_multiplies_padding_fails_with_wild_padding_only(
    subject: Make, judged: Judged
) -> None:
    under = subject(right, framework=Differentiates(slope=times_padding))
    assert judged(under, "gradient").passed
    assert (
        "not finite; inf at padding" in judged(under, "wild-gradient").verdict.message
    )


@pytest.mark.parametrize("law", ["gradient", "wild-gradient"])
def test_an_answer_without_elements_is_asked_for_its_shape_alone(
    subject: Make, sample: Callable[..., Sample], judged: Judged, law: str
) -> None:
    def unconnected(*_: Array) -> Array:
        raise AssertionError

    made = Differentiates(slope=unconnected)
    # Windows of three positions: none lies in a row of two.
    right = {"framework": made, "variant": "conv1d.valid.1"}
    under = subject(REFERENCE["conv1d"], **right)
    given = sample(under)
    short = given.replace_batch(given.batch.cut(slice(0, 2)))
    assert judged(under, law, short).passed

    def padded(x: Array, *more: Array, **options: Any) -> Array:
        return REFERENCE["conv1d"](x, *more, **options | {"padding": "same"})

    said = judged(subject(padded, **right), law, short).verdict.message
    assert "returned shape (16, 2, 3), expected (16, 0, 3)" in said


def test_a_derivative_of_another_shape_is_refused(
    subject: Make, judged: Judged
) -> None:
    made = Differentiates(slope=lambda x, mask, g: slope(x, mask, g)[:1])
    said = judged(subject(right, framework=made), "gradient").verdict.message
    assert said.startswith("the gradient through x has shape (1, 5, 2), expected (32,")


@pytest.mark.parametrize("frozen", [False, True])
def test_a_mask_frozen_into_the_compiled_function_is_found(
    subject: Make, judged: Judged, *, frozen: bool
) -> None:
    made = Differentiates(slope=slope, frozen=frozen)
    found = judged(subject(right, framework=made, route="compiled"), "route")

    assert found.passed is not frozen
    if frozen:
        assert "with another mask" in found.verdict.message


def test_a_layer_that_moves_at_padding_breaks_the_laws_of_recurrence(
    subject: Make, judged: Judged
) -> None:
    def build(*arguments: Any, **options: Any) -> Function:
        layer = REFERENCE["build_birnn"](*arguments, **options)
        return lambda x, mask: layer(x, np.ones_like(mask))

    under = subject(build, variant="birnn.gru.concat.sequence")
    for law in ("value", "extra-padding", "swap", "zero-at-padding"):
        assert not judged(under, law).passed


def test_weights_reach_the_builder_as_the_specification_says(
    subject: Make, judged: Judged
) -> None:
    seen = SimpleNamespace()

    def build(forward: Any, backward: Any, **options: Any) -> Function:
        seen.shapes = [forward.kernel.shape, backward.recurrent_kernel.shape]
        seen.options = options
        layer: Function = REFERENCE["build_birnn"](forward, backward, **options)
        return layer

    assert judged(subject(build, variant="birnn.lstm.sum.final"), "value").passed
    assert seen.shapes == [(2, 8), (2, 8)]
    assert seen.options == {"cell": "lstm", "merge": "sum", "output": "final"}
