from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.check import diagnosis
from conformance.check.diagnosis import diagnose, gradient
from conformance.check.mutants import adapter, correct
from conformance.check.name import DiagnosisError
from conformance.check.runner import Runner
from conformance.operations import load_operations, load_oracle
from conformance.operations._common.mutant import Mutant, mutants
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.adapter import Adapter
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import cast, generate
from conformance.trial.subject import Subject
from tests.reports.ask import fresh, said_of, wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.specification.declaration import Declaration

pytestmark = pytest.mark.usefixtures("kept_answers")

OPERATIONS = (
    "masked_mean",
    "masked_max",
    "masked_softmax",
    "masked_loss",
    "masked_criterion",
    "weighted_loss",
    "accumulated_loss",
    "birnn",
    "attention",
    "cross_attention",
    "windowed_attention",
    "packed_attention",
    "decode",
    "alibi_attention",
    "sink_attention",
    "moe_routing",
    "attention_pooling",
    "positions",
    "rotary",
    "conv1d",
    "gated_scan",
    "rnn",
    "stack",
)
SPLITS = {
    "mean-of-means": "token_mean.2.same",
    "sum-of-means": "token_mean.2.same",
    "divides-by-the-padded-count": "token_mean.2.same",
    "leaves-out-the-first-label": "token_mean.2.same",
    "counts-the-first-label": "token_mean.2.next",
}
"""What is divided wrongly over micro-batches, and a variant that people meet it in."""

FRESH = ("masked_max", "last_valid", "reverse_sequence", "mask_from_ids", "crf_decode")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nine_of_ten_mutants_are_named_and_none_is_called_another(
    operation: str,
) -> None:
    own = [mutant for mutant in mutants(operation) if mutant.kind == "forward"]
    said = {mutant.name: _diagnosed(mutant) for mutant in own}
    # What no input tells apart is named together.
    named = [mutant for mutant in own if mutant.text in said[mutant.name]]
    misnamed = {
        mutant.name: said[mutant.name]
        for mutant in own
        if said[mutant.name] and mutant.text not in said[mutant.name]
    }

    assert misnamed == {}
    assert len(named) >= 0.9 * len(own)


@pytest.mark.parametrize("operation", FRESH)
def test_nine_of_ten_mutants_are_named_as_a_fresh_adapter(operation: str) -> None:
    said = {}
    for mutant in mutants(operation):
        if mutant.kind == "forward" and "bfloat16" not in mutant.dtypes:
            found = said_of(fresh(adapter(mutant)), operation)
            if found.check:  # what needs other padding or a declaration passes
                said[mutant.text] = found

    named = {text: found for text, found in said.items() if found.text}
    assert [text for text, found in named.items() if text not in found.text] == []
    assert all(found.holds for found in named.values())
    assert len(named) >= 0.9 * len(said)


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


@pytest.mark.parametrize(("name", "variant"), SPLITS.items())
def test_a_loss_that_changes_with_the_split_is_named(name: str, variant: str) -> None:
    operation = "accumulated_loss"
    mutant = next(each for each in mutants(operation) if each.name == name)
    said = _asked(adapter(mutant), operation, "float32", f"{operation}.{variant}")

    assert mutant.text in said


def test_a_diagnosis_that_raises_leaves_a_failure_without_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> str:
        msg = "no diagnosis today"
        raise RuntimeError(msg)

    monkeypatch.setattr(diagnosis, "diagnose", broken)
    wrong, check = (
        _of(_mean_of_squares, "masked_mean"),
        "masked_mean/value:float32:eager",
    )
    with pytest.raises(DiagnosisError, match="no diagnosis today"):
        _failure(wrong, check)
    monkeypatch.setattr(diagnosis, "RAISES", False)
    assert _failure(wrong, check).diagnosis == ""


def test_ids_are_diagnosed_as_numbers_are() -> None:
    wrong = next(
        each for each in mutants("mask_from_ids") if each.name == "inverts-the-mask"
    )
    assert _diagnosed(wrong).startswith(wrong.text)


def test_mutants_that_cannot_be_told_apart_are_named_together() -> None:
    last = next(each for each in mutants("last_valid") if each.name == "last-position")
    plain = replace(
        adapter(last).declaration, placements=("right",), mask_forms=("bool",), empty={}
    )
    said = _asked(replace(adapter(last), declaration=plain), "last_valid", "float32")
    assert said.startswith(f"ignores the mask, or {last.text}: no input tells these")


def test_a_product_of_parts_is_named_by_its_parts() -> None:
    def averaged(x: Any, mask: Any) -> Any:
        return (x.sum(axis=1) / mask.sum()).astype(x.dtype)

    with np.errstate(all="ignore"):
        said = said_of(wrong("masked_mean", averaged), "masked_mean")
    # For a sum it is the same whether zeros are left out.
    assert said.text == (
        "ignores the mask, and divides by the batch's number of valid positions, not "
        "by the number of valid positions, or makes a mask of its own, of the numbers "
        "that are not zero, and divides by the batch's number of valid positions, not "
        "by the number of valid positions: no input tells these apart here"
    )
    assert said.holds


def test_a_fill_is_read_from_the_answers_that_show_it() -> None:
    def filled(x: Any, mask: Any) -> Any:
        wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
        return np.where(wide, x, -17).max(axis=1).astype(x.dtype)

    said = said_of(wrong("masked_max", filled), "masked_max")
    assert said.text == "fills padding with -17 and then counts it as valid"


def test_a_gradient_that_has_lost_digits_was_divided_by_nothing() -> None:
    mask = np.ones((2, 3), dtype=bool)
    want = np.asarray([[0.25, -1.0, 3.0], [2.0, 0.5, -0.125]])
    said = gradient.find_divisors(want * (1 + 1e-8), want, mask)
    halves = gradient.find_divisors(want / 2, want, mask & [True, True, False])

    assert list(said) == []
    assert [text.split(",")[0] for text in halves] == [
        "divides the gradient by the number of valid positions once more"
    ]
