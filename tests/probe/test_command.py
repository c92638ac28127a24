"""``mask-conformance probe`` as its users run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance import results
from conformance.cli import main

if TYPE_CHECKING:
    from click.testing import Result

pytest.importorskip("torch")

HERE = Path(__file__).parent
BAD = str(HERE / "bad_targets.py")
GOOD = """
import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv1 = nn.Conv1d(4, 6, 3, padding=1)
        self.conv2 = nn.Conv1d(6, 6, 3, padding=1)

    def forward(self, x, mask):
        keep = mask[:, None].to(x.dtype)
        h = torch.relu(self.conv1(x.transpose(1, 2) * keep))
        h = self.conv2(h {mended}) * keep
        return h.sum(2) / keep.sum(2)


encoder = Encoder()
"""


def run(*arguments: str, folder: Path) -> Result:
    from click.testing import CliRunner

    wanted = ["probe", *arguments, "-o", str(folder / "out")]
    return CliRunner().invoke(main, wanted, catch_exceptions=False)


@pytest.fixture
def leaking(tmp_path: Path) -> str:
    path = tmp_path / "leaking_model.py"
    path.write_text(GOOD.format(mended=""), encoding="utf-8")
    return f"{path}:encoder"


@pytest.fixture
def right(tmp_path: Path) -> str:
    path = tmp_path / "right_model.py"
    path.write_text(GOOD.format(mended="* keep"), encoding="utf-8")
    return f"{path}:encoder"


def test_a_leak_is_shown_with_its_module_line_and_script(
    leaking: str, tmp_path: Path
) -> None:
    ended = run(leaking, folder=tmp_path)
    assert ended.exit_code == 1
    assert "more padding               LEAK" in ended.output
    assert "first at conv2 (Conv1d)" in ended.output
    assert "leaking_model.py:16, aten.convolution" in ended.output
    assert "a mask before it closes the leak" in ended.output
    (script,) = (tmp_path / "out").glob("*.py")
    lines = script.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 15
    shown = subprocess.run(
        [sys.executable, str(script)], check=True, capture_output=True, text=True
    )
    assert float(shown.stdout.removeprefix("tensor(").rstrip(")\n")) > 1e-3
    (issue,) = (tmp_path / "out").glob("*.md")
    assert "conv2" in issue.read_text(encoding="utf-8")


def test_the_record_is_one_like_all_others(leaking: str, tmp_path: Path) -> None:
    run(leaking, folder=tmp_path)
    (path,) = (tmp_path / "out").glob("*.jsonl")
    found = results.read(path)
    assert found.complete
    by_check = {each.check: each for each in found.results}
    leak = next(each for each in by_check if "more-padding" in each)
    assert by_check[leak].outcome == "failed"
    assert by_check[leak].failure is not None
    assert "conv2" in by_check[leak].failure.diagnosis


def test_what_is_right_ends_with_status_0(right: str, tmp_path: Path) -> None:
    ended = run(right, folder=tmp_path)
    assert "LEAK" not in ended.output
    assert ended.exit_code == 0
    assert not list((tmp_path / "out").glob("*.py"))


def test_a_known_leak_ends_with_status_0_and_a_stale_entry_with_1(
    leaking: str, right: str, tmp_path: Path
) -> None:
    known = tmp_path / "known.toml"
    known.write_text(
        '[[known]]\nchecks = ["probe.*"]\nkind = "failed"\nreason = "by design"\n',
        encoding="utf-8",
    )
    assert run(leaking, "--known", str(known), folder=tmp_path).exit_code == 0
    ended = run(right, "--known", str(known), folder=tmp_path)
    assert ended.exit_code == 1
    assert "known" in ended.output


def test_the_gate_and_the_report_take_the_record(leaking: str, tmp_path: Path) -> None:
    from click.testing import CliRunner

    run(leaking, folder=tmp_path)
    folder = str(tmp_path / "out")
    judged = CliRunner().invoke(main, ["gate", folder])
    assert judged.exit_code == 1
    assert "probe.more-padding" in judged.output
    page = CliRunner().invoke(main, ["report", folder, "-o", str(tmp_path / "page")])
    assert page.exit_code == 0
    assert (tmp_path / "page" / "index.html").is_file()


BAD_TARGETS = (
    ("nothing_there", 2, ("has no 'nothing_there'", "did you mean 'nothing'")),
    ("number", 2, ("is a int, which cannot be called",)),
    ("needs_three", 2, ("also needs graph, weights", "write a function")),
    ("raises", 2, ("there is no such device", "--input x")),
    ("exits", 2, ("SystemExit",)),
    ("nothing", 2, ("returns no array",)),
    ("broken", 2, ("making it raised ValueError: the factory is broken",)),
    ("NeedsSize", 2, ("is a class that needs size",)),
    ("random", 1, ("not deterministic",)),
    ("no_mask", 1, ("no mask", "takes no mask")),
)


@pytest.mark.parametrize(("name", "status", "said"), BAD_TARGETS)
def test_a_bad_target_gets_a_clear_sentence(
    name: str, status: int, said: tuple[str, ...], tmp_path: Path
) -> None:
    ended = run(f"{BAD}:{name}", folder=tmp_path)
    assert [text for text in said if text not in ended.output] == []
    assert ended.exit_code == status
    assert "Traceback" not in ended.output


def test_a_target_that_hangs_is_ended(tmp_path: Path) -> None:
    ended = run(f"{BAD}:hangs", "--timeout", "3", folder=tmp_path)
    assert "did not return within 3 s (--timeout)" in ended.output
    assert ended.exit_code == 3


def test_a_target_that_takes_all_memory_is_ended(tmp_path: Path) -> None:
    ended = run(f"{BAD}:large", "--memory", "1500", folder=tmp_path)
    assert "took more than 1500 MiB of memory (--memory)" in ended.output
    assert ended.exit_code == 3


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere", "names no object"),
        ("no_such_module_here:model", "there is no module 'no_such_module_here'"),
        ("missing.py:model", "there is no such file"),
        ("torch:LSTTM", "did you mean 'LSTM'"),
        ("hf:bertt", "did you mean 'bert'"),
    ],
)
def test_a_name_that_leads_nowhere_is_said(
    target: str, said: str, tmp_path: Path
) -> None:
    if target.startswith("hf:"):
        pytest.importorskip("transformers")
    ended = run(target, folder=tmp_path)
    assert said in ended.output
    assert ended.exit_code == 2


def test_an_unknown_question_lists_those_there_are(leaking: str, tmp_path: Path) -> None:
    ended = run(leaking, "--question", "more-paddings", folder=tmp_path)
    assert ended.exit_code == 2
    assert "more-padding" in ended.output
