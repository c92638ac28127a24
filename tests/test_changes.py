"""Two folders of records beside each other: text, Markdown and a page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from conformance.commands.cli import main
from conformance.commands.diff import diff as diff_records
from conformance.records import Change, Changes, read
from conformance.report.changes import LISTED, Pair, as_markdown, as_page, as_text

GOLDEN = Path(__file__).parent / "golden"
LINES = (GOLDEN / "torch.jsonl").read_text(encoding="utf-8").splitlines()
RUN = read(GOLDEN / "torch.jsonl")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def write(path: Path, outcomes: dict[str, str], **header: Any) -> Path:
    """Write a record of some checks."""
    head = json.loads(LINES[0]) | {"planned": len(outcomes)} | header
    counts = {o: list(outcomes.values()).count(o) for o in outcomes.values()}
    lines = [
        {"type": "result", "check": check, "outcome": outcome, "message": f"is {check}"}
        for check, outcome in outcomes.items()
    ]
    every = [head, *lines, {"type": "end", "counts": counts}]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in every), encoding="utf-8")
    return path


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old", tmp_path / "new"
    before = {"a/b:c:d": "passed", "a/f:c:d": "failed", "a/k:c:d": "failed"}
    after = {"a/b:c:d": "failed", "a/f:c:d": "passed", "a/k:c:d": "errored"}
    write(old / "torch.jsonl", before | {"a/gone:c:d": "passed"})
    write(new / "torch.jsonl", after | {"a/more:c:d": "failed"}, seed=3)
    write(old / "same.jsonl", before, adapter="same")
    write(new / "same.jsonl", before, adapter="same")
    write(new / "late.jsonl", before, adapter="late")
    return old, new


def test_each_kind_of_change_is_a_line(folders: tuple[Path, Path]) -> None:
    done = call("diff", *folders)

    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "torch: 1 new, 1 fixed, 1 changed, 1 added, 1 removed",
        "seed: 0 -> 3",
        "new      a/b:c:d: passed -> failed; is a/b:c:d",
        "fixed    a/f:c:d: failed -> passed; is a/f:c:d",
        "changed  a/k:c:d: failed -> errored; is a/k:c:d",
        "added    a/more:c:d: absent -> failed; is a/more:c:d",
        "removed  a/gone:c:d: passed -> absent",
        "late: nothing to compare with",
        "only in the new runs",
        "same: no difference",
    ]


def test_two_files_are_compared_whatever_their_adapters(tmp_path: Path) -> None:
    old = write(tmp_path / "old.jsonl", {"a/b:c:d": "passed"})
    new = write(tmp_path / "new.jsonl", {"a/b:c:d": "failed"}, adapter="other")
    done = call("diff", old, new, "--format", "markdown")
    assert "## torch and other\n\n1 new\n" in done.stdout


def test_of_two_runs_of_one_adapter_the_last_counts(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    write(old / "torch.jsonl", {"a/b:c:d": "passed"})
    write(new / "b.jsonl", {"a/b:c:d": "failed"}, started="2026-01-01")
    write(new / "a.jsonl", {"a/b:c:d": "passed"}, started="2026-01-02")
    assert call("diff", old, new).stdout == "no difference\n"


def test_markdown_has_a_table_for_each_kind(folders: tuple[Path, Path]) -> None:
    text = call("diff", *folders, "--format", "markdown").stdout

    assert "**new** (1): passed before, differs now" in text
    assert "| `a/b:c:d` | passed | failed | is a/b:c:d |" in text
    assert "> seed: 0 -&#62; 3" in text


def test_the_page_is_written_and_named(folders: tuple[Path, Path]) -> None:
    out = folders[0].parent / "made" / "diff.html"
    done = call("diff", *folders, "--format", "html", "-o", out)
    text = out.read_text(encoding="utf-8")

    assert done.stdout == f"{out}\n"
    assert "3 adapters, check by check: 1 new, 1 fixed, 1 changed" in text
    assert text.count("<details") == 5
    assert text.count('<details class="group" open') == 2
    assert 'data-tokens="kind:new adapter:torch op:a item:b' in text


def test_a_run_that_broke_off_is_no_proof_of_removal(tmp_path: Path) -> None:
    old = write(tmp_path / "old.jsonl", {"a/b:c:d": "passed", "a/e:c:d": "passed"})
    cut = old.read_text(encoding="utf-8").splitlines()[:2]
    new = tmp_path / "new.jsonl"
    new.write_text("\n".join(cut) + "\n", encoding="utf-8")
    text = " ".join(call("diff", old, new).stdout.split())
    assert "the new run is incomplete: the run ended without a footer after 1" in text


def test_a_bad_file_beside_good_ones_is_named(folders: tuple[Path, Path]) -> None:
    (folders[1] / "bad.jsonl").write_text("{}\n", encoding="utf-8")
    done = call("diff", *folders)

    assert done.exit_code == 2
    assert "bad.jsonl, line 1, field type" in done.stderr
    assert "torch: 1 new" in done.stdout


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_the_order_of_a_records_lines_changes_nothing(
    folders: tuple[Path, Path], form: str
) -> None:
    want, _ = diff_records(*folders, form)
    for path in (folder / "torch.jsonl" for folder in folders):
        head, *lines, end = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([head, *reversed(lines), end, ""]), encoding="utf-8")
    got, _ = diff_records(*folders, form)
    assert _undated(got) == _undated(want)


def test_turning_the_comparison_round_swaps_new_and_fixed(
    folders: tuple[Path, Path],
) -> None:
    back = call("diff", *reversed(folders)).stdout
    assert "new      a/f:c:d: passed -> failed" in back
    assert "fixed    a/b:c:d: failed -> passed" in back


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def pair(text: str, count: int = 1) -> Pair:
    changes = tuple(
        Change(check=f"a/b{n}:c:d", before="passed", after="failed", message=text)
        for n in range(count)
    )
    return Pair(name=text, old=RUN, new=RUN, difference=Changes(new=changes))


@given(text=TEXTS | st.sampled_from(['"><script>alert(1)</script>', "' onclick='x"]))
def test_no_text_becomes_a_tag_or_leaves_its_cell(text: str) -> None:
    page, plain = (Tags(as_page([pair(one)], "")).found for one in (f"x{text}", "x"))
    assert page == plain
    rows = [line for line in as_markdown([pair(text)]).splitlines() if line[:1] == "|"]
    assert {row.count("|") for row in rows} == {5}
    assert len(as_text([pair(text)]).splitlines()) == 1


def test_a_flood_of_changes_is_cut_and_counted() -> None:
    page = as_page([pair("x", LISTED + 7)], "")
    assert "And 7 more." in page
    assert page.count('<tr class="step"') == LISTED
    assert len(as_markdown([pair("x" * 900, 900)]).encode()) < 60_100


def test_the_page_refers_to_nothing_outside_and_lets_only_our_script_act() -> None:
    page = as_page([pair("x")], "")
    assert re.findall(r"\ssrc\s*=|url\(|@import|fetch\(|innerHTML", page) == []
    assert "default-src 'none'" in page
    assert "unsafe" not in page


def _undated(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "", text)
