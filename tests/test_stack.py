"""Must a mask stand before every layer? Each one left out, and what shows it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.check.mutants import correct
from conformance.commands.pages.matrix import killers
from conformance.operations import load_operations, load_oracle
from conformance.operations._common.mutant import Mutant
from conformance.operations.stack.mutants import MUTANTS
from conformance.operations.stack.mutants_faults import LEFT_OUT
from conformance.operations.stack.mutants_layer import Fault, build
from conformance.run.catalogue import cases
from conformance.strategies import variant_named
from conformance.trial.adapter import LayerWeights, RnnWeights
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from typing import Any

SHOWN_BY = {
    "no-mask-before-the-first-layer": "mask-before-the-first-layer",
    "no-mask-before-the-convolution": "mask-before-the-convolution",
    "no-mask-before-the-second-layer": "mask-before-the-second-layer",
    "no-mask-behind-the-second-layer": "mask-behind-the-second-layer",
}


def caught(name: str) -> tuple[str, ...]:
    mutant = next(each for each in MUTANTS if each.name == name)
    return killers(mutant, {"stack": cases()["stack"]})


@pytest.mark.parametrize("name", SHOWN_BY)
def test_a_mask_that_is_left_out_alone_is_shown_by_a_case_and_by_a_law(
    name: str,
) -> None:
    found = caught(name)
    law = next(each.clause for each in MUTANTS if each.name == name)
    assert f"stack.{law}" in found
    assert f"stack.simple.sequence/{SHOWN_BY[name]}" in found


def test_every_mask_of_the_stack_is_left_out_once() -> None:
    assert [each[0] for each in LEFT_OUT] == list(SHOWN_BY)


def sample(variant: str) -> Sample:
    found = variant_named(variant)
    oracle = load_oracle("stack")
    return Sample(
        oracle=oracle,
        variant=found,
        dtype="float32",
        batch=cast(generate(oracle, found, seed=4, turn=0), "float32"),
    )


def subject(found: Any, variant: str) -> Subject:
    return Subject(
        found,
        load_framework("numpy"),
        load_operations()["stack"],
        variant_named(variant),
        dtype="float32",
        route="eager",
    )


@pytest.mark.parametrize("variant", ["stack.simple.sequence", "stack.gru.final"])
def test_the_mask_behind_one_layer_and_before_the_next_are_one_mask(
    variant: str,
) -> None:
    # A second layer that has no step at padding hears nothing of what stands there.
    same = Mutant(
        name="no-zeros-behind-the-convolution",
        operation="stack",
        text="leaves what the convolution gives at padding to a layer with the mask",
        clause="value",
        variants=(variant,),
        function=partial(build, fault=Fault(convolution="no-mask-after")),
    )
    assert killers(same, {"stack": cases()["stack"]}) == ()


@pytest.mark.parametrize("variant", ["stack.simple.sequence", "stack.gru.final"])
def test_the_stack_is_its_three_layers_one_after_the_other(variant: str) -> None:
    one = sample(variant)
    reference = load_adapter("numpy_reference").functions
    weights = one.batch.weights
    parts = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")

    def layer(which: str, output: str) -> Any:
        ways = (
            RnnWeights(*(weights[f"{which}_{way}.{part}"] for part in parts))
            for way in ("forward", "backward")
        )
        cell = one.variant.options["cell"]
        return reference["build_birnn"](*ways, cell=cell, merge="concat", output=output)

    own = [weights[f"convolution.{part}"] for part in ("kernel", "bias")]
    mask = one.batch.mask
    now = layer("first", "sequence")(one.batch.arrays["x"], mask)
    now = reference["conv1d"](now, mask, *own, padding="same", dilation=1)
    now = layer("second", one.variant.options["output"])(now, mask)

    got = subject(load_adapter("numpy_reference"), variant).answer(
        one.batch, like=one.want
    )
    assert np.array_equal(got, now)


def test_a_convolution_is_given_its_weights_by_name() -> None:
    seen: list[Any] = []

    def listening(**given: Any) -> Any:
        seen.append(given)
        return load_adapter("numpy_reference").functions["build_stack"](**given)

    right = correct("stack")
    found = type(right)(
        declaration=right.declaration, functions={"build_stack": listening}
    )
    one = sample("stack.lstm.sequence")
    assert subject(found, "stack.lstm.sequence").agrees(one).passed
    given = seen[0]
    assert isinstance(given["convolution"], LayerWeights)
    assert given["convolution"].kernel.shape == (3, 4, 3)
    assert given["second_backward"].kernel.shape == (3, 8)
    assert (given["cell"], given["output"]) == ("lstm", "sequence")


def test_an_answer_that_is_nan_is_nothing_else() -> None:
    one = sample("stack.simple.sequence")
    x = one.batch.arrays["x"].copy()
    x[0, 0] = np.nan
    broken = one.replace_batch(
        type(one.batch)(arrays={"x": x}, mask=one.batch.mask, weights=one.batch.weights)
    )
    nan = np.isnan(broken.want)
    assert nan.any()
    assert not broken.allowed[nan].any()
