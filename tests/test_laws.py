"""Each law passes for right code and fails, with its own words, for wrong code."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance import loading
from conformance.adapter import Adapter, Declaration
from conformance.frameworks import Capture
from conformance.frameworks import numpy as numpy_framework
from conformance.plan import laws_of
from conformance.runner import Finding, attempt
from conformance.sample import Sample, cast, generate
from conformance.strategies import variant_named
from conformance.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.batch import Array

    Function = Callable[..., Any]

REFERENCE = loading.load("numpy_reference").functions
FORMS = ("bool", "float", "none")
PLAIN = [
    (variant.name, law.name)
    for operation in loading.operations().values()
    for variant in operation.variants
    for law in laws_of(operation, variant)
    if law.needs not in {"gradient", "compiled"}
]


def right(x: Array, mask: Array | None) -> Array:
    answer: Array = REFERENCE["masked_mean"](x, mask)
    return answer


def wide(mask: Array, x: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))


def valid(mask: Array | None, x: Array) -> Array:
    here = np.ones(x.shape[:2], bool) if mask is None else mask.astype(bool)
    return wide(here, x)


def by_time(x: Array, mask: Array | None) -> Array:
    total = np.where(valid(mask, x), x, 0).sum(axis=1)
    return np.asarray(total / x.dtype.type(x.shape[1]))


def multiplied(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    total = (x.astype(np.float64) * here).sum(axis=1)
    return (total / np.maximum(here.sum(axis=1), 1)).astype(x.dtype)


def by_lengths(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    counts = here.sum(axis=1, keepdims=True)
    place = wide(np.arange(x.shape[1])[None], x)
    return right(x, np.broadcast_to(place < counts, here.shape).reshape(here.shape[:2]))


def longest(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    total = np.where(here, x, 0).sum(axis=1)
    return (total / max(int(here.sum(axis=1).max()), 1)).astype(x.dtype)


def first_mask(x: Array, mask: Array | None) -> Array:
    turned = None if mask is None else np.broadcast_to(mask[:1], mask.shape)
    return right(x, turned)


def one_padded(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    if here.all():
        here = here & (wide(np.arange(x.shape[1])[None], x) < x.shape[1] - 1)
    return right(x, here.reshape(here.shape[:2]))


def as_float(x: Array, mask: Array | None) -> Array:
    if mask is not None and mask.dtype != bool:
        mask = mask > 1
    return right(x, mask)


def double(x: Array, mask: Array | None) -> Array:
    return right(x.astype(np.float64), mask)


def in_place(x: Array, mask: Array | None) -> Array:
    np.putmask(x, np.broadcast_to(~valid(mask, x), x.shape), 0)
    return right(x, mask)


def from_memory(x: Array, mask: Array | None) -> Array:
    base = x if x.base is None or x.base.size != x.size else x.base.reshape(x.shape)
    return right(base, mask)


def ignoring_nan(x: Array, mask: Array | None) -> Array:
    return right(np.where(np.isnan(x), 0, x), mask)


def squeezed(x: Array, mask: Array | None) -> Array:
    return right(x, mask).squeeze()


def clipped(x: Array, mask: Array | None) -> Array:
    return right(np.maximum(x, np.asarray(-1e9, x.dtype)), mask)


def small_count(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    counts = here.sum(axis=1, dtype=np.int8)
    total = np.where(here, x, 0).sum(axis=1, dtype=np.float64)
    return (total / np.where(counts == 0, 1, counts)).astype(x.dtype)


def nan_when_empty(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    spoilt = here.any(axis=1).all()
    return right(x, mask) * x.dtype.type(1 if spoilt else np.nan)


WRONG: dict[str, Function] = {
    "value": by_time,
    "padding-content": lambda x, mask: right(x, None if mask is None else mask | True),
    "extra-padding": by_time,
    "batch-composition": longest,
    "batch-order": first_mask,
    "full-mask": one_padded,
    "mask-form": as_float,
    "contract": double,
    "layout": from_memory,
    "wild-padding": multiplied,
    "valid-nan": ignoring_nan,
    "left-padding": by_lengths,
    "gaps": by_lengths,
    "empty-row": nan_when_empty,
    "length-one": squeezed,
    "large-values": clipped,
    "long-rows": small_count,
    "between": by_time,
    "shift": by_time,
}


def subject(
    function: Function,
    *,
    variant: str = "masked_mean",
    framework: Any = None,
    **more: str,
) -> Subject:
    found = variant_named(variant)
    operation = loading.operations()[found.operation]
    declaration = Declaration(
        name="made",
        framework="numpy",
        file="made.py",
        functions=(operation.function,),
        placements=("right", "left", "gaps"),
        mask_forms=FORMS,
    )
    return Subject(
        Adapter(declaration=declaration, functions={operation.function: function}),
        framework or numpy_framework,
        operation,
        found,
        dtype=more.get("dtype", "float32"),
        route=more.get("route", "eager"),
    )


def sample(under: Subject, *, turn: int = 0, seed: int = 0) -> Sample:
    oracle = loading.oracle(under.operation.name)
    batch = generate(oracle, under.variant, seed=seed, turn=turn)
    empty = {"masked_max": "negative-infinity"}.get(under.operation.name, "zero")
    return Sample(
        oracle=oracle,
        variant=under.variant,
        dtype=under.dtype,
        batch=cast(batch, under.dtype),
        empty=empty,
        seed=seed,
        turn=turn,
    )


def judged(under: Subject, law: str, given: Sample | None = None) -> Finding:
    found = next(
        each for each in laws_of(under.operation, under.variant) if each.name == law
    )
    with np.errstate(all="ignore"):
        return attempt(loading.law_function(found), under, given or sample(under))


@pytest.mark.parametrize(("variant", "law"), PLAIN)
def test_a_law_holds_for_the_reference(variant: str, law: str) -> None:
    operation = loading.operations()[variant.partition(".")[0]]
    under = subject(REFERENCE[operation.function], variant=variant)
    found = judged(under, law)

    assert found.verdict.message == ""
    assert found.passed
    assert found.judged > 0


@pytest.mark.parametrize("law", WRONG)
def test_a_law_fails_for_wrong_code(law: str) -> None:
    found = judged(subject(WRONG[law]), law)

    assert not found.passed
    assert not found.errored
    assert found.verdict.batch is not None
    assert found.verdict.message != ""


def test_every_law_of_the_mean_has_wrong_code_here() -> None:
    operation = loading.operations()["masked_mean"]
    laws = {law.name for law in laws_of(operation)}
    assert laws - WRONG.keys() == {"gradient", "wild-gradient", "route"}


@pytest.mark.parametrize("law", ["value", "batch-order", "full-mask", "between"])
def test_a_law_that_asks_for_something_else_lets_that_mistake_pass(law: str) -> None:
    assert judged(subject(multiplied), law).passed


def test_another_dtype_is_said_by_name() -> None:
    said = judged(subject(double), "contract").verdict.message
    assert said == "the answer is float64, expected float32 like the input"


def test_an_input_that_was_written_to_is_named() -> None:
    assert judged(subject(in_place), "contract").verdict.message == "x was written to"


def test_a_declared_error_must_be_raised() -> None:
    def refuses(x: Array, mask: Array | None) -> Array:
        if mask is not None and not mask.any(axis=1).all():
            raise ValueError
        return right(x, mask)

    def given(under: Subject) -> Sample:
        return replace(sample(under), empty="error")

    polite, silent = subject(refuses), subject(right)

    assert judged(polite, "empty-row", given(polite)).passed
    said = judged(silent, "empty-row", given(silent)).verdict.message
    assert said == "an empty row is declared to raise an error, but gave an answer"


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

    def compile(self, function: Function) -> Function:
        def compiled(x: Array, mask: Array) -> Any:
            self.calls.append(mask)
            return function(x, self.calls[0] if self.frozen else mask)

        return compiled

    def captured(self, compiled: Function) -> Capture:
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
def test_a_right_derivative_passes(law: str, dtype: str) -> None:
    under = subject(right, framework=Differentiates(slope=slope), dtype=dtype)
    assert judged(under, law).verdict.message == ""


def test_a_derivative_at_padding_trains() -> None:
    under = subject(right, framework=Differentiates(slope=leaking))
    said = judged(under, "gradient").verdict.message
    assert "gradient of x[" in said
    assert "padding trains" in said


def test_a_wrong_derivative_shows_in_float64_alone() -> None:
    made = Differentiates(slope=doubled)
    assert judged(subject(right, framework=made), "gradient").passed
    assert not judged(
        subject(right, framework=made, dtype="float64"), "gradient"
    ).passed


def test_a_derivative_that_multiplies_padding_fails_with_wild_padding_only() -> None:
    under = subject(right, framework=Differentiates(slope=times_padding))
    assert judged(under, "gradient").passed
    assert (
        "not finite; inf at padding" in judged(under, "wild-gradient").verdict.message
    )


def test_a_derivative_of_another_shape_is_refused() -> None:
    made = Differentiates(slope=lambda x, mask, g: slope(x, mask, g)[:1])
    said = judged(subject(right, framework=made), "gradient").verdict.message
    assert said.startswith("the gradient through x has shape (1, 5, 2), expected (32,")


@pytest.mark.parametrize("frozen", [False, True])
def test_a_mask_frozen_into_the_compiled_function_is_found(*, frozen: bool) -> None:
    made = Differentiates(slope=slope, frozen=frozen)
    found = judged(subject(right, framework=made, route="compiled"), "route")

    assert found.passed is not frozen
    if frozen:
        assert "with another mask" in found.verdict.message


def test_a_law_that_judges_nothing_is_an_error() -> None:
    under = subject(right)
    found = attempt(lambda _subject, _sample: iter(()), under, sample(under))
    assert found.errored
    assert found.verdict.message.startswith("the law judged nothing")


def test_a_layer_that_moves_at_padding_breaks_the_laws_of_recurrence() -> None:
    def build(*arguments: Any, **options: Any) -> Function:
        layer = REFERENCE["build_birnn"](*arguments, **options)
        return lambda x, mask: layer(x, np.ones_like(mask))

    under = subject(build, variant="birnn.gru.concat.sequence")
    for law in ("value", "extra-padding", "swap", "zero-at-padding"):
        assert not judged(under, law).passed


def test_weights_reach_the_builder_as_the_specification_says() -> None:
    seen = SimpleNamespace()

    def build(forward: Any, backward: Any, **options: Any) -> Function:
        seen.shapes = [forward.kernel.shape, backward.recurrent_kernel.shape]
        seen.options = options
        layer: Function = REFERENCE["build_birnn"](forward, backward, **options)
        return layer

    assert judged(subject(build, variant="birnn.lstm.sum.final"), "value").passed
    assert seen.shapes == [(2, 8), (2, 8)]
    assert seen.options == {"cell": "lstm", "merge": "sum", "output": "final"}
