"""Statuses and counts that could be lost without anybody's noticing: each was tried.

Each test is red for a mistake that was made on purpose in the gate, the records, a run
or the action, and that all other tests had let pass.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from conformance.commands.cli import main
from conformance.errors import ResultError
from conformance.gate import (
    compare_runs,
    find_overdue,
    judge,
    load_known,
    workflow_commands,
)
from conformance.gate.verdict import KEPT
from conformance.records import read
from conformance.specification.shard import Shard
from tests.attack.test_verdicts import BAD, GOOD, MEAN, gate, write

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.records import Outcome

MORE = ("masked_min/value:float32:eager", "masked_sum/value:float32:eager")


def test_two_older_runs_of_one_adapter_are_no_baseline(tmp_path: Path) -> None:
    new = read(write(tmp_path / "new.jsonl", BAD))
    one, two = (read(write(tmp_path / name, GOOD)) for name in ("a.jsonl", "b.jsonl"))
    with pytest.raises(ResultError, match=r"got .*a.jsonl, .*b.jsonl to compare with"):
        compare_runs([new], [one, two])


def test_all_that_is_new_against_an_older_run_is_counted_in_annotations(
    tmp_path: Path,
) -> None:
    count = KEPT + 5
    names = [f"masked_mean/case-{number}:float32:eager" for number in range(count)]
    then: dict[str, Outcome] = dict.fromkeys(names, "passed")
    now: dict[str, Outcome] = dict.fromkeys(names, "failed")
    new = read(write(tmp_path / "new.jsonl", now))
    (found,) = compare_runs([new], [read(write(tmp_path / "old.jsonl", then))])
    assert (len(found.new), found.judgement.more) == (KEPT, 5)
    last = workflow_commands([(new, found.judgement)])[-1]
    assert f"::{count - 9:,} more" in last


def test_an_older_record_that_cannot_be_read_counts_for_one_file_too(
    tmp_path: Path,
) -> None:
    new = write(tmp_path / "new.jsonl", GOOD)
    write(tmp_path / "old" / "mine.jsonl", GOOD)
    cut = write(tmp_path / "old" / "other.jsonl", GOOD, adapter="other")
    cut.write_bytes(cut.read_bytes()[:40])
    status, said = gate(new, "--against", tmp_path / "old")
    assert (status, f"results file {cut}" in said) == (2, True)


@pytest.mark.parametrize("shard", ["999999999/999999999", "1/999999999", "1/1"])
def test_a_shard_of_nine_digits_is_read_back(shard: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", GOOD, shard=shard)
    assert read(path).header.shard == shard


@pytest.mark.parametrize("shard", ["1/1000000000", "0/1", "1/0", "01/2", "1/2/3", "x"])
def test_a_shard_that_nothing_divides_is_refused(shard: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", GOOD, shard=shard)
    with pytest.raises(ResultError, match="field shard"):
        read(path)


def test_what_a_shard_may_be_divided_into_is_what_a_record_may_hold(
    tmp_path: Path,
) -> None:
    last = Shard.parse("999999/999999").divide(256)[-1]
    assert re.fullmatch(r"\d{9}/\d{9}", str(last))
    path = write(tmp_path / "x.jsonl", GOOD, shard=str(last))
    assert read(path).header.shard == str(last)


@pytest.mark.parametrize(
    ("due", "version", "overdue"),
    [(-1, "2.4.6", True), (0, "2.4.6", False), (1, "2.4.6", False), (-1, "3.0", False)],
)
def test_an_entry_is_overdue_after_its_day_and_for_its_versions(
    due: int,
    version: str,
    overdue: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    today = date(2026, 11, 27)
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[known]]\nchecks = ["masked_mean/*"]\nkind = "failed"\n'
        'reason = "divides by T"\nversions = "numpy<3"\n'
        f"review-by = {today + timedelta(days=due)}\n",
        encoding="utf-8",
    )
    found = find_overdue(load_known(path), {"numpy": version}, today)
    assert bool(found) is overdue


def test_the_eleventh_annotation_is_counted(tmp_path: Path) -> None:
    for count in (10, 11):
        names = [f"masked_mean/case-{each}:float32:eager" for each in range(count)]
        now: dict[str, Outcome] = dict.fromkeys(names, "failed")
        run = read(write(tmp_path / "new.jsonl", now))
        lines = workflow_commands([(run, judge(run))])
        assert len(lines) == 10
        assert ("::2 more; " in lines[-1]) is (count == 11)


def test_an_annotation_reads_no_file_of_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for folder in (tmp_path, tmp_path / "here"):
        path = folder / "mine.py"
        path.write_text("\ndef masked_mean(x, mask):\n    1\n", encoding="utf-8")
        run = read(write(tmp_path / "new.jsonl", BAD, file=str(path)))
        (line,) = workflow_commands([(run, judge(run))])
        assert (",line=2," in line) is (folder != tmp_path)


@pytest.mark.parametrize("whole", [0, 4])
@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_merged_record_is_as_complete_as_its_parts(
    missing: int, whole: int, tmp_path: Path
) -> None:
    shards = [
        write(tmp_path / "1.jsonl", GOOD, shard="1/2", whole=whole),
        write(
            tmp_path / "2.jsonl",
            dict.fromkeys(MORE[missing:], "passed"),
            missing=missing,
            shard="2/2",
            whole=whole,
        ),
    ]
    given = shards if missing < 2 else shards[:1]
    out = tmp_path / "merged.jsonl"
    done = CliRunner().invoke(main, ["merge", *map(str, given), "-o", str(out)])
    assert done.exit_code == (3 if missing else 0), done.output
    assert read(out).complete is not bool(missing)
    assert gate(out)[0] == (3 if missing else 0)


@pytest.mark.parametrize("stale", ["1/2", "2/2"])
def test_what_is_stale_in_any_part_is_stale_in_the_whole(
    stale: str, tmp_path: Path
) -> None:
    parts = [
        write(
            tmp_path / f"{number}.jsonl",
            dict.fromkeys([check], "passed"),
            stale=["entry 1: gone"] if shard == stale else [],
            shard=shard,
        )
        for number, (shard, check) in enumerate(zip(("1/2", "2/2"), MORE, strict=True))
    ]
    out = tmp_path / "merged.jsonl"
    done = CliRunner().invoke(main, ["merge", *map(str, parts), "-o", str(out)])
    assert done.exit_code == 0, done.output
    status, said = gate(out)
    assert (status, "STALE entry 1: gone" in said) == (1, True)


def test_a_record_with_an_open_check_cannot_call_itself_complete(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "x.jsonl", {MEAN: "passed", MORE[0]: "not_run"})
    with pytest.raises(ResultError, match="field complete"):
        read(path)
    assert gate(path)[0] >= 2
