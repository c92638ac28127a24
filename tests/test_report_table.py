"""The published table says what the records say, and a rerun changes no line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.commands.report import publish
from conformance.errors import UsageError
from conformance.gate import KnownEntry
from conformance.records import read
from conformance.report import compatibility

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
RECORDS = (GOLDEN / "jax.jsonl", GOLDEN / "torch.jsonl")
PAGE = "# Reports\n\n<!-- compatibility -->\nold\n<!-- /compatibility -->\n\nEnd.\n"


def cells(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    heads: list[str] = []
    for line in text.splitlines():
        cells_ = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| system"):
            heads = cells_[1:]
        elif line.startswith("| ") and not line.startswith("| ---"):
            found[cells_[0]] = dict(zip(heads, cells_[1:], strict=True))
    return found


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def test_a_cell_has_the_sign_of_what_the_record_says(page: Path) -> None:
    publish(RECORDS, page)
    found = cells(page.read_text(encoding="utf-8"))

    assert set(found) == {"jax 0.10.2<br>**incomplete**", "torch 2.13.0"}
    torch = found["torch 2.13.0"]
    assert (torch["mean"], torch["softmax"]) == ("✗", "(NaN)")
    assert torch["worst finding"].startswith("divides by the padded length")


def test_each_cause_is_one_line_with_its_count_at_the_end(page: Path) -> None:
    publish(RECORDS, page)
    text = page.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("- ")]

    assert len(lines) == len(set(lines)) == 3
    assert all(re.search(r"\d+ checks?(, \d+ of them new)?\.$", line) for line in lines)


def test_a_rerun_changes_no_line_and_nothing_around_the_table(page: Path) -> None:
    publish(RECORDS, page)
    once = page.read_text(encoding="utf-8")
    publish(RECORDS, page)
    assert page.read_text(encoding="utf-8") == once
    assert once.startswith("# Reports\n\n<!-- compatibility -->\n\n**Does padding")
    assert once.endswith("<!-- /compatibility -->\n\nEnd.\n")
    assert "old" not in once


def test_a_known_difference_has_its_clause_input_and_link(page: Path) -> None:
    runs = [read(record) for record in RECORDS]
    seen = next((run, result) for run in runs for result in run.results if result.known)
    run, result = seen
    assert result.known is not None
    entry = KnownEntry(
        file=page,
        number=1,
        checks=(result.check,),
        kind=result.outcome,
        reason=result.known.reason,
        url=result.known.url,
        smallest={"check": result.check, "inputs": {"x": [[1.0, "inf"]]}},
    )
    other = KnownEntry(file=page, number=2, checks=("*",), kind="failed", reason="not")
    compatibility(runs, {run.header.adapter: [entry, other]}, page)
    text = page.read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if "Smallest input" in each]
    assert f"`{result.clause}`" in line
    assert "`x = [[1, inf]]`" in line
    assert ("[Upstream](" in line) == bool(entry.url)


def test_a_run_that_broke_off_is_marked(page: Path, tmp_path: Path) -> None:
    whole = RECORDS[0].read_text(encoding="utf-8").splitlines(keepends=True)
    broken = tmp_path / "jax.jsonl"
    broken.write_text("".join(whole[:-2]), encoding="utf-8")
    publish([broken, RECORDS[1]], page)
    rows = [
        line
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith(("| jax", "| torch"))
    ]
    assert ["**incomplete**" in row for row in sorted(rows)] == [True, False]


@pytest.mark.parametrize("text", [None, "# Reports\n", "<!-- compatibility -->\n"])
def test_a_file_without_marks_is_refused(page: Path, text: str | None) -> None:
    if text is None:
        page.unlink()
    else:
        page.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(str(page))):
        publish(RECORDS, page)


def test_the_command_writes_it(
    page: Path,
    tmp_path: Path,
    command: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = command("report", *RECORDS, "-o", tmp_path / "out", "--table", page)
    assert done.returncode == 0
    assert str(page) in done.stdout
    assert "| system |" in page.read_text(encoding="utf-8")
