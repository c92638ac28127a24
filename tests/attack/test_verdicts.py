"""Ways in which a gate could be green although it must not be, each closed."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from click.testing import CliRunner

from conformance.commands.cli import main
from conformance.records import (
    Footer,
    Header,
    Known,
    Outcome,
    Result,
    Writer,
    read,
    read_header,
)
from conformance.report.badge import badge
from conformance.report.columns import columns
from conformance.report.count import count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MEAN = "masked_mean/value:float32:eager"
MAX = "masked_max/value:float32:eager"
HEADER = Header(
    suite="0.1.0",
    specification="0.1.0",
    adapter="mine",
    framework="numpy",
    file="mine.py",
    versions={"numpy": "2.4.6"},
    environment={},
    level="core",
    seed=0,
    examples=64,
    planned=0,
    operations=["masked_mean", "masked_max"],
    cases=0,
    cases_digest="sha256:00",
    started="2026-01-01T00:00:00Z",
)


def write(
    path: Path,
    outcomes: Mapping[str, Outcome],
    *,
    known: str = "",
    stale: list[str] | None = None,
    missing: int = 0,
    **header: Any,
) -> Path:
    """Write a record, some of its planned checks missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    given = {"planned": len(outcomes) + missing, **header}
    with Writer(path) as writer:
        writer.header(msgspec.structs.replace(HEADER, **given))
        for check, outcome in outcomes.items():
            bad = outcome in {"failed", "errored"}
            why = Known(reason=known) if known and bad else None
            writer.result(Result(check=check, outcome=outcome, known=why))
            counts[outcome] = counts.get(outcome, 0) + 1
        writer.footer(Footer(counts=counts, stale=stale or [], complete=not missing))
    return path


