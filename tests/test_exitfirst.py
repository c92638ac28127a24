"""run -x and --lf: stop at the first new failure, ask again only what failed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.commands.lastfailed import MOST, select_failed
from conformance.records import read
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    Command = Callable[..., CompletedProcess[str]]
    Written = Callable[..., Path]

MEAN = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    total = np.where(wide, x, 0).sum(axis=1)
    return (total / {divisor}).astype(x.dtype)
"""
WRONG = MEAN.format(divisor="x.shape[1]")
RIGHT = MEAN.format(divisor="wide.sum(axis=1)")
CORE = ("--level", "core", "--operation", "masked_mean")


def test_x_stops_at_the_first_new_failure(
    command: Command, written: Written, tmp_path: Path
) -> None:
    path = written(WRONG)
    ended = command("run", path, *CORE, "-x", "-o", tmp_path)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    run = read(tmp_path / "wrong.jsonl")
    assert [each.outcome for each in run.results].count("failed") == 1
    assert run.header.planned > len(run.results)
    assert run.footer is not None
    assert not run.footer.complete
    assert "stopped at the first new failure (-x)" in ended.stdout
    # The record says what is missing, to the gate and to --resume.
    assert command("gate", tmp_path).returncode == 3
    written(RIGHT)
    whole = command("run", path, *CORE, "--resume", "-o", tmp_path)
    assert whole.returncode == 1
    assert read(tmp_path / "wrong.jsonl").complete


def test_x_stops_at_a_death_too_and_leaves_further_adapters(
    command: Command, written: Written, tmp_path: Path
) -> None:
    bad = written("import os\n\ndef masked_mean(x, mask):\n    os._exit(7)\n")
    good = written(RIGHT, name="good.py")
    ended = command("run", bad, good, *CORE, "-x", "-o", tmp_path)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    run = read(tmp_path / "wrong.jsonl")
    assert [each.outcome for each in run.results].count("errored") == 1
    assert not (tmp_path / "good.jsonl").exists()


def test_x_leaves_a_right_adapter_alone(
    command: Command, written: Written, tmp_path: Path
) -> None:
    ended = command("run", written(RIGHT), *CORE, "-x", "-o", tmp_path, "-n", "2")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert read(tmp_path / "wrong.jsonl").complete


def test_x_ends_all_processes_of_a_divided_run(
    command: Command, written: Written, tmp_path: Path
) -> None:
    ended = command("run", written(WRONG), *CORE, "-x", "-n", "2", "-o", tmp_path)
    assert ended.returncode in {1, 3}, ended.stdout + ended.stderr
    run = read(tmp_path / "wrong.jsonl")
    assert 1 <= [each.outcome for each in run.results].count("failed") <= 2


def test_lf_asks_only_what_failed_and_then_what_still_fails(
    command: Command, written: Written, tmp_path: Path
) -> None:
    path = written(WRONG)
    given = ("run", path, *CORE[:2], "-o", tmp_path)
    first = command(*given, "-q")
    failed = [
        each.check
        for each in read(tmp_path / "wrong.jsonl").results
        if each.outcome == "failed"
    ]
    assert first.returncode == 1
    assert len(failed) > 3
    again = command(*given, "--lf", "--format", "json")
    assert again.returncode == 1
    assert f"--lf: {len(failed)} checks that failed in " in again.stderr
    told = json.loads(again.stdout)
    assert [each["check"] for each in told["runs"][0]["failures"]] == failed
    # The record of all checks stays, and what was asked again counts beside it.
    assert len(read(tmp_path / "wrong.jsonl").results) > len(failed)
    written(RIGHT)
    assert command(*given, "--lf").returncode == 0
    last = command(*given, "--lf")
    assert last.returncode == 0
    assert "no new failure; all checks are run" in last.stdout


def test_lf_without_a_record_runs_everything(tmp_path: Path) -> None:
    said: list[str] = []
    asked = Selection(level="core")
    assert select_failed(asked, tmp_path / "none.jsonl", said.append) == asked
    assert said == [f"--lf: {tmp_path / 'none.jsonl'}: not there; all checks are run"]
    assert MOST == 1000


@pytest.mark.parametrize("option", ["-k", "--format", "--durations"])
def test_an_option_without_a_sense_is_bad_use(
    command: Command, option: str, tmp_path: Path
) -> None:
    wrong = {"-k": "and", "--format": "yaml", "--durations": "0"}[option]
    ended = command("run", "numpy_reference", option, wrong, "-o", tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == ""
