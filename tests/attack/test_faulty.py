"""Every faulty adapter leaves every other check with a verdict, and no process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.records import read
from tests.attack.faulty import (
    CALLED,
    HEAD,
    IMPORTED,
    ONCE,
    RECORDS,
    Fault,
    text,
    text_at_import,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MAIN = "from conformance.commands.cli import main; main()"
SOME = ("--level", "core", "--operation", "masked_sum", "--timeout", "8")
EVERY = bool(os.environ.get("MASK_ATTACK"))
"""Whether each fault is tried at every moment, and in two processes too."""


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-P", "-c", MAIN, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ATTACK": str(folder)},
        timeout=300,
    )


def left_behind(folder: Path) -> list[int]:
    """Return the processes that a run's adapter has started and that still go on."""
    wanted = f"ATTACK={folder}".encode()
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (each / "environ").read_bytes().split(b"\0"):
                found.append(int(each.name))
        except OSError:
            continue
    return found


def rows() -> Iterator[tuple[str, Fault, str, int]]:
    """Yield a name, a fault, its moment and the number of processes."""
    for number, fault in enumerate(CALLED):
        moments = ONCE if EVERY else dict(list(ONCE.items())[1:2])
        for moment, when in moments.items():
            yield f"{fault.name}, {moment}", fault, when, 1
        if EVERY and number % 3 == 0:
            yield f"{fault.name}, two processes", fault, ONCE["later"], 2


ROWS = list(rows())
QUICK = {
    *("exit 0", "exit 4, a lie", "our unsupported", "text of no text", "descriptors"),
    *("forks and returns", "a child in a session of its own", "removes the record"),
    *(
        "writes over the record",
        "spoils the record and ends",
        "hangs in C with the lock",
    ),
}
"""What is tried without MASK_ATTACK."""


def test_there_are_as_many_as_are_promised() -> None:
    moments = len(CALLED) * len(ONCE) + len(IMPORTED)
    assert len({fault.name for fault in CALLED}) == len(CALLED) >= 40
    assert moments >= 150
    assert {fault.name for fault in CALLED} >= QUICK


@pytest.mark.parametrize(
    ("fault", "when", "parts"),
    [
        pytest.param(fault, when, parts, id=name)
        for name, fault, when, parts in ROWS
        if EVERY or fault.name in QUICK
    ],
)
def test_a_fault_costs_one_check_and_nothing_else(
    fault: Fault, when: str, parts: int, tmp_path: Path
) -> None:
    body = text(fault, when)
    out = tmp_path / "out"
    body += RECORDS.format(
        pattern=str(out / "*.jsonl*of*" if parts > 1 else out / "*.jsonl")
    )
    (tmp_path / "faulty.py").write_text(body, encoding="utf-8")
    done = run("run", "faulty.py", "-o", out, "-n", parts, *SOME, folder=tmp_path)

    record = read(out / "faulty.jsonl")
    said = done.stdout + done.stderr
    assert record.complete, said
    assert len(record.results) == record.header.planned
    bad = [each for each in record.results if each.outcome in {"failed", "errored"}]
    if fault.verdict == "passed":
        assert bad == []
    elif fault.verdict == "errored":
        assert len(bad) == 1, [each.message for each in bad]
    assert done.returncode == int(bool(bad))
    for each in bad:
        assert each.outcome == "errored"
        assert each.message
        assert fault.verdict == "any" or fault.says in each.message
    assert "Traceback" not in said
    assert [line for line in said.splitlines() if line.lstrip().startswith("::")] == []
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=fault.name)
        for fault in IMPORTED
        if EVERY or fault.name in {"exit 0", "exit 4", "skips", "another folder"}
    ],
)
def test_a_fault_at_import_is_said_and_never_green(
    fault: Fault, tmp_path: Path
) -> None:
    path = tmp_path / "faulty.py"
    path.write_text(text_at_import(fault), encoding="utf-8")
    done = run("run", "faulty.py", "-o", "out", *SOME, folder=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == fault.status, said
    assert "Traceback" not in said
    if fault.status > 1:
        assert "faulty.py" in done.stderr
    tried = run("smoke", "faulty.py", folder=tmp_path)
    assert bool(tried.returncode) == bool(fault.status), tried.stdout + tried.stderr
    assert left_behind(tmp_path) == []


def test_the_adapter_is_right_but_for_its_fault(tmp_path: Path) -> None:
    body = HEAD.format(when="False")
    (tmp_path / "faulty.py").write_text(body, encoding="utf-8")
    done = run("run", "faulty.py", "-o", "out", *SOME, folder=tmp_path)
    assert done.returncode == 0, done.stdout
