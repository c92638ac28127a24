"""Runs as text, JSON, JUnit, SARIF and annotations; more of it, or less."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from conformance import records
from conformance.commands.colour import paint, wants_colour
from conformance.commands.detail import list_slowest
from conformance.commands.formats import FORMATS, Display, write_document
from conformance.commands.gate import gate
from conformance.commands.options import read_view
from conformance.commands.present import compose
from conformance.errors import UsageError
from conformance.gate import judge, locate
from conformance.specification.plain import disarm

GOLDEN = records.read(Path(__file__).parent / "golden" / "torch.jsonl")
ENDED = structs.replace(GOLDEN.footer, stale=[]) if GOLDEN.footer else None
FAILED = next(
    each for each in GOLDEN.results if each.outcome == "failed" and not each.known
)
PASSED = next(each for each in GOLDEN.results if each.outcome == "passed")
KNOWN = structs.replace(
    FAILED, check="masked_max/value:float32:eager", known=records.Known(reason="so")
)
HOSTILE = (
    "\x1b[31m::error::mine\n##[error]x\n##vso[task]\n]]></failure><x a='\"'>\ufffe"
)
DOCUMENTS = ("json", "junit", "sarif")
RUN = replace(GOLDEN, footer=ENDED, results=(PASSED, FAILED, KNOWN))


def judged(run: records.Run = RUN) -> Any:
    return [(run, judge(run))]


def read_xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own text, and what may stand in it


def test_json_has_the_counts_and_each_new_failure() -> None:
    found = json.loads(write_document("json", judged(), ["x: no such adapter"], 2))
    assert (found["schema"], found["status"]) == (1, 2)
    assert found["errors"] == ["x: no such adapter"]
    (run,) = found["runs"]
    assert (run["adapter"], run["new"], run["known"]) == (RUN.header.adapter, 1, 1)
    (failure,) = run["failures"]
    assert FAILED.failure is not None
    assert failure["check"] == FAILED.check
    assert failure["message"] == FAILED.message
    assert failure["command"] == FAILED.failure.command


def test_junit_has_a_case_for_each_check() -> None:
    suites = read_xml(write_document("junit", judged(), ["no such adapter"], 2))
    suite, errors = list(suites)
    kept = {name: suite.attrib[name] for name in ("failures", "errors", "skipped")}
    assert kept == {"failures": "1", "errors": "0", "skipped": "1"}
    passed, failed, known = list(suite)
    assert len(passed) == 0
    assert f"{failed.attrib['name']}" == FAILED.check.partition("/")[2]
    assert failed[0].tag == "failure"
    assert FAILED.clause in (failed[0].text or "")
    assert known[0].attrib["message"] == "known: so"
    assert errors[0][0].attrib["message"] == "no such adapter"


def test_junit_fails_what_is_stale_or_incomplete() -> None:
    footer = structs.replace(GOLDEN.footer, stale=["entry 1: passes"])  # type: ignore[type-var]
    run = replace(RUN, footer=footer, results=(PASSED,), problems=("cut",))
    (suite,) = read_xml(write_document("junit", judged(run)))
    said = [case[0].attrib["message"] for case in suite if len(case)]
    assert said[0] == "entry 1: passes"
    assert suite.attrib["errors"] == str(len(said))


def test_sarif_has_a_rule_for_each_clause_and_a_place_for_each_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    operation = records.parse_check(FAILED.check).operation
    text = f"\n\ndef {operation}(x, mask):\n    return x\n"
    (tmp_path / "own file.py").write_text(text, encoding="utf-8")
    run = replace(RUN, header=structs.replace(RUN.header, file="own file.py"))
    found = json.loads(write_document("sarif", judged(run), ["bad"], 2))
    assert found["version"] == "2.1.0"
    (only,) = found["runs"]
    assert only["tool"]["driver"]["rules"] == [{"id": FAILED.clause}]
    (result,) = only["results"]
    (place,) = result["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "own%20file.py"},
        "region": {"startLine": 3},
    }
    assert result["ruleId"] == FAILED.clause
    (invocation,) = only["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (2, False)


@pytest.mark.parametrize("form", DOCUMENTS)
def test_nothing_that_a_record_says_is_a_command_or_ends_the_document(
    form: str,
) -> None:
    assert FAILED.failure is not None
    failure = structs.replace(FAILED.failure, diagnosis=HOSTILE, command=HOSTILE)
    bad = structs.replace(FAILED, message=HOSTILE, clause=HOSTILE, failure=failure)
    known = structs.replace(KNOWN, known=records.Known(reason=HOSTILE))
    header = structs.replace(
        RUN.header, adapter=HOSTILE, file=HOSTILE, versions={HOSTILE: HOSTILE}
    )
    footer = structs.replace(GOLDEN.footer, stale=[HOSTILE])  # type: ignore[type-var]
    run = replace(RUN, header=header, footer=footer, results=(PASSED, bad, known))
    text = write_document(form, judged(run), [HOSTILE], 1)
    assert disarm(text) == text
    assert "\x1b" not in text
    assert "##[" not in text
    assert not [line for line in text.splitlines() if line.strip().startswith("::")]
    if form == "junit":
        suites = read_xml(text)
        assert {each.tag for each in suites.iter()} == {
            *("testsuites", "testsuite", "testcase", "failure", "skipped", "error")
        }
    else:
        assert json.loads(text)


def test_an_empty_list_of_runs_is_a_document_too() -> None:
    assert json.loads(write_document("json", [], ["nothing"], 2))["runs"] == []
    assert len(read_xml(write_document("junit", [], ["nothing"], 2))) == 1
    assert json.loads(write_document("sarif", [], [], 0))["runs"][0]["results"] == []


def test_less_is_a_line_for_the_adapter_and_for_each_kind_of_failure() -> None:
    (text,) = compose(judged(), Display(quiet=True))
    first, last = text.splitlines()
    assert first.startswith(f"FAILED {FAILED.check}: {FAILED.message}")
    assert (
        last == f"{RUN.header.adapter}: {RUN.counts['passed']} passed, 1 NEW, 1 known"
    )


def test_more_is_a_line_for_each_check_and_the_slowest_ones() -> None:
    slow = structs.replace(PASSED, ms=2500.0)
    run = replace(RUN, results=(FAILED, slow, KNOWN))
    parts = compose(judged(run), Display(verbose=True, durations=2))
    assert f"PASSED      {PASSED.check}  2500 ms" in parts[0].splitlines()
    assert parts[0].splitlines()[-1].startswith("KNOWN       masked_max/value")
    lines = parts[-1].splitlines()
    assert lines[0] == "slowest 2 checks:"
    assert lines[1] == f"      2.50 s  {RUN.header.adapter}: {PASSED.check}"
    assert list_slowest([], 3) == []


def test_less_and_more_at_once_is_bad_use() -> None:
    options = {"form": "text", "quiet": True, "verbose": True, "durations": None}
    with pytest.raises(UsageError, match="got -q and -v, expected one of them"):
        read_view(options)
    assert read_view({**options, "quiet": False}) == Display(verbose=True)


@pytest.mark.parametrize("form", FORMATS)
def test_the_gate_has_the_same_forms(form: str, tmp_path: Path) -> None:
    path = tmp_path / "torch.jsonl"
    records.write(replace(GOLDEN, path=path), path)
    answer = gate([path], view=Display(form=form))
    assert answer.status == gate([path]).status
    assert bool(answer.commands) == (form == "github")
    if form in DOCUMENTS:
        assert read_xml(answer.text) if form == "junit" else json.loads(answer.text)


@pytest.mark.parametrize("form", DOCUMENTS)
def test_against_an_older_run_a_document_has_what_is_new_alone(
    form: str, tmp_path: Path
) -> None:
    old, new = tmp_path / "old" / "torch.jsonl", tmp_path / "new" / "torch.jsonl"
    for path in (old, new):
        path.parent.mkdir()
        records.write(replace(GOLDEN, path=path, footer=ENDED), path)
    answer = gate([new], old, view=Display(form=form))
    assert answer.status == 0
    if form == "junit":
        (suite,) = read_xml(answer.text)
        assert suite.attrib["failures"] == "0"
    elif form == "json":
        assert json.loads(answer.text)["runs"][0]["failures"] == []
    else:
        assert json.loads(answer.text)["runs"][0]["results"] == []


class Stream:
    """A stream that may be a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("variables", "terminal", "want"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_for_terminals_and_for_those_who_want_it(
    variables: dict[str, str],
    terminal: bool,  # noqa: FBT001 - a parameter of the test
    want: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream: Any = Stream(terminal=terminal)
    assert wants_colour(stream) is want


def test_verdicts_are_painted_and_nothing_else() -> None:
    assert paint("FAILED a/b: x") == "\x1b[31mFAILED\x1b[0m a/b: x"
    assert paint("  a  3/3 passed, 1 NEW") == (
        "  a  \x1b[32m3/3 passed\x1b[0m, \x1b[31m1 NEW\x1b[0m"
    )
    assert paint("the adapter FAILED to load") == "the adapter FAILED to load"


def test_the_line_of_a_function_is_read_in_the_working_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "here"
    inside.mkdir()
    monkeypatch.chdir(inside)
    text = "import x\n\n\ndef build_birnn(forward, backward):\n    return 1\n"
    for path in (inside / "own.py", tmp_path / "theirs.py"):
        path.write_text(text, encoding="utf-8")
    check = "birnn.lstm.sum.final/value:float32:eager"
    assert locate("own.py", check) == "own.py:4"
    assert locate("../theirs.py", check) == ""
    assert locate("../theirs.py", check, anywhere=True) == "../theirs.py:4"
    assert locate("own.py", "masked_mean/value:float32:eager") == ""
    assert locate("own.py", "no check") == ""
    assert locate("package.module:object", check, anywhere=True) == ""
