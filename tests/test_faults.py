"""Whatever a check does to its process, it is one errored check and the rest goes on.

The adapter asks for what is under way where a run writes it down, and misbehaves in
one check each.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from conformance.records import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.records import Result

    Written = Callable[..., Path]

MAIN = "from conformance.commands.cli import main; main()"
FAULTY = """
import ctypes, os, sys
from pathlib import Path

CURRENT = Path({current!r})

def masked_sum(x, mask):
    what = CURRENT.read_text().partition("/")[2].partition(":")[0]
    if what == "value":
        ctypes.string_at(0)
    if what == "padding-content":
        ctypes.PyDLL(None).sleep(1000)  # keeps the interpreter's lock
    if what == "extra-padding":
        held = [np.ones(2**22) for _ in range(1000)]
    if what == "batch-composition":
        os._exit(0)
    if what == "batch-order":
        while True:
            os.write(1, b"x" * 2**20)
    if what == "full-mask":
        sys.stdout.close()
    if what == "contract":
        os.close(1)
        os.close(2)
    if what == "layout":
        raise GeneratorExit
    if what == "shift":
        raise KeyboardInterrupt
    if what == "ones":
        raise MemoryError
    print("loud")
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, 0).sum(axis=1).astype(x.dtype)
"""
SAID = {
    "value": "the process was ended by SIGSEGV",
    "padding-content": "did not return within 8 s (--timeout)",
    "extra-padding": "took more than 300 MiB of memory (--memory)",
    "batch-composition": "the process ended with exit status 0",
    "batch-order": "printed more than 64 MiB",
    "full-mask": "closed the process's stdout",
    "contract": "closed the process's stdout and stderr",
    "layout": "raised GeneratorExit: ",
    "shift": "the process ended with exit status 2",
    "ones": "raised MemoryError: ",
}
OPTIONS = ("--level", "core", "--operation", "masked_sum", "--dtype", "float32")


def run(path: Path, *options: object) -> subprocess.CompletedProcess[str]:
    out = ("-o", path.parent / "out")
    return subprocess.run(
        [sys.executable, "-c", MAIN, "run", *map(str, (path, *out, *options))],
        check=False,
        capture_output=True,
        text=True,
    )


def by_law(path: Path) -> dict[str, Result]:
    record = read(path.parent / "out" / "wrong.jsonl")
    assert record.complete
    return {
        result.check.partition("/")[2].partition(":")[0]: result
        for result in record.results
    }


def test_each_fault_is_one_errored_check_and_all_others_have_verdicts(
    written: Written, tmp_path: Path
) -> None:
    path = written(FAULTY.format(current=str(tmp_path / "out/wrong.jsonl.current")))
    ended = run(path, *OPTIONS, "--timeout", 8, "--memory", 300)
    found = by_law(path)

    assert ended.returncode == 1
    errored = {law: r.message for law, r in found.items() if r.outcome == "errored"}
    assert errored == SAID
    others = {law: r.outcome for law, r in found.items() if law not in SAID}
    assert set(others.values()) == {"passed", "unsupported"}
    assert list(others.values()).count("passed") > 10
    assert all(found[law].clause == f"masked_sum.{law}" for law in SAID)
    assert "ERRORED masked_sum/value:float32:eager\n  the process was" in ended.stdout
    assert f"again: mask-conformance run {path} --check masked_sum/v" in ended.stdout

    where = {law: found[law].failure for law in ("value", "padding-content")}
    for failure in where.values():
        assert failure is not None
        assert failure.trace.startswith("most recent call first:\n")
        assert failure.trace.endswith(" in masked_sum")
        assert f'File "{path}"' in failure.trace

    # What was printed does not fill the disk, and its end is there.
    log = tmp_path / "out" / "wrong.log"
    assert log.stat().st_size < 9 * 2**20
    assert b"bytes left out ...]" in log.read_bytes()
    assert "loud" in log.read_text("utf-8", errors="replace")[-1000:]
    left = sorted(each.name for each in log.parent.iterdir())
    assert left == ["wrong.jsonl", "wrong.log"]


def test_a_known_death_is_no_new_failure(written: Written, tmp_path: Path) -> None:
    path = written(FAULTY.format(current=str(tmp_path / "out/wrong.jsonl.current")))
    path.with_suffix(".toml").write_text(
        '[[known]]\nchecks = ["masked_sum/value:*"]\nkind = "errored"\nreason = "dies"',
        encoding="utf-8",
    )
    ended = run(path, "--check", "masked_sum/value:float32:*")

    assert ended.returncode == 0
    known = by_law(path)["value"].known
    assert known is not None
    assert known.reason == "dies"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("os.kill(os.getpid(), 11)", "the process was ended by SIGSEGV"),
        ("os._exit(5)", "the process ended with exit status 5"),
        ("raise KeyboardInterrupt", "the process ended with exit status 2"),
    ],
)
def test_an_adapter_that_dies_while_it_is_imported_is_said_so(
    fault: str, said: str, written: Written, tmp_path: Path
) -> None:
    path = written(f"import os\n{fault}\ndef masked_sum(x, mask):\n    return x\n")
    ended = run(path, *OPTIONS)

    assert ended.returncode == 3
    # Not at its start: a machine that is busy for ten seconds gets a line of progress.
    assert (
        f"error: {path}: {said} before its first check; see "
        f"{tmp_path / 'out' / 'wrong.log'}"
    ) in ended.stderr


DIES_LATER = """
import os
from pathlib import Path

STARTED = Path({started!r})
STARTED.write_text(STARTED.read_text() + "x" if STARTED.exists() else "x")
if len(STARTED.read_text()) > 1:
    os._exit(8)

def masked_sum(x, mask):
    os._exit(7)
"""


def test_an_adapter_that_cannot_be_started_again_ends_the_run(
    written: Written, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    path = written(DIES_LATER.format(started=str(started)))
    ended = run(path, *OPTIONS)

    assert ended.returncode == 3
    assert started.read_text() == "x" * 4
    assert "INCOMPLETE: " in ended.stdout
    (problem,) = read(tmp_path / "out" / "wrong.jsonl").problems
    assert problem.endswith(
        "while it ran its start, 3 times in a row: the process ended with exit status "
        "8; before that masked_sum/value:float32:eager: the process ended with exit "
        "status 7"
    )


def test_a_process_that_does_not_end_is_ended_and_its_run_is_complete(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    from conformance.run.launch import Order, launch
    from conformance.run.settings import Settings
    from conformance.specification.selection import Selection

    monkeypatch.setattr("conformance.run.process.END", 0.5)
    body = (
        "import atexit, time\natexit.register(time.sleep, 100)\n"
        "def masked_sum(x, mask):\n    return x\n"
    )
    path = written(body)
    selection = Selection(checks=("masked_sum/value:float32:eager",))
    record = path.parent / "out" / "wrong.jsonl"
    settings = Settings(reference=str(path), record=record, selection=selection)
    order = Order(settings=settings)
    began = time.monotonic()
    found = launch(order, lambda _finished, _planned: None, Event())

    assert found.complete
    assert time.monotonic() - began < 60
