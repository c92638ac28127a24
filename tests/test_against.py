"""A run held against an older one: only what is new and what is fixed matters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner

from conformance.commands.cli import main
from conformance.errors import ResultError
from conformance.gate import compare_runs, judge, workflow_commands
from conformance.records import (
    Failure,
    Footer,
    Header,
    Known,
    Outcome,
    Result,
    Run,
    Writer,
    read,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MEAN = "masked_mean/value:float32:eager"
MAX = "masked_max/value:float32:eager"
MIN = "masked_min/value:float32:eager"
GRU = "birnn.gru.sum.final/value:float32:eager"
ANNOTATION = (
    "::error file=mine.py,title=failed%3A masked_mean/value%3Afloat32%3Aeager::"
    "out[0] = 1, expected 2%0Aclause masked_mean.value"
)
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
    planned=2,
    operations=["masked_mean"],
    cases=0,
    cases_digest="sha256:00",
    started="2026-01-01T00:00:00Z",
)


def run_of(outcomes: Mapping[str, Outcome], path: Path = Path("mine.jsonl")) -> Run:
    results = tuple(
        Result(
            check=check,
            outcome=outcome,
            message="" if outcome == "passed" else "out[0] = 1, expected 2",
            clause=f"{check.partition('/')[0]}.value",
        )
        for check, outcome in outcomes.items()
    )
    counts: dict[str, int] = {}
    for outcome in outcomes.values():
        counts[outcome] = counts.get(outcome, 0) + 1
    header = msgspec.structs.replace(HEADER, planned=len(results))
    return Run(path=path, header=header, results=results, footer=Footer(counts=counts))


def annotate(run: Run) -> list[str]:
    return workflow_commands([(run, judge(run))])


def written(folder: Path, outcomes: Mapping[str, Outcome], **others: object) -> Path:
    run = run_of(outcomes)
    folder.mkdir()
    with Writer(folder / "mine.jsonl") as writer:
        writer.header(msgspec.structs.replace(run.header, **others))
        for result in run.results:
            writer.result(result)
        assert run.footer is not None
        writer.footer(run.footer)
    return folder


@pytest.mark.parametrize(
    ("was", "now", "kind", "status"),
    [
        ("passed", "failed", "new", 1),
        ("passed", "errored", "new", 1),
        ("unsupported", "failed", "new", 1),
        ("failed", "passed", "fixed", 0),
        ("errored", "passed", "fixed", 0),
        ("failed", "failed", "", 0),
        ("errored", "failed", "", 0),
        ("passed", "passed", "", 0),
        ("passed", "unsupported", "", 0),
    ],
)
def test_only_what_is_new_and_fixed_matters(
    was: Outcome, now: Outcome, kind: str, status: int
) -> None:
    (found,) = compare_runs([run_of({MEAN: now})], [run_of({MEAN: was})])
    names = {name for name in ("new", "fixed") if getattr(found, name)}
    assert names == ({kind} if kind else set())
    assert found.status == status
    said = str(found)
    assert said.startswith(kind) if kind else said == "nothing new, nothing fixed"


def test_a_failing_check_that_the_old_run_did_not_have_is_not_judged() -> None:
    older = run_of({MEAN: "passed"})
    older = replace(older, header=msgspec.structs.replace(HEADER, cases_digest="old"))
    (found,) = compare_runs([run_of({MAX: "failed"})], [older])
    assert [each.check for each in found.unjudged] == [MAX]
    assert found.gone == (MEAN,)
    assert found.status == 0
    assert str(found).splitlines() == [
        f"unjudged {MAX}: out[0] = 1, expected 2; the old run had no such check",
        f"gone     {MEAN}",
    ]


def test_a_known_difference_is_not_new() -> None:
    run = run_of({MEAN: "failed"})
    known = msgspec.structs.replace(run.results[0], known=Known(reason="so"))
    (found,) = compare_runs(
        [replace(run, results=(known,))], [run_of({MEAN: "passed"})]
    )
    assert (found.new, found.status) == ((), 0)


def test_an_incomplete_run_is_never_green() -> None:
    cut = replace(run_of({MEAN: "passed"}), footer=None, problems=("it ended",))
    (found,) = compare_runs([cut], [run_of({MEAN: "passed"})])
    assert found.status == 3
    assert "INCOMPLETE: it ended" in str(found)


def test_an_adapter_without_an_older_run_is_bad_input() -> None:
    other = run_of({MEAN: "passed"})
    foreign = replace(other, header=msgspec.structs.replace(HEADER, adapter="other"))
    with pytest.raises(ResultError, match="mine: got none to compare with"):
        compare_runs([other], [foreign])


def test_the_command_says_it_and_annotates(tmp_path: Path) -> None:
    old = written(tmp_path / "old", {MEAN: "passed", MAX: "failed", MIN: "failed"})
    new = written(tmp_path / "new", {MEAN: "failed", MAX: "passed", MIN: "failed"})
    given = ["gate", str(new), "--against", str(old), "--github"]
    done = CliRunner().invoke(main, given)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "mine:",
        f"new      {MEAN}: out[0] = 1, expected 2",
        f"fixed    {MAX}",
        ANNOTATION,
    ]


def test_an_annotation_stands_at_the_adapters_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n\ndef masked_mean(x, mask):\n    1\n\ndef build_birnn(a, b):\n    1\n"
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    lines = annotate(run_of({MEAN: "failed", GRU: "errored", MAX: "failed"}))
    assert [line.partition("::error file=mine.py")[2][:8] for line in lines] == [
        ",line=3,",
        ",line=6,",
        ",title=f",
    ]


def test_at_most_ten_annotations_are_given_and_the_rest_is_counted() -> None:
    many: dict[str, Outcome] = {
        f"masked_mean/case-{n}:float32:eager": "failed" for n in range(12)
    }
    lines = annotate(run_of(many))
    assert len(lines) == 10
    assert lines[-1] == (
        "::error title=mask-conformance::3 more; the job's summary and the page have "
        "all of them"
    )
    fewer = dict(list(many.items())[:10])
    assert "more" not in annotate(run_of(fewer))[-1]


def test_an_annotation_cannot_be_ended_by_what_an_adapter_says() -> None:
    run = run_of({MEAN: "failed"})
    evil = "\x1b[1mx\n::set-env name=A::b 100%\r::stop-commands::t"
    failure = Failure(diagnosis="a\n::error::b", command="run")
    bad = msgspec.structs.replace(run.results[0], message=evil, failure=failure)
    header = msgspec.structs.replace(run.header, file="a,line=9::b\n.py")
    (line,) = annotate(replace(run, header=header, results=(bad,)))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert line.startswith("::error file=a%2Cline=9%3A%3Ab%0A.py,title=")
    assert line.count("%0A::") == 2
    assert "100%25" in line


def test_what_is_stale_or_incomplete_is_annotated_too(tmp_path: Path) -> None:
    folder = written(tmp_path / "new", {MEAN: "passed"})
    run = read(folder / "mine.jsonl")
    assert run.footer is not None
    stale = msgspec.structs.replace(run.footer, stale=["mine.toml, entry 1: gone"])
    (line,) = annotate(replace(run, footer=stale))
    assert line == (
        "::error file=mine.py,title=mask-conformance::stale: mine.toml, entry 1: gone"
    )
    (line,) = annotate(replace(run, footer=None, problems=("it ended",)))
    assert line.endswith("::incomplete: it ended")
