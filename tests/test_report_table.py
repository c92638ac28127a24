"""The published table says what the records say, and a rerun changes no line."""

from __future__ import annotations

import json
import re
from collections import Counter
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


def counted(record: Path) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for line in record.read_text(encoding="utf-8").splitlines():
        each = json.loads(line)
        if each["type"] == "result":
            operation = re.split(r"[./]", each["check"])[0]
            known = "known " if "known" in each else ""
            found.setdefault(operation, Counter())[known + each["outcome"]] += 1
    return found


def cells(text: str) -> dict[str, dict[str, str]]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    operations = [cell.strip("`") for cell in rows[0][1:]]
    return {
        row[0].partition("<br>")[0]: dict(zip(operations, row[1:], strict=True))
        for row in rows[2:]
    }


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def test_the_counts_are_those_of_the_records(page: Path) -> None:
    publish(RECORDS, page)
    found = cells(page.read_text(encoding="utf-8"))
    assert set(found) == {"jax", "torch"}
    for record in RECORDS:
        for operation, counts in counted(record).items():
            ran = counts.total() - counts["unsupported"]
            known = sum(n for kind, n in counts.items() if kind.startswith("known"))
            cell = found[record.stem][operation]
            if not ran:
                assert cell == ""
                continue
            assert cell.split(",")[0] == f"{counts['passed']}/{ran}"
            assert (f"{known} known" in cell) == bool(known)


def test_a_rerun_changes_no_line_and_nothing_around_the_table(page: Path) -> None:
    publish(RECORDS, page)
    once = page.read_text(encoding="utf-8")
    publish(RECORDS, page)
    assert page.read_text(encoding="utf-8") == once
    assert once.startswith("# Reports\n\n<!-- compatibility -->\n\n| system |")
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
    (line,) = [each for each in text.splitlines() if each.startswith("- `")]
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
        if line.startswith(("| jax<br>", "| torch<br>"))
    ]
    assert ["**incomplete**" in row for row in rows] == [True, False]


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
