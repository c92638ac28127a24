"""Records that stay in their files say what those in memory say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.errors import ResultError
from conformance.gate import judge
from conformance.records import diff, join, merge, read, scan

if TYPE_CHECKING:
    from collections.abc import Iterable

GOLDEN = Path(__file__).parent / "golden"
LINES = (GOLDEN / "torch.jsonl").read_text(encoding="utf-8").splitlines()
MEMORY = """
import sys, tracemalloc
from pathlib import Path
from conformance.report import write
from conformance.records import scan
tracemalloc.start()
run = scan(Path(sys.argv[1]))
write([run], Path(sys.argv[2]), generated="")
print(tracemalloc.get_traced_memory()[1])
"""


def record(folder: Path, lines: Iterable[str | dict[str, Any]], name: str) -> Path:
    path = folder / name
    text = (one if isinstance(one, str) else json.dumps(one) for one in lines)
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


def shard(folder: Path, number: int, lines: list[str], **header: Any) -> Path:
    head = json.loads(LINES[0]) | {"shard": f"{number}/2", "planned": len(lines)}
    outcomes = [json.loads(line)["outcome"] for line in lines]
    counts = {outcome: outcomes.count(outcome) for outcome in outcomes}
    end = {"type": "end", "counts": counts}
    return record(folder, [head | header, *lines, end], f"{number}.jsonl")


@pytest.mark.parametrize("name", ["torch.jsonl", "jax.jsonl"])
def test_a_scan_says_what_reading_says(name: str) -> None:
    whole, stored = read(GOLDEN / name), scan(GOLDEN / name)

    assert tuple(stored.results) == whole.results
    assert len(stored.results) == len(whole.results)
    assert (stored.header, stored.footer) == (whole.header, whole.footer)
    assert (stored.problems, stored.complete) == (whole.problems, whole.complete)
    assert stored.counts == whole.counts
    assert stored.refused == ""
    assert judge(stored) == judge(whole)
    assert not diff(stored, whole)


def test_results_are_read_as_often_as_they_are_asked_for() -> None:
    stored = scan(GOLDEN / "torch.jsonl")
    assert list(stored.results) == list(stored.results)
    assert next(iter(stored.results)) in stored.results


def test_lines_that_come_later_are_not_seen(tmp_path: Path) -> None:
    path = record(tmp_path, LINES[:3], "growing.jsonl")
    stored = scan(path)
    with path.open("a", encoding="utf-8") as file:
        file.write(LINES[3] + "\n")
    assert len(list(stored.results)) == len(stored.results) == 2


def test_what_stands_above_a_fault_is_kept_and_incomplete(tmp_path: Path) -> None:
    path = record(tmp_path, [*LINES[:3], '{"type":"result","check":5}'], "bad.jsonl")
    stored = scan(path)

    assert [result.check for result in stored.results] == [
        json.loads(line)["check"] for line in LINES[1:3]
    ]
    assert not stored.complete
    assert f"{path}, line 4, field check: expected `str`, got `int`" in stored.refused
    assert stored.problems == (f"{stored.refused}; shown is what stands above",)


def test_a_footer_that_contradicts_its_lines_counts_for_nothing(tmp_path: Path) -> None:
    path = record(tmp_path, [*LINES[:3], LINES[-1]], "bad.jsonl")
    stored = scan(path)

    assert stored.footer is None
    assert "counts.passed: says 1, the lines say 0" in stored.refused
    assert len(list(stored.results)) == 2


def test_a_line_that_was_cut_off_is_a_problem_and_no_result(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_text("\n".join(LINES[:3])[:-40], encoding="utf-8")
    stored = scan(path)

    assert stored.problems[0] == "line 3 is cut off; the run crashed there"
    assert len(list(stored.results)) == 1
    assert stored.refused == ""


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", "the file is empty"),
        ('{"type": "end"}', "this is no record of a run"),
        ("PK\x03\x04", "this is no record of a run"),
        (LINES[0].replace('"schema":1', '"schema":2'), "is 2, this version reads 1"),
    ],
)
def test_a_file_without_our_header_is_refused(
    tmp_path: Path, text: str, want: str
) -> None:
    path = tmp_path / "foreign.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ResultError, match=want):
        scan(path)


def test_shards_are_joined_as_they_are_merged(tmp_path: Path) -> None:
    paths = [shard(tmp_path, 1, LINES[1:3]), shard(tmp_path, 2, LINES[3:5])]
    joined = join([scan(path) for path in reversed(paths)])
    merged = merge([read(path) for path in paths])

    assert sorted(r.check for r in joined.results) == [r.check for r in merged.results]
    assert (joined.header, joined.footer) == (merged.header, merged.footer)
    assert (joined.counts, joined.complete) == (merged.counts, merged.complete)


def test_a_shard_alone_is_incomplete(tmp_path: Path) -> None:
    joined = join([scan(shard(tmp_path, 1, LINES[1:3]))])
    assert "shard 2/2 is missing" in joined.problems
    assert not joined.complete


def test_shards_that_overlap_are_not_joined(tmp_path: Path) -> None:
    paths = [shard(tmp_path, 1, LINES[1:3]), shard(tmp_path, 2, LINES[2:4])]
    with pytest.raises(ResultError, match="is in another shard too"):
        join([scan(path) for path in paths])


def test_shards_of_two_seeds_are_not_joined(tmp_path: Path) -> None:
    paths = [shard(tmp_path, 1, LINES[1:3]), shard(tmp_path, 2, LINES[3:5], seed=7)]
    with pytest.raises(ResultError, match="seed is 7"):
        join([scan(path) for path in paths])


def test_a_report_holds_what_it_shows_and_not_the_record(tmp_path: Path) -> None:
    failed = json.loads(LINES[1])
    failed["failure"]["trace"] = "x" * 10_000
    sizes = []
    for count in (300, 1_000):
        lines: list[str | dict[str, Any]] = [json.loads(LINES[0]) | {"planned": count}]
        lines += [
            failed | {"check": f"masked_mean/c{n % 50}:float32:r{n}"}
            for n in range(count)
        ]
        lines.append({"type": "end", "counts": {"failed": count}})
        path = record(tmp_path, lines, f"{count}.jsonl")
        command = [sys.executable, "-c", MEMORY, str(path), str(tmp_path / "page")]
        ended = subprocess.run(command, check=True, capture_output=True, text=True)
        sizes.append(int(ended.stdout))
    assert path.stat().st_size > 10e6
    assert sizes[1] - sizes[0] < 4e6
