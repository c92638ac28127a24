"""A run that was broken off goes on: nothing finished is lost, nothing differs."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from conformance.records import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Written = Callable[..., Path]

MAIN = "from conformance.commands.cli import main; main()"
MOMENTS = int(os.environ.get("MASK_MOMENTS", "2"))
"""How often a run is killed; 20 were seen to be resumed without a difference."""

ADAPTER = """
import os, time

def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    time.sleep(0.002)
    return (np.where(wide, x, 0).sum(axis=1) / x.shape[1]).astype(x.dtype)

def masked_sum(x, mask):
    if x.shape in {(1, 3), (2, 5, 2)}:
        os._exit(3)
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    time.sleep(0.002)
    return np.where(wide, x, 0).sum(axis=1).astype(x.dtype)
"""
OPTIONS = ("--level", "core", "--dtype", "float32")
BOTH = ("--operation", "masked_mean", "--operation", "masked_sum")
SUM = ("--operation", "masked_sum")
SLOW = """
import time

def masked_sum(x, mask):
    time.sleep(0.02)
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, 0).sum(axis=1).astype(x.dtype)
"""


def listening() -> None:
    """Take an interrupt as in a terminal; a job in the background would ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(path: Path, out: Path, *more: object, **how: Any) -> subprocess.Popen[str]:
    arguments = map(str, (path, "-o", out, *OPTIONS, *more))
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **how,
    )


def run(path: Path, out: Path, *more: object, **how: Any) -> tuple[int, str]:
    process = started(path, out, *more, **how)
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def lines(out: Path) -> list[dict[str, Any]]:
    """Return a record's lines without their times."""
    found = []
    for line in (out / "wrong.jsonl").read_text("utf-8").splitlines():
        plain = json.loads(line)
        for time_ in ("ms", "started", "ended"):
            plain.pop(time_, None)
        found.append(plain)
    return found


def wait_for(path: Path, count: int) -> None:
    """Wait until a record has some lines."""
    for _ in range(1200):
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.05)
    pytest.fail(f"{path} did not get {count} lines")


def test_a_run_that_is_killed_at_any_moment_ends_as_if_it_had_not_been(
    written: Written, tmp_path: Path
) -> None:
    path = written(ADAPTER)
    began = time.monotonic()
    assert run(path, tmp_path / "whole", *BOTH)[0] == 1
    took = time.monotonic() - began
    whole = lines(tmp_path / "whole")
    assert sum(line.get("outcome") == "errored" for line in whole) == 3
    moments = random.Random(0)  # noqa: S311 - no secret
    for moment in range(MOMENTS):
        out = tmp_path / str(moment)
        process = started(path, out, *BOTH)
        time.sleep(moments.uniform(0.2, took))
        process.kill()
        process.communicate()
        status, said = run(path, out, *BOTH, "--resume")

        assert status == 1, said
        assert lines(out) == whole
        left = sorted(each.name for each in out.iterdir())
        assert left == ["wrong.jsonl", "wrong.log"]


def test_what_is_finished_is_not_run_again(written: Written, tmp_path: Path) -> None:
    path, out = written(SLOW), tmp_path / "out"
    process = started(path, out, *SUM)
    wait_for(out / "wrong.jsonl", 6)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    # The process that wrote the record ends with the one that started it.
    assert psutil.wait_procs(family, timeout=60)[1] == []
    before = read(out / "wrong.jsonl")
    assert before.footer is None

    assert run(path, out, *SUM, "--resume")[0] == 0
    after = read(out / "wrong.jsonl")
    assert after.complete
    assert after.results[: len(before.results)] == before.results  # times included
    assert after.header.started == before.header.started


def test_an_interrupted_run_is_readable_says_so_and_can_be_resumed(
    written: Written, tmp_path: Path
) -> None:
    path, out = written(SLOW), tmp_path / "out"
    process = started(path, out, *SUM, preexec_fn=listening)
    wait_for(out / "wrong.jsonl", 6)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    broken = read(out / "wrong.jsonl")

    assert process.returncode == 3
    assert "INCOMPLETE: " in said
    assert not broken.complete
    assert "the run ended without a footer after" in broken.problems[0]
    assert len(broken.results) >= 5
    assert run(path, out, *SUM, "--resume")[0] == 0
    assert read(out / "wrong.jsonl").complete


def test_a_full_disk_is_named_and_what_is_written_stays_readable(
    written: Written, tmp_path: Path
) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))

    path, out = written(SLOW), tmp_path / "out"
    record = out / "wrong.jsonl"
    status, said = run(path, out, *SUM, preexec_fn=little_room)

    assert status == 3
    assert said.startswith(
        f"error: results file {record} cannot be written: File too large; what is in "
        "it stays readable; make room, then go on with `mask-conformance run --resume`"
    )
    held = read(record)
    assert 5 < len(held.results) < held.header.planned
    assert run(path, out, *SUM, "--resume")[0] == 0
    assert read(record).complete


def test_a_record_of_another_run_is_refused(written: Written, tmp_path: Path) -> None:
    path, out = written(SLOW), tmp_path / "out"
    check = ("--check", "masked_sum/value:float32:eager")
    assert run(path, out, *check)[0] == 0
    status, said = run(path, out, *check, "--seed", 1, "--resume")
    record = out / "wrong.jsonl"

    assert status == 2
    assert said.startswith(
        f"error: results file {record} is of another run: seed is 0, this run has 1; "
        "give the options that it was made with, or run without --resume\n"
    )
    # Other checks are a run of their own, with a record beside this one.
    before = record.read_bytes()
    assert run(path, out, "--check", "masked_sum/ones:*32:eager", "--resume")[0] == 0
    assert record.read_bytes() == before


@pytest.mark.parametrize("content", ["", '{"type":"run"', None])
def test_a_run_that_had_not_begun_is_begun(
    content: str | None, written: Written, tmp_path: Path
) -> None:
    path, out = written(SLOW), tmp_path / "out"
    if content is not None:
        out.mkdir()
        (out / "wrong.jsonl").write_text(content, encoding="utf-8")
    check = ("--check", "masked_sum/value:float32:eager")
    assert run(path, out, *check, "--resume")[0] == 0
    # What is no record of these checks stays as it is: the run's lies beside it.
    beside = out / "wrong.partial.jsonl"
    assert read(beside if beside.exists() else out / "wrong.jsonl").complete


def test_a_run_is_resumed_with_another_number_of_processes(
    written: Written, tmp_path: Path
) -> None:
    path, out = written(ADAPTER), tmp_path / "out"
    assert run(path, tmp_path / "whole", *BOTH)[0] == 1
    process = started(path, out, *BOTH, "-n", 3)
    wait_for(out / "wrong.jsonl.1-of-3", 3)
    process.kill()
    process.communicate()

    assert run(path, out, *BOTH, "-n", 2, "--resume")[0] == 1
    assert sorted(lines(out), key=str) == sorted(lines(tmp_path / "whole"), key=str)
    assert [each.name for each in out.glob("*jsonl*")] == ["wrong.jsonl"]
