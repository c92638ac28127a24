"""torch on another device, without one: fake tensors on `meta` refuse any other.

torch computes nothing there, but follows shapes, dtypes and devices through every
operation; one that is given a tensor on the CPU as well raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.check.fixtures import Fixtures
from conformance.errors import ContractViolation, UsageError
from conformance.operations import load_operations
from conformance.specification.plan import plan
from conformance.specification.selection import Selection

torch = pytest.importorskip("torch")

from torch._subclasses.fake_tensor import (  # noqa: E402 - after the skip
    DynamicOutputShapeException,
    FakeTensorMode,
)

from conformance.trial.frameworks import torch as framework  # noqa: E402 - likewise
from conformance.trial.frameworks.devices import torch as devices  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conformance.specification.selection import Check

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

HEAD = """\
# /// script
# dependencies = ["torch"]
# [tool.mask-conformance]
# framework = "torch"
# ///
import torch
"""


@pytest.fixture
def _apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a test's device end with it."""
    monkeypatch.setenv("KERAS_TORCH_DEVICE", "cpu")
    before = torch.are_deterministic_algorithms_enabled()
    yield
    devices.PLACED.clear()
    torch.set_default_device(None)
    torch.use_deterministic_algorithms(before)


def usual_checks(name: str) -> dict[str, Check]:
    """Return the check of the exact value of each variant in float32."""
    declaration = load_adapter(name).declaration
    selection = Selection(dtypes=("float32",), routes=("eager",), checks=("*/value:*",))
    found = plan(declaration, load_operations(), {}, selection)
    return {check.variant.name: check for check in found if not check.unsupported}


@pytest.mark.usefixtures("_apart")
@pytest.mark.parametrize("text", ["cuda", "cuda:7", "gpu", "mps", "cpu:1"])
def test_a_device_that_is_not_there_is_refused(text: str) -> None:
    if text.partition(":")[0] in {"cuda", "gpu", "mps"} and torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(UsageError, match=f"--device {text}: torch .* only cpu; choose"):
        framework.place(text)
    assert framework.device() == "cpu"


@pytest.mark.usefixtures("_apart")
def test_the_cpu_can_be_asked_for() -> None:
    framework.place("cpu")
    assert framework.environment()["device"] == "cpu"
    assert framework.find_misplaced(framework.tensor(np.ones(2))) == ""


@pytest.mark.usefixtures("_apart")
def test_new_tensors_are_on_the_device() -> None:
    framework.place("meta")
    tensors = [framework.tensor(np.ones(2)), torch.ones(2), torch.nn.Linear(2, 2).bias]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    views = framework.layouts(np.ones((3, 2)))
    assert {view.device.type for view in views.values()} == {"meta"}
    assert framework.device() == "meta:0"


@pytest.mark.usefixtures("_apart")
def test_a_tensor_elsewhere_is_named() -> None:
    there = torch.ones(2)
    assert framework.find_misplaced(there) == ""
    framework.place("meta")
    assert framework.find_misplaced(there) == "cpu"


@pytest.mark.usefixtures("_apart")
def test_keras_is_told_the_device_before_it_is_imported() -> None:
    import os

    framework.place("meta")
    assert os.environ["KERAS_TORCH_DEVICE"] == "meta"


@pytest.mark.usefixtures("_apart")
def test_bits_are_promised_on_a_cpu_and_in_deterministic_mode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert framework.promises_bits()
    gpu = torch.device("cuda", 0)
    monkeypatch.setattr(devices, "PLACED", [gpu])
    assert not framework.promises_bits()
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    framework.place(deterministic=True)
    assert framework.promises_bits()


@pytest.mark.usefixtures("_apart")
def test_every_operation_of_the_reference_stays_on_the_device() -> None:
    checks = usual_checks("torch_reference")
    fixtures = Fixtures(load_adapter("torch_reference"), 0)
    samples = {name: fixtures.turn(check, 0) for name, check in checks.items()}
    framework.place("meta")
    wrong, judged = {}, 0
    # A tensor of Python numbers on this device is no fake one, and as good.
    with FakeTensorMode(allow_non_fake_inputs=True):
        for name, check in checks.items():
            subject, batch = fixtures.subject(check), samples[name].batch
            given = (*subject.tensors(batch), subject.mask(batch))
            try:
                answer = subject.callable(batch)(*given)
            except DynamicOutputShapeException:
                continue  # the shape depends on numbers, which are not there
            judged += 1
            if answer.device.type != "meta":
                wrong[name] = answer.device
    assert wrong == {}
    assert judged > len(checks) // 2


@pytest.mark.usefixtures("_apart")
@pytest.mark.parametrize(
    "body",
    [
        "torch.where(mask[..., None], x, torch.zeros(1, device='cpu')).sum(1)",
        "(x * torch.ones(x.shape, device='cpu')).sum(1)",
    ],
)
def test_an_adapter_that_makes_a_tensor_elsewhere_raises(
    written: Callable[[str], Path], body: str
) -> None:
    path = written(HEAD + f"def masked_sum(x, mask):\n    return {body}\n")
    function = load_adapter(str(path)).function("masked_sum")
    framework.place("meta")
    with FakeTensorMode():
        x, mask = torch.ones(2, 3, 1), torch.ones(2, 3, dtype=torch.bool)
        with pytest.raises(RuntimeError, match="devices, meta and cpu"):
            function(x, mask)


@pytest.mark.usefixtures("_apart")
def test_an_answer_elsewhere_breaks_the_contract(
    written: Callable[[str], Path],
) -> None:
    body = "    return (x * mask[..., None]).sum(1)\n"
    adapter = load_adapter(str(written(f"{HEAD}def masked_sum(x, mask):\n{body}")))
    fixtures = Fixtures(adapter, 0)
    selection = Selection(dtypes=("float32",), checks=("masked_sum/value:*",))
    (check,) = plan(adapter.declaration, load_operations(), {}, selection)
    subject: Any = fixtures.subject(check)
    answer = torch.ones(4, 2)
    framework.place("meta")
    with pytest.raises(
        ContractViolation, match="on cpu, expected meta:0 like its input"
    ):
        subject.check_result(answer, (4, 2))
