"""How a process ended, what it said, and what a child does to itself."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from conformance.errors import IncompleteRunError, ResultError
from conformance.records import Writer, read_observed
from conformance.records.writing import (
    current_file,
    forget,
    observed_file,
    read_current,
)
from conformance.run import process
from conformance.run.child import Upkeep
from conformance.run.guard import Guard
from conformance.run.log import FRAMES, LAST, Log
from conformance.run.process import Ending, Limits, _Watch
from conformance.run.tail import Tail, _read_planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECK = "masked_mean/value:float32:eager"


def test_an_ending_is_named_by_its_reason_its_status_or_its_signal() -> None:
    assert str(Ending(status=3)) == "the process ended with exit status 3"
    assert str(Ending(status=-9)) == "the process was ended by SIGKILL"
    assert str(Ending(status=-63)) == "the process was ended by signal 63"
    assert str(Ending(status=-6, reason="took too long")) == "took too long"


@pytest.mark.parametrize(
    ("line", "planned"),
    [
        (json.dumps({"planned": 7}), 7),
        ("{}", 0),
        ("[]", 0),
        ("nonsense", 0),
        ('{"planned": null}', 0),
    ],
)
def test_the_planned_count_is_read_from_whatever_is_there(
    line: str, planned: int
) -> None:
    assert _read_planned(line.encode()) == planned


def test_a_record_is_counted_while_it_is_written_and_after_it_was_renewed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.jsonl"
    tail = Tail(path)
    assert tail.count() == (0, 0)
    path.write_text('{"planned": 3}\n{}\n', encoding="utf-8")
    assert tail.count() == (1, 3)
    with path.open("a", encoding="utf-8") as file:
        file.write("{}\n")
    assert tail.count() == (2, 3)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"outcome":"unsup')
    assert tail.count() == (2, 3)
    with path.open("a", encoding="utf-8") as file:
        file.write('ported"}\n{"message":"\\"outcome\\":\\"unsupported\\""}\n')
    assert tail.count() == (3, 3)
    fresh = tmp_path / "fresh"
    fresh.write_text('{"planned": 5}\n', encoding="utf-8")
    fresh.replace(path)
    assert tail.count() == (0, 5)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a watch over a record, with a clock and a log of its own."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(process, "monotonic", lambda: clock.now)
    log: Any = SimpleNamespace(size=0)

    def make(limits: Limits) -> Any:
        watch = _Watch(os.getpid(), limits, tmp_path / "x.jsonl", log)
        return SimpleNamespace(
            watch=watch, clock=clock, log=log, side=current_file(tmp_path / "x.jsonl")
        )

    return make


def test_a_check_has_its_time_from_when_it_was_announced(
    watched: Callable[..., Any],
) -> None:
    it = watched(Limits(seconds=400))
    it.clock.now = 399
    assert it.watch.find_exceeded() == ""
    it.clock.now = 401
    assert it.watch.find_exceeded() == "did not begin within 400 s"
    it.side.write_text(f"{CHECK}\n", encoding="utf-8")
    assert it.watch.find_exceeded() == ""
    it.clock.now = 801
    assert it.watch.find_exceeded() == ""
    it.clock.now = 802
    assert it.watch.find_exceeded() == "did not return within 400 s (--timeout)"
    it.side.unlink()
    assert it.watch.find_exceeded() == ""
    it.clock.now += 31
    assert it.watch.find_exceeded() == "did not end within 30 s"


def test_a_check_that_is_repeated_has_its_time_anew(
    watched: Callable[..., Any], tmp_path: Path
) -> None:
    it = watched(Limits(seconds=400))
    it.side.write_text(f"{CHECK}\n", encoding="utf-8")
    assert it.watch.find_exceeded() == ""
    it.clock.now = 300
    # A result has been written, and the next check has the same name.
    (tmp_path / "x.jsonl").write_text("{}\n", encoding="utf-8")
    assert it.watch.find_exceeded() == ""
    it.clock.now = 699
    assert it.watch.find_exceeded() == ""
    it.clock.now = 701
    assert it.watch.find_exceeded() == "did not return within 400 s (--timeout)"


def test_what_is_printed_is_counted_for_each_check(watched: Callable[..., Any]) -> None:
    it = watched(Limits(seconds=0, output=2 * 2**20))
    it.side.write_text("a\n", encoding="utf-8")
    it.log.size = 10 * 2**20
    assert it.watch.find_exceeded() == ""
    it.log.size += 3 * 2**20
    assert it.watch.find_exceeded() == "printed more than 2 MiB"
    it.side.write_text("b\n", encoding="utf-8")
    assert it.watch.find_exceeded() == ""


def test_memory_is_measured_where_it_is_limited(watched: Callable[..., Any]) -> None:
    said = watched(Limits(memory=2**20)).watch.find_exceeded()
    assert said == "took more than 1 MiB of memory (--memory)"
    assert watched(Limits(memory=2**40)).watch.find_exceeded() == ""
    gone = 2**22 + 1  # no process has this id
    assert process._memory()(gone) == 0


def logged(log: Log, text: bytes) -> None:
    """Print something into a log, as a process would."""
    reading, writing = os.pipe()
    thread = log.follow(reading)
    os.write(writing, text)
    os.close(writing)
    thread.join()


def test_a_log_gives_the_end_of_the_last_process(tmp_path: Path) -> None:
    with Log(tmp_path / "x.log") as log:
        logged(log, b"noise\nERROR: first\nsecond\n")
        assert log.told("word") == ("", "")
        logged(log, b"\xff\x1b[31m" + b"".join(b"%d\n" % n for n in range(50)))
        assert log.read_reason().splitlines() == [str(n) for n in range(30, 50)]
    assert (tmp_path / "x.log").read_bytes().startswith(b"noise\nERROR: first\n")


def test_a_log_keeps_its_beginning_and_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.run.log.FIRST", 10)
    with Log(tmp_path / "x.log") as log:
        logged(log, b"0123456789" + b"middle" * 20_000)
        logged(log, b"the end")
    kept = (tmp_path / "x.log").read_bytes()
    assert kept.startswith(b"0123456789\n[... 54471 bytes left out ...]\n")
    assert kept.endswith(b"the end")
    assert len(kept) < LAST + 100


def test_a_log_without_room_is_not_what_ends_a_run(tmp_path: Path) -> None:
    with Log(tmp_path / "missing" / "x.log") as log:
        logged(log, b"\nword usage\nwhy\nword end\n")
        assert log.told("word") == ("usage", "why")
        assert log.told("another") == ("", "")
    with Log(tmp_path / "x.log") as log:
        assert log._file is not None
        log._file.close()
        logged(log, b"more")
        assert log.size == 4


TRACE = b"""Fatal Python error: Segmentation fault

