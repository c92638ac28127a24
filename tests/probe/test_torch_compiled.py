"""What is said of the compiled route of a torch model, beside the eager one."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

torch = pytest.importorskip("torch")
nn: Any = torch.nn

pytestmark = pytest.mark.filterwarnings("ignore")

SETTINGS = ProbeSettings(
    questions=("compiled",), routes=("eager", "compiled"), locate=False
)


class Compiled(nn.Module):  # type: ignore[misc]
    """Gives something else where it is compiled, at padding or everywhere."""

    def __init__(self, value: float, *, padding: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.value, self.padding = value, padding

    def forward(self, x: Any, mask: Any) -> Any:
        out = self.linear(x) * mask[..., None]
        if not torch.compiler.is_compiling():
            return out
        return out + torch.where(mask[..., None] != self.padding, self.value, 0.0)


@pytest.mark.parametrize(
    ("value", "padding", "kind", "said"),
    [
        (float("nan"), False, "leak", "NaN or infinity in one of the two"),
        (float("nan"), True, "same", "same bits"),
        (0.5, False, "leak", "times rounding noise"),
        (0.0, False, "same", "same bits"),
        (1e-7, False, "noise", " ulp"),
    ],
)
def test_what_counts_is_compared(
    value: float, kind: str, said: str, *, padding: bool
) -> None:
    torch.manual_seed(0)
    model = Compiled(value, padding=padding).eval()
    (answer,) = examine(wrap(model), SETTINGS).answers
    assert answer.kind == kind
    assert said in answer.text
