"""What is said of a place in a torch model, beyond the module and the line."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from conformance.probe.examine import examine
from conformance.probe.frameworks.base import Mode
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 - torch may be absent
from torch.nn import functional as f  # noqa: E402

from conformance.probe.frameworks.torch import Torch  # noqa: E402
from conformance.probe.frameworks.torch.tracing import Recorder  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


class Wider(nn.Module):  # type: ignore[misc]
    """Puts zeros around the sequence itself, so that time is longer than T."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(4, 4)
        self.conv = nn.Conv1d(4, 6, 3)

    def forward(self, x: Any, mask: Any) -> Any:
        del mask
        wide = f.pad(self.first(x).transpose(1, 2), (1, 1))
        return self.conv(wide).transpose(1, 2)


def test_no_repair_is_denied_where_padding_cannot_be_told() -> None:
    settings = ProbeSettings(questions=("more-padding",))
    (location,) = examine(wrap(Wider()), settings).locations.values()
    assert location.site.path == "conv"
    assert location.checked
    assert location.mended is None


class OwnSum(torch.autograd.Function):  # type: ignore[misc, name-defined]
    """A product whose own way back adds padding to the weight's gradient."""

    @staticmethod
    def forward(ctx: Any, h: Any, weight: Any) -> Any:
        ctx.save_for_backward(h, weight)
        return h @ weight

    @staticmethod
    def backward(ctx: Any, *given: Any) -> Any:
        h, weight = ctx.saved_tensors
        return given[0] @ weight.T, h.transpose(1, 2).sum(0) @ (given[0].sum(0) * 0 + 1)


class Owner(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(4, 6)
        self.weight = nn.Parameter(torch.randn(6, 6))

    def forward(self, x: Any, mask: Any) -> Any:
        out = OwnSum.apply(self.first(x), self.weight)
        return torch.where(mask[..., None], out, 0.0)


def test_a_parameters_gradient_is_placed_where_it_is_made() -> None:
    settings = ProbeSettings(questions=("gradient", "parameter-gradient"))
    report = examine(wrap(Owner()), settings)
    assert [each.question for each in report.leaks] == ["parameter-gradient"]
    location = report.locations["parameter-gradient"]
    assert location.site.op == "OwnSumBackward"
    assert "the parameter's gradient is made here" in location.text


class Shifted(nn.Module):  # type: ignore[misc]
    """Adds to all logits what their softmax does not see."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(()))

    def forward(self, x: Any, mask: Any) -> Any:
        return torch.softmax(x + self.shift, -1) * mask[..., None]


def test_a_gradient_that_is_zero_but_for_rounding_is_no_leak() -> None:
    settings = ProbeSettings(questions=("parameter-gradient",))
    (answer,) = examine(wrap(Shifted()), settings).answers
    assert answer.kind == "noise"
    assert "shrinks to" in answer.text


def _written(x: Any) -> Any:
    h = x * 2
    part = h[:, 1:]
    part.add_(1)
    return h + 0


def test_a_value_is_what_it_was_before_something_was_written_over_it() -> None:
    x = np.ones((2, 3))
    trace = Torch().trace(_written, {"x": x}, Mode(dtype="float64"))
    by_op = {site.op: trace.values[site.outputs[0]] for site in trace.sites}
    assert (by_op["aten.mul"] == 2).all()
    assert (by_op["aten.slice"] == 2).all()
    assert (by_op["aten.add_"] == 3).all()
    assert trace.outputs["out"].tolist() == [[2, 3, 3]] * 2


def test_a_trace_shares_the_memory_of_what_nothing_writes_to() -> None:
    def function(x: Any) -> Any:
        h = x * 2
        return h.view(-1) + 1

    trace = Torch().trace(function, {"x": np.ones((2, 3))}, Mode(dtype="float64"))
    by_op = {site.op: trace.values[site.outputs[0]] for site in trace.sites}
    assert np.shares_memory(by_op["aten.mul"], by_op["aten.view"])
    assert not np.shares_memory(by_op["aten.mul"], by_op["aten.add"])


def test_an_outline_has_the_same_sites_and_no_values() -> None:
    mode, given = Mode(dtype="float64"), {"x": np.ones((2, 3))}
    whole, flat = (
        Torch().trace(_written, given, mode, outline=outline)
        for outline in (False, True)
    )
    assert flat.sites == whole.sites
    assert [each.shape for each in flat.values] == [e.shape for e in whole.values]
    assert [each.dtype for each in flat.values] == [e.dtype for e in whole.values]
    assert all(not any(each.strides) for each in flat.values)
    assert (flat.outputs["out"] == whole.outputs["out"]).all()


@pytest.mark.parametrize("outline", [False, True])
def test_an_editor_is_given_what_stood_there_before_it_was_written_over(
    *, outline: bool
) -> None:
    seen = {}

    def edit(site: Any, inputs: Any, outputs: Any) -> Any:
        seen[site.op] = (inputs[0].copy(), outputs[0].copy())
        return [each + 10 for each in outputs] if site.op == "aten.add_" else None

    mode, given = Mode(dtype="float64"), {"x": np.ones((2, 3))}
    trace = Torch().trace(_written, given, mode, edit, outline=outline)
    before, after = seen["aten.add_"]
    assert (before == 2).all()
    assert (after == 3).all()
    assert trace.outputs["out"].tolist() == [[12, 13, 13]] * 2


def test_a_trace_holds_no_recorder_until_garbage_is_collected() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    gc.collect()
    gc.disable()
    try:
        recorder = Recorder(model, lambda *_: None)
        gone = weakref.ref(recorder)
        with recorder:
            model(torch.ones(2, 3))
        del recorder
        assert gone() is None
    finally:
        gc.enable()


class Relative(nn.Module):  # type: ignore[misc]
    """An attention over relative positions, whose table is centred, and a leak."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Linear(4, 4)
        self.conv = nn.Conv1d(4, 6, 3, padding=1)

    def forward(self, x: Any, mask: Any) -> Any:
        at = torch.arange(x.shape[1])
        steps = torch.arange(1 - x.shape[1], x.shape[1])[:, None].to(x.dtype)
        table = self.table(torch.sin(steps / torch.tensor([1.0, 3.0, 9.0, 27.0])))
        found = x @ table.T  # [B, T, 2 T - 1]
        index = (at - at[:, None] + x.shape[1] - 1).expand(len(x), -1, -1)
        score = found.gather(2, index).masked_fill(~mask[:, None], -1e9)
        h = torch.softmax(score, 2) @ x
        return self.conv(h.transpose(1, 2)).transpose(1, 2)


class Wide(nn.Module):  # type: ignore[misc]
    """Looks further to both sides than a row is long."""

    def __init__(self, width: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv1d(4, 6, width, padding=width // 2)

    def forward(self, x: Any, mask: Any) -> Any:
        return self.conv(x.transpose(1, 2)).transpose(1, 2) * mask[..., None]


@pytest.mark.parametrize("width", [5, 31, 101])
@pytest.mark.parametrize("question", ["other-numbers", "more-padding"])
def test_a_window_is_called_one_however_wide_it_is(width: int, question: str) -> None:
    settings = ProbeSettings(questions=(question,))
    location = examine(wrap(Wide(width), "model"), settings).locations[question]
    assert location.pattern == "window"
    assert "a window" in location.text
    assert location.mended


def test_a_table_of_relative_positions_is_no_place_of_a_leak() -> None:
    report = examine(wrap(Relative(), "model"), ProbeSettings())
    location = report.locations["more-padding"]
    assert location.site.path == "conv"
    assert location.others == ()
    assert location.checked
