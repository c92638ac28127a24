"""Bad input to the report: what can be read is shown, the rest is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from conformance.commands.cli import main
from conformance.errors import ResultError
from conformance.records.gather import gather

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
LINES = (GOLDEN / "torch.jsonl").read_text(encoding="utf-8").splitlines()


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def foreign(path: Path) -> None:
    path.write_text('{"results": []}\n', encoding="utf-8")


def other_version(path: Path) -> None:
    path.write_text(LINES[0].replace('"schema":1', '"schema":2'), encoding="utf-8")


def binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 100)


def half_a_gigabyte(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(500_000_000)


def unreadable(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


BAD = {
    foreign: "this is no record of a run",
    other_version: "is 2, this version reads 1",
    binary: "this is no record of a run",
    half_a_gigabyte: "the line is longer than",
    unreadable: "cannot be read: No such file or directory",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(GOLDEN / "torch.jsonl", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("make", "why"), BAD.items())
def test_a_bad_file_keeps_nobody_off_the_page(
    folder: Path, make: Callable[[Path], None], why: str
) -> None:
    bad = folder / "bad.jsonl"
    make(bad)
    done = call("report", folder, "-o", folder / "page")
    page = (folder / "page" / "index.html").read_text(encoding="utf-8")
    summary = (folder / "page" / "summary.md").read_text(encoding="utf-8")

    assert done.exit_code == 2
    assert why in done.stderr
    assert str(bad) in done.stderr
    assert "Unreadable: 1 file." in page
    assert "Unreadable, and not on this page." in page
    assert why in page
    assert "**Unreadable:**" in summary
    assert 'id="f-masked_softmax/empty-row:float32:eager--torch"' in page


def test_the_gate_judges_what_can_be_read_and_names_the_rest(folder: Path) -> None:
    foreign(folder / "bad.jsonl")
    done = call("gate", folder)

    assert done.exit_code == 2
    assert done.stdout.startswith(f"error: results file {folder / 'bad.jsonl'}, line 1")
    assert "FAILED masked_softmax/empty-row:float32:eager" in done.stdout


def test_a_run_that_broke_off_counts_for_more_than_a_bad_file(folder: Path) -> None:
    foreign(folder / "bad.jsonl")
    shutil.copy(GOLDEN / "jax.jsonl", folder)
    assert call("gate", folder).exit_code == 3


def test_nothing_that_can_be_read_is_bad_input(tmp_path: Path) -> None:
    foreign(tmp_path / "one.jsonl")
    other_version(tmp_path / "two.jsonl")
    done = call("report", tmp_path, "-o", tmp_path / "page")

    assert done.exit_code == 2
    assert done.stderr.count("error: results file ") == 2
    assert not (tmp_path / "page").exists()


def test_a_file_that_goes_wrong_is_shown_as_far_as_it_goes(folder: Path) -> None:
    bad = folder / "bad.jsonl"
    bad.write_text("\n".join([*LINES[:3], "{}", ""]), encoding="utf-8")
    found = gather([bad])

    assert [len(run.results) for run in found.runs] == [2]
    assert found.refused == ()
    assert found.status == 2
    assert "line 4" in found.faults[0]


def test_two_runs_of_one_adapter_stand_beside_each_other(folder: Path) -> None:
    shutil.copy(folder / "torch.jsonl", folder / "again.jsonl")
    found = gather([folder])

    assert len(found.runs) == 2
    assert found.status == 0
    assert call("report", folder, "-o", folder / "page").exit_code == 0
    page = (folder / "page" / "index.html").read_text(encoding="utf-8")
    assert "torch (2.13.0) #2" in page
    assert '<section id="history">' in page


def test_a_file_that_is_given_twice_is_read_once(folder: Path) -> None:
    assert len(gather([folder, folder / "torch.jsonl"]).runs) == 1


def shard(path: Path, number: int, lines: list[str]) -> None:
    head: dict[str, Any] = json.loads(LINES[0])
    head |= {"shard": f"{number}/2", "planned": len(lines)}
    outcomes = [json.loads(line)["outcome"] for line in lines]
    end = {"type": "end", "counts": {o: outcomes.count(o) for o in outcomes}}
    text = [json.dumps(head), *lines, json.dumps(end)]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


def test_shards_are_one_run(tmp_path: Path) -> None:
    shard(tmp_path / "1.jsonl", 1, LINES[1:3])
    shard(tmp_path / "2.jsonl", 2, LINES[3:5])
    (run,) = gather([tmp_path]).runs
    assert (len(run.results), run.complete) == (4, True)


def test_shards_that_do_not_fit_stand_alone_and_are_incomplete(tmp_path: Path) -> None:
    shard(tmp_path / "1.jsonl", 1, LINES[1:3])
    shard(tmp_path / "2.jsonl", 2, LINES[2:4])
    found = gather([tmp_path])

    assert [run.complete for run in found.runs] == [False, False]
    assert "shard 1/2 stands alone: " in found.runs[0].problems[0]
    assert found.status == 2


def test_an_empty_folder_has_no_records(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="no records in"):
        gather([tmp_path])