def gate(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["gate", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


GOOD: dict[str, Outcome] = {MEAN: "passed", MAX: "passed"}
BAD: dict[str, Outcome] = {MEAN: "failed", MAX: "passed"}


@pytest.mark.parametrize("side", ["old", "new"])
def test_a_record_that_cannot_be_read_is_bad_input(tmp_path: Path, side: str) -> None:
    for name in ("old", "new"):
        write(tmp_path / name / "mine.jsonl", GOOD)
        write(tmp_path / name / "other.jsonl", GOOD, adapter="other")
    cut = tmp_path / side / "other.jsonl"
    cut.write_bytes(cut.read_bytes()[:40])
    status, said = gate(tmp_path / "new", "--against", tmp_path / "old")
    assert status >= 2
    assert f"results file {cut}" in said


def test_an_adapter_that_only_the_old_run_has_is_missing(tmp_path: Path) -> None:
    for name in ("old", "new"):
        write(tmp_path / name / "mine.jsonl", GOOD)
    write(tmp_path / "old" / "other.jsonl", GOOD, adapter="other")
    status, said = gate(tmp_path / "new", "--against", tmp_path / "old")
    assert status == 3
    assert "INCOMPLETE: other: the old run has a record of it" in said
    one = tmp_path / "new" / "mine.jsonl"
    status, said = gate(one, "--against", tmp_path / "old")
    assert status == 0
    assert "note: other: the old run has a record of it" in said


def test_a_date_that_is_past_counts_against_an_older_run_too(tmp_path: Path) -> None:
    write(tmp_path / "old" / "mine.jsonl", GOOD)
    write(tmp_path / "new" / "mine.jsonl", GOOD, stale=["entry 1: past"])
    status, said = gate(tmp_path / "new", "--against", tmp_path / "old")
    assert (status, "STALE entry 1: past" in said) == (1, True)


def test_an_incomplete_older_run_cannot_say_what_is_new(tmp_path: Path) -> None:
    write(tmp_path / "old" / "mine.jsonl", {MAX: "passed"}, missing=1)
    write(tmp_path / "new" / "mine.jsonl", BAD)
    status, said = gate(tmp_path / "new", "--against", tmp_path / "old")
    assert status == 3
    assert "cannot say what is new: 1 of 2 planned checks were not run" in said


def test_a_failure_of_a_check_that_this_suite_had_is_new(tmp_path: Path) -> None:
    write(tmp_path / "old" / "mine.jsonl", {MAX: "passed"})
    write(tmp_path / "new" / "mine.jsonl", BAD)
    assert gate(tmp_path / "new", "--against", tmp_path / "old")[0] == 1
    write(tmp_path / "old" / "mine.jsonl", {MAX: "passed"}, cases_digest="older")
    status, said = gate(tmp_path / "new", "--against", tmp_path / "old")
    assert (status, f"unjudged {MEAN}" in said) == (0, True)


def test_a_run_is_not_held_against_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", BAD)
    status, said = gate(path, "--against", tmp_path)
    assert (status, "held against itself" in said) == (2, True)


def test_levels_that_differ_are_not_held_against_each_other(tmp_path: Path) -> None:
    write(tmp_path / "old" / "mine.jsonl", GOOD, level="robust")
    write(tmp_path / "new" / "mine.jsonl", GOOD, level="core")
    status, said = gate(tmp_path / "new", "--against", tmp_path / "old")
    assert (status, "run both with the same --level" in said) == (3, True)


def test_what_is_gone_is_counted_and_unsupported_is_not_gone(tmp_path: Path) -> None:
    many: dict[str, Outcome] = {
        f"masked_mean/case-{n}:float32:eager": "passed" for n in range(1500)
    }
    lacking: dict[str, Outcome] = {
        f"masked_max/case-{n}:float32:eager": "unsupported" for n in range(500)
    }
    write(tmp_path / "old" / "mine.jsonl", {**GOOD, **many, **lacking})
    write(tmp_path / "new" / "mine.jsonl", GOOD)
    status, said = gate(tmp_path / "new", "--against", tmp_path / "old")
    assert status == 0
    assert len(said.splitlines()) < 30
    assert "gone     and 1,480 more" in said


PAIRS = [("mine", "other"), ("other", "mine")]


@pytest.mark.parametrize(("bad", "good"), PAIRS)
def test_one_bad_adapter_of_two_decides_against_an_older_run(
    tmp_path: Path, bad: str, good: str
) -> None:
    for name in (bad, good):
        write(tmp_path / "old" / f"{name}.jsonl", GOOD, adapter=name)
    write(tmp_path / "new" / f"{bad}.jsonl", BAD, adapter=bad)
    write(tmp_path / "new" / f"{good}.jsonl", GOOD, adapter=good)
    assert gate(tmp_path / "new", "--against", tmp_path / "old")[0] == 1
    assert gate(tmp_path / "new")[0] == 1


@pytest.mark.parametrize("first", [True, False])
def test_one_bad_adapter_of_two_decides_a_run(
    first: bool,  # noqa: FBT001 - a parameter of the test
    written: Callable[..., Path],
    tmp_path: Path,
) -> None:
    right, wrong = (
        written(MEAN_OF.format(divisor=divisor), name=f"{name}.py")
        for name, divisor in (("a", "wide.sum(axis=1)"), ("b", "x.shape[1]"))
    )
    pair = (wrong, right) if first else (right, wrong)
    assert run(*pair, "--check", MEAN, folder=tmp_path / "out")[0] == 1


MEAN_OF = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    with np.errstate(all="ignore"):
        return (np.where(wide, x, 0).sum(axis=1) / {divisor}).astype(x.dtype)
"""


def run(*arguments: object, folder: Path) -> tuple[int, str]:
    given = ["run", *map(str, arguments), "-o", str(folder)]
    done = CliRunner().invoke(main, given)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def passing(path: Path) -> str:
    return next(each.check for each in read(path).results if each.outcome == "passed")


def test_a_partial_run_does_not_take_a_complete_records_place(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    path, folder = written(MEAN_OF.format(divisor="x.shape[1]")), tmp_path / "out"
    assert run(path, "--level", "core", folder=folder)[0] == 1
    whole = (folder / "wrong.jsonl").read_bytes()
    green = passing(folder / "wrong.jsonl")
    status, said = run(path, "--check", green, folder=folder)
    part = folder / "wrong.partial.jsonl"
    assert status == 0
    assert f"record: {part}" in said
    assert "partial: 1 of " in said
    assert (folder / "wrong.jsonl").read_bytes() == whole
    assert gate(folder)[0] == 1
    header = read_header(part)
    assert header.selected == [f"--check {green}"]
    assert header.of > 1000
    assert gate(part)[0] == 0
    assert gate(part, "--complete")[0] == 3
    assert gate(part, "--against", folder / "wrong.jsonl")[0] == 3
    # Nothing hinders going on with the complete one.
    assert run(path, "--level", "core", "--resume", folder=folder)[0] == 1
    written(MEAN_OF.format(divisor="wide.sum(axis=1)"))
    assert run(path, "--level", "core", folder=folder)[0] == 0
    assert not part.exists()


def test_one_selection_does_not_take_anothers_place(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    path, folder = written(MEAN_OF.format(divisor="x.shape[1]")), tmp_path / "out"
    some = ("--level", "core", "--operation", "masked_mean")
    assert run(path, *some, folder=folder)[0] == 1
    green = passing(folder / "wrong.jsonl")
    assert run(path, "--check", green, folder=folder)[0] == 0
    assert gate(folder)[0] == 1
    assert run(path, *some, folder=folder)[0] == 1
    names = sorted(each.name for each in folder.glob("*.jsonl"))
    assert names == ["wrong.jsonl", "wrong.partial.jsonl"]


def test_a_badge_and_a_page_say_that_a_run_is_partial(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", GOOD, selection=True, of=1128)
    (column,) = columns([read(path)])
    told = json.loads(badge(column, count([column]).tallies["masked_mean", column.key]))
    assert told["message"] == "1/1, partial: 2 of 1,128 checks"
    assert told["color"] == "lightgrey"
    done = CliRunner().invoke(main, ["report", str(path), "-o", str(tmp_path)])
    assert done.exit_code == 0
    for name in ("index.html", "summary.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "partial: 2 of 1,128 checks" in text


def test_partial_runs_are_said_in_one_place_and_each_is_named(tmp_path: Path) -> None:
    more: dict[str, Any] = {"selection": True, "of": 1128}
    for name in ("one", "<two>"):
        write(tmp_path / f"{name[:2]}.jsonl", GOOD, adapter=name, **more)
    write(tmp_path / "three.jsonl", {MEAN: "passed"}, adapter="three", **more)
    write(tmp_path / "whole.jsonl", GOOD, adapter="whole")
    done = CliRunner().invoke(main, ["report", str(tmp_path), "-o", str(tmp_path)])
    assert done.exit_code == 0
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    (banner,) = re.findall(r'<div class="banner">.*?</div>', text, re.DOTALL)
    assert "! 3 of 4 runs are partial." in banner
    two = "partial: 2 of 1,128 checks were asked for: "
    assert f"{two}&lt;two&gt; (partial), one (partial)</li>" in banner
    assert "partial: 1 of 1,128 checks were asked for: three (partial)</li>" in banner


@pytest.mark.parametrize("reason", ["to be judged", "To be judged.", "TODO", " ? "])
def test_a_difference_without_a_reason_is_new(tmp_path: Path, reason: str) -> None:
    path = write(tmp_path / "mine.jsonl", BAD, known=reason)
    status, said = gate(path)
    assert status == 1
    assert "FAILED masked_mean/value:float32:eager" in said
    write(tmp_path / "old" / "mine.jsonl", GOOD)
    assert gate(path, "--against", tmp_path / "old")[0] == 1


def test_fitting_the_known_file_to_a_run_makes_nothing_green(
    written: Callable[..., Path], tmp_path: Path
) -> None:
    path, folder = written(MEAN_OF.format(divisor="x.shape[1]")), tmp_path / "out"
    some = ("--level", "core", "--operation", "masked_mean")
    assert run(path, *some, folder=folder)[0] == 1
    record = str(folder / "wrong.jsonl")
    given = ["known", str(path), "--update", "--results", record]
    assert CliRunner().invoke(main, given).exit_code == 0
    status, said = run(path, *some, folder=folder)
    assert status == 1
    assert "reason is 'to be judged', so it accepts nothing" in said
    assert gate(folder)[0] == 1
    file = path.with_suffix(".toml")
    assert CliRunner().invoke(main, ["validate", str(file)]).exit_code == 2
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("to be judged", "divides by T"), encoding="utf-8")
    assert CliRunner().invoke(main, ["validate", str(file)]).exit_code == 0
    assert run(path, *some, folder=folder)[0] == 0


def test_a_table_imports_nothing_that_a_record_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text("import os\nos._exit(0)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    page = tmp_path / "page.md"
    page.write_text("<!-- compatibility -->\n<!-- /compatibility -->\n", "utf-8")
    path = write(tmp_path / "mine.jsonl", GOOD, adapter="evil:adapter")
    given = ["report", str(path), "-o", str(tmp_path), "--table", str(page)]
    assert CliRunner().invoke(main, given).exit_code == 0
    assert "evil" in page.read_text(encoding="utf-8")
    assert "evil" not in sys.modules


def test_partial_runs_of_other_checks_are_not_held_against_each_other(
    tmp_path: Path,
) -> None:
    part: dict[str, Any] = {"selection": True, "of": 9, "selected": ["--check a"]}
    write(tmp_path / "new" / "mine.jsonl", GOOD, **part)
    write(tmp_path / "old" / "mine.jsonl", GOOD, **part)
    assert gate(tmp_path / "new", "--against", tmp_path / "old")[0] == 0
    part["selected"] = ["--check b"]
    write(tmp_path / "old" / "mine.jsonl", GOOD, **part)
    status, said = gate(tmp_path / "new", "--against", tmp_path / "old")
    assert (status, "partial: 2 of 9 checks" in said) == (3, True)


def test_a_partial_run_is_incomplete_where_a_complete_one_is_asked_for(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "mine.jsonl", GOOD, selection=True, of=1128)
    assert gate(path)[0] == 0
    status, said = gate(path, "--complete")
    assert (status, "INCOMPLETE: partial: 2 of 1,128 checks" in said) == (3, True)
