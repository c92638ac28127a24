"""``mask-conformance probe`` as its users run it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance import records
from conformance.commands.cli import main
from conformance.errors import UsageError
from conformance.probe import devices
from conformance.probe.examine import examine
from conformance.probe.infer import TargetError
from conformance.probe.reproducer import LINES, script
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import find

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
    found = records.read(path)
    assert found.complete
    by_check = {each.check: each for each in found.results}
    leak = next(each for each in by_check if "more-padding" in each)
    assert by_check[leak].outcome == "failed"
    failure = by_check[leak].failure
    assert failure is not None
    assert "conv2" in failure.diagnosis


@pytest.mark.parametrize("framework", ["numpy", "tensorflow"])
def test_a_function_of_arrays_has_a_script_too(framework: str, tmp_path: Path) -> None:
    pytest.importorskip(framework)
    path = tmp_path / "pool.py"
    mean = "x.mean(1)" if framework == "numpy" else "tf.reduce_mean(x, 1)"
    source = f"def pool(x, mask):\n    return {mean}\n"
    source = source if framework == "numpy" else f"import tensorflow as tf\n{source}"
    path.write_text(source, encoding="utf-8")
    found = run(f"{path}:pool", "--framework", framework, folder=tmp_path)
    assert found.exit_code == 1
    assert "LEAK" in found.output
    (script,) = tmp_path.rglob("probe.*.py")
    count = len(script.read_text(encoding="utf-8").splitlines())
    assert f"stand-alone script: {script} ({count} lines)" in found.output
    assert count <= 15
    shown = subprocess.run(
        [sys.executable, str(script)], check=True, capture_output=True, text=True
    )
    assert float(shown.stdout) > 1e-3


def test_a_script_shows_a_leak_on_the_device_where_it_was_found(
    leaking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = examine(find(leaking), ProbeSettings(questions=("more-padding",)))
    (answer,) = report.leaks
    assert "cuda" not in script(report, answer)
    monkeypatch.setattr(devices, "name_current", lambda _: "cuda:1")
    lines = script(report, answer).splitlines()
    assert len(lines) <= LINES
    assert "model = encoder.to('cuda:1')" in lines
    assert "torch.manual_seed(0); torch.set_default_device('cuda:1')" in lines


def test_a_mask_that_closes_one_leak_of_several_is_not_called_the_repair(
    tmp_path: Path,
) -> None:
    found = run("torch:LSTM", folder=tmp_path)
    said = "zeros at padding before it close this leak, but not: more padding, each row"
    assert f"{said} alone [checked]" in found.output
    assert "[1.0]" in found.output


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
        '[[known]]\nchecks = ["probe.more-padding/*", "probe.alone/*"]\n'
        'kind = "failed"\nreason = "by design"\n',
        encoding="utf-8",
    )
    told = ("--known", str(known), "--placement", "right", "--no-locate")
    asked = ("--question", "more-padding", "--question", "alone")
    ended = run(leaking, *told, *asked, folder=tmp_path)
    assert ended.output.count("(known)") == 2
    assert ended.exit_code == 0
    ended = run(right, *told, folder=tmp_path)
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
    ("nothing_there", ("has no 'nothing_there'",)),
    ("number", ("is a int, which cannot be called",)),
    ("needs_three", ("also needs graph, weights", "write a function")),
    ("raises", ("there is no such device", "--input x")),
    ("nothing", ("returns no array",)),
    ("broken", ("making it raised ValueError: the factory is broken",)),
    ("NeedsSize", ("is a class that needs size",)),
)


@pytest.mark.parametrize(("name", "said"), BAD_TARGETS)
def test_a_bad_target_gets_a_clear_sentence(name: str, said: tuple[str, ...]) -> None:
    with pytest.raises(TargetError) as caught:
        examine(find(f"{BAD}:{name}"), ProbeSettings())
    assert [text for text in said if text not in str(caught.value)] == []


def test_a_target_that_is_not_deterministic_is_said_to_be() -> None:
    report = examine(find(f"{BAD}:random"), ProbeSettings(questions=("repeat",)))
    assert [each.text for each in report.leaks] == [
        "it gives something else: not deterministic"
    ]


def test_a_target_without_a_mask_is_asked_and_this_is_said() -> None:
    report = examine(find(f"{BAD}:no_mask"), ProbeSettings())
    answers = {each.question: each for each in report.answers}
    assert "takes no mask" in answers["mask-read"].why
    assert answers["mask-read"].kind == "not asked"
    assert answers["other-numbers"].kind == "leak"


def test_a_target_that_raises_ends_with_status_2(tmp_path: Path) -> None:
    ended = run(f"{BAD}:raises", folder=tmp_path)
    assert "there is no such device" in ended.output
    assert "Traceback" not in ended.output
    assert ended.exit_code == 2


def test_a_target_that_ends_its_process_is_named(tmp_path: Path) -> None:
    ended = run(f"{BAD}:exits", folder=tmp_path)
    assert "exit status 7 while it was asked: find out what it takes" in ended.output
    assert ended.exit_code == 3


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
def test_a_name_that_leads_nowhere_is_said(target: str, said: str) -> None:
    if target.startswith("hf:"):
        pytest.importorskip("transformers")
    with pytest.raises(UsageError, match=re.escape(said)):
        find(target)


def test_an_unknown_question_lists_those_there_are(
    leaking: str, tmp_path: Path
) -> None:
    ended = run(leaking, "--question", "more-paddings", folder=tmp_path)
    assert ended.exit_code == 2
    assert "more-padding" in ended.output
