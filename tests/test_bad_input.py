"""Bad input given to the command: a clear message, the right exit status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from conformance.records import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    Command = Callable[..., CompletedProcess[str]]
    Written = Callable[..., Path]

DIVIDES = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return (np.where(wide, x, 0).sum(axis=1) / x.shape[1]).astype(x.dtype)
"""
DIES = """
import os, signal
def masked_mean(x, mask):
    if x.ndim == 2 and len(x) == 1:
        {death}
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return (np.where(wide, x, 0).sum(axis=1) / wide.sum(axis=1)).astype(x.dtype)
"""
OPTIONS = ("--level", "core", "--operation", "masked_mean")
DEATHS = {
    "os._exit(9)": "the process ended with exit status 9",
    "os._exit(0)": "the process ended with exit status 0",
    "os.kill(os.getpid(), signal.SIGKILL)": "the process was ended by SIGKILL",
}


def test_the_mean_that_divides_by_time_is_shown_with_a_small_input(
    written: Written, command: Command, tmp_path: Path
) -> None:
    ended = command("run", written(DIVIDES), "-o", tmp_path / "out", *OPTIONS)
    run = read(tmp_path / "out" / "wrong.jsonl")
    value = next(r for r in run.results if r.check == "masked_mean/value:float32:eager")

    assert ended.returncode == 1
    assert run.complete
    assert value.failure is not None
    assert value.failure.shrunk
    x: Any = value.failure.inputs["x"]
    mask: Any = value.failure.mask
    assert len(x) <= 2
    assert all(len(row) <= 3 for row in x)
    assert all(
        number == int(number) and abs(number) <= 4 for row in x for number in row
    )
    assert not all(map(all, mask))
    assert "divides by T" in value.failure.diagnosis
    assert f"FAILED {value.check}\n  {value.message}" in ended.stdout


@pytest.mark.parametrize(("death", "said"), DEATHS.items())
def test_a_process_that_dies_is_one_errored_check_and_the_rest_goes_on(
    death: str, said: str, written: Written, command: Command, tmp_path: Path
) -> None:
    path = written(DIES.format(death=death))
    ended = command("run", path, "-o", tmp_path / "out", *OPTIONS)
    run = read(tmp_path / "out" / "wrong.jsonl")

    errored = [result for result in run.results if result.outcome == "errored"]
    assert ended.returncode == 1
    assert run.complete
    assert {result.message for result in errored} == {said}
    assert all(result.clause and result.level for result in errored)
    assert f"ERRORED {errored[0].check}\n  {said}" in ended.stdout
    assert "INCOMPLETE" not in ended.stdout
    assert run.counts["passed"] > 10
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "wrong.jsonl",
        "wrong.log",
    ]


def test_a_process_that_dies_while_it_is_observed_is_what_was_observed(
    written: Written, command: Command, tmp_path: Path
) -> None:
    dies = DIES.replace("x.ndim == 2 and len(x) == 1", "x.shape[1] == 0")
    path = written(dies.format(death="os._exit(9)"))
    ended = command("run", path, "-o", tmp_path / "out", "--level", "core")
    run = read(tmp_path / "out" / "wrong.jsonl")

    assert ended.returncode == 0
    assert run.complete
    assert {result.outcome for result in run.results} == {"passed", "unsupported"}
    assert run.footer is not None
    seen = run.footer.observed
    assert seen["T = 0: masked_mean"] == "the process ended with exit status 9"
    assert seen["B = 0: masked_mean"] == "empty"


def test_one_adapter_that_does_not_load_leaves_the_others_alone(
    written: Written, command: Command, tmp_path: Path
) -> None:
    missing, broken = (
        tmp_path / "missing.py",
        written("import nothing_like_it\n" + DIVIDES),
    )
    good = "--check", "masked_mean/value:float32:eager"
    ended = command(
        "run", missing, broken, "numpy_reference", "-o", tmp_path / "out", *good
    )

    assert ended.returncode == 2
    assert f"error: {missing}: no such adapter file" in ended.stderr
    assert (
        f"error: {broken}: needs nothing_like_it, which is not installed; install the "
        "dependencies in its head"
    ) in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert read(tmp_path / "out" / "numpy_reference.jsonl").complete


def test_what_an_adapter_prints_goes_to_the_log(
    written: Written, command: Command, tmp_path: Path
) -> None:
    body = DIVIDES.replace("    wide", '    print(\'{"type": "end"}\')\n    wide', 1)
    check = "masked_mean/value:float32:eager"
    ended = command("run", written(body), "-o", tmp_path / "out", "--check", check)

    assert '{"type"' not in ended.stdout
    assert '{"type"' in (tmp_path / "out" / "wrong.log").read_text("utf-8")
    lines = (tmp_path / "out" / "wrong.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["run", "result", "end"]


def test_a_selection_of_nothing_is_refused(command: Command, tmp_path: Path) -> None:
    chosen = ("--check", "masked_mean/nothing*")
    ended = command("run", "numpy_reference", "-o", tmp_path, *chosen)

    assert ended.returncode == 2
    assert ended.stderr == (
        "error: numpy_reference: no check is selected; `mask-conformance checks "
        "numpy_reference` lists them\n"
    )


def test_a_selection_of_what_is_unsupported_is_refused(
    command: Command, tmp_path: Path
) -> None:
    chosen = ("--route", "compiled")
    ended = command("run", "numpy_reference", "-o", tmp_path, *chosen)

    assert ended.returncode == 2
    assert "the adapter declares no compiled route" in ended.stderr
