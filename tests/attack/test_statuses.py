"""Statuses and counts that could be lost without anybody's noticing: each was tried.

Each test is red for a mistake that was made on purpose in the gate, the records, a run
or the action, and that all other tests had let pass.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conformance.errors import ResultError
from conformance.gate import compare_runs, workflow_commands
from conformance.gate.verdict import KEPT
from conformance.records import read
from conformance.specification.shard import Shard
from tests.attack.test_verdicts import BAD, GOOD, gate, write

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.records import Outcome


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