Current thread 0x00007f0a (most recent call first):
  File "/lib/thing.py", line 3 in inner
  File "/mine/adapter.py", line 9 in masked_sum
  File "/suite/subject.py", line 85 in answer

Extension modules: numpy
"""


def test_a_trace_ends_at_the_adapter(tmp_path: Path) -> None:
    with Log(tmp_path / "x.log") as log:
        assert log.trace("/mine/adapter.py") == ""
        logged(log, TRACE)
        assert log.trace("/mine/adapter.py").splitlines() == [
            "most recent call first:",
            '  File "/lib/thing.py", line 3 in inner',
            '  File "/mine/adapter.py", line 9 in masked_sum',
        ]
        assert len(log.trace("other.py").splitlines()) == 4 <= FRAMES
        logged(log, b"another process")
        assert log.trace("/mine/adapter.py") == ""


def test_a_closed_stream_is_open_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {number: os.dup(number) for number in (1, 2)}
    monkeypatch.setattr(sys, "stdout", os.fdopen(1, "w", closefd=False))
    monkeypatch.setattr(sys, "stderr", os.fdopen(2, "w", closefd=False))
    try:
        streams = Upkeep()
        assert streams.mend() == ""
        os.close(1)
        sys.stderr.close()
        assert streams.mend() == "closed the process's stdout and stderr"
        assert os.fstat(1).st_ino == os.fstat(kept[1]).st_ino
        sys.stderr.write("")
        monkeypatch.setattr(sys, "stdout", None)
        assert streams.mend() == "closed the process's stdout"
        assert streams.mend() == ""
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
        for copy in streams._kept.values():
            os.close(copy)


def test_what_is_under_way_is_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    assert read_current(path) == ""
    with Writer(path) as writer:
        writer.announce("a long name")
        writer.announce("short")
        assert read_current(path) == "short"


def test_what_was_seen_is_kept_and_a_cut_line_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    assert read_observed(path) == {}
    with Writer(path) as writer:
        writer.observed("T = 0: masked_mean", "nan")
        with observed_file(path).open("ab") as file:
            file.write(b'["B = 0: mas')
    assert read_observed(path) == {"T = 0: masked_mean": "nan"}


class Full:
    """A file on a disk without room for more than some bytes."""

    def __init__(self, file: Any, room: int) -> None:
        self.file, self.room = file, room

    def write(self, content: bytes) -> int:
        part = content[: min(5, self.room)]
        if not part:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= len(part)
        return int(self.file.write(part))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def test_a_line_that_does_not_fit_is_taken_back_and_no_other_follows(
    tmp_path: Path,
) -> None:
    from conformance.records import Result

    path = tmp_path / "x.jsonl"
    short = Result(check=CHECK, outcome="passed")
    long = Result(check=CHECK, outcome="failed", message="x" * 200)
    writer = Writer(path)
    full: Any = Full(writer._file, 100)
    writer._file = full
    writer.result(short)
    held = path.read_bytes()
    for result in (long, short):
        with pytest.raises(IncompleteRunError) as caught:
            writer.result(result)
        assert str(caught.value).startswith(
            f"results file {path} cannot be written: No space left on device; what is "
        )
    writer.close()
    assert path.read_bytes() == held


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ResultError, match="give another folder with -o"):
        Writer(file / "x.jsonl")
    writer = Writer(tmp_path / "x.jsonl")
    file.unlink()
    shutil.rmtree(tmp_path)
    with pytest.raises(ResultError, match=r"x.jsonl.current cannot be written: No su"):
        writer.announce(CHECK)
    with pytest.raises(ResultError, match=r"x.jsonl.observed cannot be written: No s"):
        writer.observed("a", "b")
    writer.close()


def test_a_record_whose_descriptor_was_closed_goes_on(tmp_path: Path) -> None:
    from conformance.records import Result

    with Writer(tmp_path / "x.jsonl") as writer:
        writer.announce(CHECK)
        for file in (writer._file, writer._current):
            assert file is not None
            os.close(file.fileno())
        assert writer.mend() == "closed the file of the run's record"
        writer.announce("another")
        writer.result(Result(check=CHECK, outcome="passed"))
        assert writer.mend() == ""
    assert CHECK in writer.path.read_text(encoding="utf-8")
    assert read_current(writer.path) == "another"


def put_folder(path: Path) -> None:
    path.mkdir()
    (path / "file").touch()


@pytest.mark.parametrize("put", [put_folder, os.mkfifo, Path.mkdir])
def test_what_stands_in_a_side_files_place_is_removed(
    put: Callable[[Path], None], tmp_path: Path
) -> None:
    writer = Writer(tmp_path / "x.jsonl")
    for path in (current_file(writer.path), observed_file(writer.path)):
        put(path)
    assert (read_current(writer.path), read_observed(writer.path)) == ("", {})
    writer.announce(CHECK)
    writer.observed("a", "b")
    assert read_current(writer.path) == CHECK
    assert read_observed(writer.path) == {"a": "b"}
    current_file(writer.path).unlink()
    put(current_file(writer.path))
    writer.announce("another")
    assert read_current(writer.path) == "another"
    writer.close()
    forget(writer.path)
    assert list(tmp_path.iterdir()) == [writer.path]


@pytest.fixture
def family() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a group of two processes; yield the first, and the other's number."""
    first = subprocess.Popen(
        ["/bin/sh", "-c", "sleep 300 & echo $!; wait"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert first.stdout is not None
    other = int(first.stdout.readline())
    yield first, other
    for each in (first.pid, other):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    first.wait()
    first.stdout.close()


def test_a_group_is_ended_as_a_whole(
    family: tuple[subprocess.Popen[bytes], int],
) -> None:
    first, other = family
    assert Guard().end(first.pid) == 0  # none had left the group
    assert first.wait(60) == -signal.SIGKILL
    until = time.monotonic() + 60
    while is_running(other):
        assert time.monotonic() < until
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_memory_is_that_of_a_process_and_of_all_that_it_started(
    family: tuple[subprocess.Popen[bytes], int],
) -> None:
    first, other = family
    alone = psutil.Process(first.pid).memory_info().rss
    until = time.monotonic() + 60
    while process._memory()(first.pid) <= alone:
        assert is_running(other)
        assert time.monotonic() < until
        time.sleep(0.01)
    assert process._memory()(2**22 + 1) == 0  # no such process
