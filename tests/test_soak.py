"""A long search finds the same however it is spread, and whatever dies meanwhile."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psutil
import pytest

from conformance.adapters.load import read_declaration
from conformance.cases import load, vocabulary
from conformance.commands.soak import Search, search, spread
from conformance.commands.soak.chunk import Chunk, run_chunk
from conformance.commands.soak.progress import load_spent
from conformance.errors import UsageError
from conformance.operations import load_operations
from conformance.records import Result
from conformance.run import catalogue
from conformance.run.process import Limits
from conformance.run.settings import Settings
from conformance.specification.selection import Selection
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Written = Callable[..., Path]

MAIN = "from conformance.commands.cli import main; main()"
# Right on the grid of lengths 1, 3, 5 and 8, but for one value; it dies of one shape.
RARE = """
import os

def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    if x.shape == (1, 1):
        os._exit(3)
    total = np.where(wide, x, 0).sum(axis=1)
    count = x.shape[1] if x.shape[1] == 4 else wide.sum(axis=1)
    return (total / count).astype(x.dtype)
"""
OPTIONS = ("--check", "masked_mean/value:float32:*", "--check", "masked_mean/b*32:*")
SIZE = ("--rows", 48, "--chunk", 12)


def started(path: Path, out: Path, *more: object) -> subprocess.Popen[str]:
    arguments = map(str, (path, "-o", out, *OPTIONS, *SIZE, *more))
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, "soak", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def soaked(path: Path, out: Path, *more: object) -> tuple[int, str]:
    process = started(path, out, *more)
    said, _ = process.communicate(timeout=300)
    return process.returncode, said.replace(str(out), "OUT")


def files(out: Path) -> dict[str, str]:
    """Return the cases that were saved."""
    return {path.name: path.read_text("utf-8") for path in sorted(out.glob("m*"))}


def chunk_process(soak: psutil.Process) -> psutil.Process | None:
    """Return a process of the suite that a worker has started, if there is one."""
    for each in soak.children(recursive=True):
        try:
            if "conformance.suite" in " ".join(each.cmdline()):
                return each
        except psutil.Error:
            continue
    return None


def test_the_same_is_found_by_one_worker_by_two_and_where_one_is_killed(
    written: Written, tmp_path: Path
) -> None:
    path = written(RARE)
    status, said = soaked(path, tmp_path / "1", "--workers", 1)
    found = files(tmp_path / "1")

    assert status == 1
    assert re.search(r"seed \d+: FAILED masked_mean/value:float32:eager", said)
    assert "the process ended with exit status 3" in said
    assert "48 rows for each of 4 laws: " in said
    assert found

    assert soaked(path, tmp_path / "2", "--workers", 2) == (status, said)
    assert files(tmp_path / "2") == found

    process = started(path, tmp_path / "3", "--workers", 1)
    wait_for(lambda: list((tmp_path / "3").glob("soak.*.json")))
    running = chunk_process(psutil.Process(process.pid))
    process.kill()
    process.communicate(timeout=60)
    if running is not None:
        wait_for(lambda: not running.is_running())
    (spent,) = (tmp_path / "3").glob("soak.*.json")
    assert 0 < json.loads(spent.read_text("utf-8"))["upto"] < 4
    again, rest = soaked(path, tmp_path / "3", "--continue")
    assert again == status
    assert "masked_mean/value:float32:eager" in rest
    assert json.loads(spent.read_text("utf-8"))["upto"] == 4
    # What is spent is not searched again, and what it found is not forgotten.
    last, rest = soaked(path, tmp_path / "3", "--continue")
    assert last == status
    assert "0 rows for each of 4 laws: " in rest
    assert "found before, seed" in rest


def wait_for(true: Callable[[], object]) -> None:
    for _ in range(1200):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("waited in vain")


def test_shards_search_every_seed_once() -> None:
    whole = Search(reference="x", rows=100, chunk=10, output=Path())
    assert whole.chunks == 10
    seeds = [
        part.seed_of(number)
        for k in (1, 2, 3)
        for part in [dataclasses.replace(whole, shard=Shard(k, 3))]
        for number in range(part.chunks or 0)
    ]
    assert sorted(seeds) == list(range(10))


def test_only_a_few_chunks_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def seeds() -> Iterator[int]:
        for number in itertools.count():
            asked.append(number)
            yield number

    monkeypatch.setattr(spread, "run_chunk", lambda seed, *_rest: b"%d" % seed)
    made = spread.spread_here(seeds(), ("", 0.0, 0), 2)
    for done, (seed, answer) in enumerate(made, 1):
        assert answer == b"%d" % seed
        assert len(asked) <= done + 2 * spread.AHEAD
        if done == 500:
            break
    made.close()


def test_a_search_goes_on_for_the_minutes_that_it_is_given(
    written: Written, tmp_path: Path
) -> None:
    path = written(RARE.replace("os._exit(3)", "pass"))
    began = time.monotonic()
    _, said = soaked(path, tmp_path, "--minutes", "0.02", "--workers", 1)
    assert time.monotonic() - began < 100
    assert re.search(r"^\d+ rows for each of 4 laws", said, re.MULTILINE)


def test_a_search_on_this_machine_listens_on_no_port(
    written: Written, tmp_path: Path
) -> None:
    process = started(written(RARE), tmp_path / "out", "--workers", 1)
    wait_for(lambda: chunk_process(psutil.Process(process.pid)))
    open_ = psutil.Process(process.pid).net_connections()
    process.kill()
    process.communicate(timeout=60)
    assert open_ == []


def test_what_a_search_has_spent_is_ours_or_refused(tmp_path: Path) -> None:
    (tmp_path / "soak.x.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UsageError, match="is not what a search has spent"):
        load_spent(tmp_path, "x")


def test_what_is_found_is_a_case_file_as_it_is(written: Written) -> None:
    path = written(RARE.replace("os._exit(3)", "pass"))
    settings = Settings(
        reference=str(path),
        selection=Selection(checks=("masked_mean/padding-content:float32:*",)),
        examples=8,
        explore=60,
        drawn=True,
    )
    made = run_chunk(0, settings.encode(), 60.0, 0)
    (result,) = msgspec.json.decode(made, type=Chunk).found
    assert result.failure is not None
    (check_,) = [
        each
        for each in catalogue.plan_checks(
            read_declaration(str(path)), catalogue.selection()
        )
        if each.id == result.check
    ]
    asked = Search(reference=str(path), rows=8, chunk=8, output=path.parent / "found")
    lines = search._finding(asked, check_, 7, result)
    (file,) = (path.parent / "found").glob("m*")
    (case,) = load(file, vocabulary(load_operations().values()))

    assert f"  saved: {file}" in lines
    assert case.source == "search, seed 7"
    assert case.clause == "masked_mean.padding-content"
    assert file.name == f"masked_mean.{case.slug}.json"


def test_a_chunk_that_cannot_run_says_why(written: Written) -> None:
    path = written("import nothing_like_it\ndef masked_mean(x, mask):\n    return x\n")
    made = run_chunk(5, Settings(reference=str(path)).encode(), 60.0, 0)
    chunk = msgspec.json.decode(made, type=Chunk)
    assert chunk.seed == 5
    assert chunk.problems[0].startswith(f"{path}: needs nothing_like_it, which is not")


def told(chunks: list[Chunk], problems: list[str]) -> tuple[int, list[str]]:
    said: list[str] = []
    asked = Search(reference="x", rows=8, chunk=4, output=Path("nowhere"))
    (check,) = catalogue.plan_checks(
        read_declaration("numpy_reference"),
        catalogue.selection(checks=["masked_mean/value:float32:eager"]),
    )
    found = search.Findings(searched=len(chunks))
    for problem in problems:
        found.complain(problem)
    for chunk in chunks:
        found.take(chunk)
    status = search._report(asked, [check], found, {}, said.append)
    return status, said


def test_the_first_seed_of_each_check_is_told() -> None:
    bare: dict[str, Any] = {
        "check": "masked_mean/value:float32:eager",
        "outcome": "errored",
    }
    first = Chunk(seed=3, found=[Result(message="died", **bare)])
    second = Chunk(seed=4, found=[Result(message="died otherwise", **bare)])
    status, said = told([first, second], [])
    assert status == 1
    assert said[0].startswith("seed 3: ERRORED masked_mean/value:float32:eager\n  died")
    assert said[1] == "8 rows for each of 1 laws: 1 findings"


def test_what_was_not_searched_is_said() -> None:
    status, said = told([Chunk(seed=0, problems=["no room"])], ["seed 1: KilledWorker"])
    assert status == 3
    assert said[1:] == [
        "INCOMPLETE: seed 1: KilledWorker",
        "INCOMPLETE: seed 0: no room",
    ]
    assert told([Chunk(seed=0)], [])[0] == 0


def test_workers_that_differ_are_refused() -> None:
    chunks = [Chunk(seed=n, versions={"numpy": f"2.{n}"}) for n in range(2)]
    with pytest.raises(UsageError, match=r"workers differ in versions: .* install the"):
        told(chunks, [])


def test_a_search_of_nothing_is_refused(written: Written) -> None:
    path = written(RARE)
    asked = Search(reference=str(path), rows=8, chunk=4, output=path.parent)
    selected = Selection(level="extended", checks=("masked_mean/ones:*",))
    with pytest.raises(UsageError, match="no law is selected; nothing would be search"):
        search.soak(asked, selected, Limits(), print)


def test_a_scheduler_that_is_not_there_is_named(
    written: Written, tmp_path: Path
) -> None:
    address = "tcp://127.0.0.1:9"
    status, _ = soaked(written(RARE), tmp_path / "out", "--scheduler", address)
    assert status == 2
