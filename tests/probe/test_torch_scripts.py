"""A leak of a torch model is shown by a short script that needs no suite."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.reproducer import LINES, script
from conformance.probe.reproducer_batches import SHOWN
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import find

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")

HERE = Path(__file__).parent
MODEL = """\
import sys
sys.path.insert(0, {here!r})
from wrong_torch import CASES
model = next(each for each in CASES if each.name == {name!r}).make(0, wrong=True)
"""

BLOCKS = (
    *("Conv", "ZeroConv", "Attention", "Count", "Logarithm", "Batch", "LongestRow"),
    *("Neighbour", "Reverse", "FinalState", "Squeeze", "Shared", "Positions", "First"),
    *("Before", "Ignored", "EmptyRow", "Strided"),
)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_script_shows_the_leak_of_each_question(
    block: str,
    load: Callable[[str], Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = next(c for c in load("wrong_torch").CASES if c.block.__name__ == block)
    path = tmp_path / f"script_of_{block.lower()}.py"
    text = MODEL.format(here=str(HERE), name=case.name)
    path.write_text(text, encoding="utf-8")
    settings = ProbeSettings(locate=False, questions=SHOWN, **case.said)
    report = examine(find(f"{path}:model"), settings)
    assert report.leaks
    for answer in report.leaks:
        code = script(report, answer)
        assert 0 < len(code.splitlines()) <= LINES, answer.question
        alone = tmp_path / f"{answer.question}.py"
        alone.write_text(code, encoding="utf-8")
        runpy.run_path(str(alone))
        shown = float(capsys.readouterr().out.removeprefix("tensor(").split(")")[0])
        assert not shown <= 1e-5, answer.question
