from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.check.diagnosis import diagnose
from conformance.check.mutants import adapter, correct
from conformance.check.runner import Runner
from conformance.operations import load_operations, load_oracle
from conformance.operations._common.mutant import Mutant, mutants
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.adapter import Adapter
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.specification.declaration import Declaration

OPERATIONS = (
    "masked_mean",
    "masked_max",
    "masked_softmax",
    "masked_loss",
    "birnn",
    "attention",
    "conv1d",
    "stack",
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nine_of_ten_mutants_are_named_and_none_is_called_another(
    operation: str,
) -> None:
    own = [mutant for mutant in mutants(operation) if mutant.kind == "forward"]
    said = {mutant.name: _diagnosed(mutant) for mutant in own}
    named = [mutant for mutant in own if said[mutant.name].startswith(mutant.text)]
    misnamed = {
        mutant.name: said[mutant.name]
        for mutant in own
        if said[mutant.name] and not said[mutant.name].startswith(mutant.text)
    }

    assert misnamed == {}
    assert len(named) >= 0.9 * len(own)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_right_implementation_has_no_diagnosis(operation: str) -> None:
    assert _asked(correct(operation), operation, "float32") == ""


def _mean_of_squares(x: Any, mask: Any) -> Any:
    return correct("masked_mean").functions["masked_mean"](x * x, mask)


def _mean_plus_half(x: Any, mask: Any) -> Any:
    right = correct("masked_mean").functions["masked_mean"](x, mask)
    return right + np.asarray(0.5, x.dtype)


def _smallest(x: Any, mask: Any) -> Any:
    return -correct("masked_max").functions["masked_max"](-x, mask)


def _softmax_of_half(x: Any, mask: Any) -> Any:
    return correct("masked_softmax").functions["masked_softmax"](x / 2, mask)


def _tripled_loss(predictions: Any, targets: Any, mask: Any, **how: str) -> Any:
    right = correct("masked_loss").functions["masked_loss"]
    return right(predictions, targets, mask, **how) * 3


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (_mean_of_squares, "masked_mean"),
        (_mean_plus_half, "masked_mean"),
        (_smallest, "masked_max"),
        (_softmax_of_half, "masked_softmax"),
        (_tripled_loss, "masked_loss"),
    ],
)
def test_a_mistake_in_no_list_is_given_no_name(
    function: Callable[..., Any], operation: str
) -> None:
    assert _asked(_of(function, operation), operation, "float32") == ""


def test_a_failed_check_carries_the_diagnosis_with_its_thread() -> None:
    wrong = next(
        each for each in mutants("masked_mean") if each.name == "divides-by-time"
    )
    failure = _failure(adapter(wrong), "masked_mean/value:float32:eager")

    assert failure.diagnosis == f"{wrong.text}; see {wrong.url}"


def test_a_failed_check_without_a_known_mistake_has_an_empty_diagnosis() -> None:
    wrong = _of(_mean_of_squares, "masked_mean")

    assert _failure(wrong, "masked_mean/value:float32:eager").diagnosis == ""


def test_an_adapter_that_raises_on_another_batch_still_has_a_failure() -> None:
    def fragile(x: Any, mask: Any) -> Any:
        if np.isnan(x).any():
            msg = "no NaN, please"
            raise ValueError(msg)
        return _mean_of_squares(x, mask)

    failure = _failure(_of(fragile, "masked_mean"), "masked_mean/value:float32:eager")

    assert failure.diagnosis == ""


def _failure(wrong: Adapter, check_id: str) -> Any:
    checks = plan(
        wrong.declaration, load_operations(), {}, Selection(checks=(check_id,))
    )
    (result,) = (Runner(wrong, {}).run(check) for check in checks)
    assert result.outcome == "failed"
    return result.failure


def _of(function: Callable[..., Any], operation: str) -> Adapter:
    declared: Declaration = correct(operation).declaration

    def quiet(*tensors: Any, **how: str) -> Any:
        with np.errstate(all="ignore"):
            return function(*tensors, **how)

    return Adapter(declaration=declared, functions={declared.functions[0]: quiet})


def _diagnosed(mutant: Mutant) -> str:
    variant = next(
        variant.name
        for variant in load_operations()[mutant.operation].variants
        if mutant.shows(variant.name)
    )
    # What float16 cannot tell apart, such as -1e9 and -1e10, float32 can.
    dtype = "bfloat16" if "bfloat16" in mutant.dtypes else "float32"
    return _asked(adapter(mutant), mutant.operation, dtype, variant)


def _asked(wrong: Adapter, name: str, dtype: str, variant: str = "") -> str:
    operation = load_operations()[name]
    chosen = next(each for each in operation.variants if variant in {"", each.name})
    framework = load_framework(wrong.declaration.framework)
    subject = Subject(wrong, framework, operation, chosen, dtype=dtype, route="eager")
    batch = cast(generate(load_oracle(name), chosen, seed=0, turn=0), dtype)
    return diagnose(subject, [batch])
