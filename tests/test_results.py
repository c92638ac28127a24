from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.errors import ResultError, UsageError
from conformance.records import (
    OUTCOMES,
    Changes,
    Failure,
    Footer,
    Header,
    Known,
    Outcome,
    Result,
    Run,
    Worst,
    Writer,
    clean,
    diff,
    merge,
    number,
    parse_check,
    read,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = Header(
    suite="0.1.0",
    specification="1",
    adapter="torch",
    framework="torch",
    file="adapters/torch.py",
    versions={"torch": "2.13.0"},
    environment={"device": "cpu"},
    level="robust",
    seed=0,
    examples=32,
    planned=2,
    operations=["masked_mean"],
    cases=3,
    cases_digest="sha256:00",
    started="2026-01-01T00:00:00Z",
)
PASSED = Result(check="masked_mean/value:float32:eager", outcome="passed")
FAILED = Result(
    check="masked_mean/extra-padding:float32:eager",
    outcome="failed",
    clause="masked_mean.extra-padding",
    message="out[0] = nan, expected 1.0",
    failure=Failure(got=["nan"], want=[1.0]),
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=9)
NUMBERS = st.floats(width=32).map(number)
CHECKS = st.builds(
    "{}/{}:{}:eager".format,
    st.sampled_from(["masked_mean", "masked_loss.mse.sum", "birnn.gru.sum.final"]),
    st.from_regex(r"[a-z0-9]{1,4}(-[a-z0-9]{1,4})?", fullmatch=True),
    st.sampled_from(["float32", "bfloat16"]),
)


def arrays(rows: int, time: int, elements: st.SearchStrategy[Any] = NUMBERS) -> Any:
    row = st.lists(elements, min_size=time, max_size=time)
    return st.lists(row, min_size=rows, max_size=rows)


def failures(size: tuple[int, int]) -> st.SearchStrategy[Failure]:
    """Return failures whose arrays fit together, as those that were compared do."""
    return st.builds(
        Failure,
        inputs=st.dictionaries(WORDS, arrays(*size), max_size=2),
        mask=st.just([]) | arrays(*size, st.booleans()),
        got=arrays(*size),
        want=arrays(*size),
        allowed=arrays(*size),
        mismatched=st.integers(0, 99),
        worst=st.none()
        | st.builds(
            Worst, index=st.lists(st.integers(0, 9)), got=NUMBERS, want=NUMBERS
        ),
        command=WORDS,
        trace=WORDS,
    )


FAILURES = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(failures)


def consistent(result: Result) -> Result:
    """Take away what a check that ended so has not."""
    bad = result.outcome in {"failed", "errored"}
    failure = None if result.outcome == "passed" else result.failure
    known = result.known if bad else None
    return msgspec.structs.replace(result, failure=failure, known=known)


RESULTS = st.lists(
    st.builds(
        Result,
        check=CHECKS,
        outcome=st.sampled_from(OUTCOMES),
        message=WORDS,
        share=st.none() | st.floats(0, width=32).map(number),
        known=st.none() | st.builds(Known, reason=WORDS, url=WORDS),
        failure=st.none() | FAILURES,
        ms=st.floats(0, 1e6),
    ).map(consistent),
    unique_by=lambda result: result.check,
    max_size=6,
)


def footer(results: Iterable[Result], **others: Any) -> Footer:
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    others.setdefault("complete", "not_run" not in counts)
    return Footer(counts=counts, **others)


def run_of(*results: Result, path: str = "a.jsonl", **header: Any) -> Run:
    header.setdefault("planned", len(results))
    return Run(
        path=Path(path),
        header=msgspec.structs.replace(HEADER, **header),
        results=results,
        footer=footer(results),
    )


def write(path: Path, *results: Result, end: bool = True, **header: Any) -> Path:
    header.setdefault("planned", len(results))
    with Writer(path) as writer:
        writer.header(msgspec.structs.replace(HEADER, **header))
        for result in results:
            writer.announce(result.check)
            writer.result(result)
        if end:
            writer.footer(footer(results))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ResultError) as caught:
        read(path)
    return str(caught.value)


@given(results=RESULTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_written_is_read_back(tmp_path: Path, results: list[Result]) -> None:
    path = write(tmp_path / "run.jsonl", *results)

    got = read(path)

    assert got.results == tuple(results)
    assert got.footer == footer(results)
    assert got.complete == all(result.outcome != "not_run" for result in results)


def test_outcomes_are_those_of_the_type() -> None:
    assert get_args(Outcome) == OUTCOMES


def test_counts_name_every_outcome() -> None:
    assert run_of(PASSED, FAILED).counts == {
        "passed": 1,
        "failed": 1,
        "errored": 0,
        "unsupported": 0,
        "not_run": 0,
    }


def test_a_passed_result_is_a_short_line(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", PASSED)

    line = path.read_text(encoding="utf-8").splitlines()[1]

    assert json.loads(line) == {
        "type": "result",
        "check": "masked_mean/value:float32:eager",
        "outcome": "passed",
    }


def test_every_line_is_strict_json_whatever_the_numbers_are(tmp_path: Path) -> None:
    odd = Result(
        check=PASSED.check,
        outcome="failed",
        share=math.inf,
        failure=Failure(got=[math.nan, -math.inf, -0.0]),
    )
    path = write(tmp_path / "run.jsonl", odd)

    for line in path.read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=pytest.fail)

    got = read(path).results[0]
    assert got.share == "inf"
    assert got.failure is not None
    assert str(got.failure.got) == "['nan', '-inf', -0.0]"


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ({"got": [[1.0], []]}, "failure.got: has rows of different lengths"),
        ({"got": ["x"]}, "failure.got: has other than numbers and nan, inf"),
        ({"got": [1.0], "want": [1.0, 2.0]}, "failure.want: has shape (2,), got and"),
        ({"mask": [[1, 0]]}, "failure.mask: is not rows of true and false"),
        (
            {"inputs": {"x": [[1.0]]}, "mask": [[True], [False]]},
            "failure.x: has shape (1, 1), the mask (2, 1)",
        ),
    ],
)
def test_a_failure_whose_arrays_do_not_fit_is_refused(
    failure: dict[str, Any], said: str, tmp_path: Path
) -> None:
    bad = Result(check=PASSED.check, outcome="failed", failure=Failure(**failure))
    assert f"line 2, field {said}" in refusal(write(tmp_path / "run.jsonl", bad))


@pytest.mark.parametrize(
    ("outcome", "more", "said"),
    [
        ("passed", {"failure": Failure()}, "failure: is there, but the check passed"),
        ("passed", {"known": Known(reason="x")}, "known: is there, but the check is"),
        ("failed", {"share": -1.0}, "share: "),
        ("failed", {"ms": -1.0}, "ms: "),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(
    outcome: Outcome, more: dict[str, Any], said: str, tmp_path: Path
) -> None:
    bad = Result(check=PASSED.check, outcome=outcome, **more)
    assert f"line 2, field {said}" in refusal(write(tmp_path / "run.jsonl", bad))


def test_a_line_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", PASSED)
    path.write_bytes(path.read_bytes().replace(b'"masked_mean/', b'"\xb7masked_mean/'))
    assert "line 2, field (none): the line is not UTF-8" in refusal(path)


def test_texts_of_a_foreign_record_are_cleaned_where_they_are_read(
    tmp_path: Path,
) -> None:
    told = Result(check=PASSED.check, outcome="failed", message="no")
    path = write(tmp_path / "run.jsonl", told)
    loud = path.read_bytes().replace(b'"no"', b'"\\u001b[1mno\\u202e"')
    path.write_bytes(loud)
    assert read(path).results[0].message == "no"


def test_texts_are_cleaned_where_they_are_written(tmp_path: Path) -> None:
    loud = Result(
        check=PASSED.check, outcome="failed", message="\x1b[1mno\x1b[0m\ud800"
    )
    path = write(tmp_path / "run.jsonl", loud)

    assert read(path).results[0].message == "no\ufffd"


def test_a_file_without_footer_is_an_incomplete_run(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", PASSED, end=False, planned=2)

    got = read(path)

    assert not got.complete
    # The check that is announced has its result: nothing more is known to have run.
    assert got.problems == ("the run ended without a footer after 1 of 2 checks",)


def test_a_crash_has_a_name_until_the_footer_is_written(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    side = tmp_path / "run.jsonl.current"
    with Writer(path) as writer:
        writer.header(msgspec.structs.replace(HEADER, planned=1))
        writer.announce(PASSED.check)
        announced = side.read_text(encoding="utf-8")
        writer.result(PASSED)
        writer.footer(footer([PASSED]))

    assert announced == f"{PASSED.check}\n"
    assert not side.exists()


@pytest.mark.parametrize("keep", [1, 20, 60])
def test_a_last_line_that_is_cut_off_is_named(tmp_path: Path, keep: int) -> None:
    path = write(tmp_path / "run.jsonl", PASSED, FAILED, end=False)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + lines[2][:keep])

    got = read(path)

    assert got.results == (PASSED,)
    assert got.problems[0] == "line 3 is cut off; the run crashed there"


def test_a_run_that_was_cut_off_goes_on_after_its_last_whole_line(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "run.jsonl", PASSED, end=False, planned=2)
    with path.open("ab") as file:
        file.write(b'{"type":"res')
    with Writer(path, resume=True) as writer:
        writer.result(FAILED)
        writer.footer(footer([PASSED, FAILED]))

    got = read(path)

    assert got.complete
    assert got.results == (PASSED, FAILED)


def test_a_check_that_was_not_run_makes_the_run_incomplete(tmp_path: Path) -> None:
    skipped = Result(check=FAILED.check, outcome="not_run", message="-x")
    got = read(write(tmp_path / "run.jsonl", PASSED, skipped))

    assert got.problems == ("1 of 2 planned checks were not run",)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", "line 1, field type: the file is empty"),
        ("hello\n", "line 1, field type: this is no record of a run"),
        ('[{"type": "run"}]\n', "line 1, field type: this is no record of a run"),
        ('{"type": "run", "schema": 2}\n', "line 1, field schema: is 2, this version"),
        ('{"type": "run", "schema": 1}\n', "line 1, field suite: object missing"),
        ("[" * 100_000, "line 1, field type: this is no record of a run"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, text: str, want: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(text, encoding="utf-8")

    assert refusal(path).startswith(f"results file {path}, {want}")


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("{nonsense}", "line 3, field (none): JSON is malformed"),
        ('{"type": "result"}', "line 3, field check: object missing"),
        (
            '{"type":"result","check":1,"outcome":"passed"}',
            "line 3, field check: expected `str`, got `int`",
        ),
        (
            '{"type":"result","check":"a/b:c:d","outcome":"great"}',
            "line 3, field outcome: invalid enum value 'great'",
        ),
        (
            '{"type":"result","check":"a","outcome":"passed"}',
            "line 3, field check: 'a' is not a check id",
        ),
        (
            msgspec.json.encode(PASSED).decode(),
            f"line 3, field check: {PASSED.check} has a result already",
        ),
        (msgspec.json.encode(HEADER).decode(), "line 3, field type: there is a second"),
        ('{"type":"end","counts":{}}', "line 3, field counts.passed: says 0"),
        (
            '{"type":"end","counts":{"passed":1}}',
            "line 3, field complete: is true, but planned checks were not run",
        ),
        ('{"a":' + "[" * 100_000, "line 3, field (none): arrays are nested"),
    ],
)
def test_a_line_that_does_not_fit_is_named(
    tmp_path: Path, line: str, want: str
) -> None:
    path = write(tmp_path / "run.jsonl", PASSED, end=False, planned=2)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")

    assert refusal(path).startswith(f"results file {path}, {want}")


def test_nothing_may_follow_the_footer(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", PASSED)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(FAILED) + b"\n")

    assert "line 4, field type: there is a line after the footer" in refusal(path)


def test_more_results_than_planned_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", PASSED, FAILED, planned=1)

    assert "field counts: 2 results of 1 planned" in refusal(path)


def test_a_shard_must_say_which_of_how_many(tmp_path: Path) -> None:
    path = write(tmp_path / "run.jsonl", PASSED, shard="second")

    assert "line 1, field shard: is 'second', expected K/N" in refusal(path)


def test_a_line_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.records.files.LINE_LIMIT", 50)
    path = write(tmp_path / "run.jsonl", PASSED)

    assert "line 1, field type: the line is longer than 50 bytes" in refusal(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"

    assert refusal(path).startswith(f"results file {path} cannot be read: No such file")


def test_shards_make_one_run_in_any_order() -> None:
    first = run_of(PASSED, path="1.jsonl", shard="1/2")
    second = run_of(FAILED, path="2.jsonl", shard="2/2", environment={"device": "gpu"})

    got = merge([second, first])

    assert got == merge([first, second])
    assert got.complete
    assert got.header.planned == 2
    assert got.header.shard == ""
    assert got.header.environment == {"device": "cpu | gpu"}
    assert got.results == (FAILED, PASSED)
    assert got.footer == footer([PASSED, FAILED])


def test_a_shard_that_is_missing_makes_the_run_incomplete() -> None:
    got = merge([run_of(PASSED, shard="1/3"), run_of(FAILED, shard="3/3")])

    assert got.problems == ("shard 2/3 is missing",)


def test_a_shard_that_crashed_leaves_the_run_without_footer() -> None:
    crashed = Run(
        path=Path("2.jsonl"),
        header=HEADER,
        results=(),
        footer=None,
        problems=("the run ended",),
    )
    got = merge([run_of(PASSED), crashed])

    assert got.footer is None
    assert got.problems == ("2.jsonl: the run ended",)


@pytest.mark.parametrize(
    ("field", "value"),
    [("seed", 1), ("level", "core"), ("cases_digest", "x"), ("adapter", "jax")],
)
def test_shards_of_different_runs_are_refused(field: str, value: object) -> None:
    with pytest.raises(ResultError, match=f"^{field} is .* merge only the shards"):
        merge([run_of(PASSED), run_of(FAILED, path="b.jsonl", **{field: value})])


def test_shards_that_overlap_are_refused() -> None:
    with pytest.raises(ResultError, match=r"is in a.jsonl and in b.jsonl"):
        merge([run_of(PASSED), run_of(PASSED, path="b.jsonl")])


def test_shards_of_different_divisions_are_refused() -> None:
    with pytest.raises(ResultError, match="divide the run differently"):
        merge([run_of(PASSED, shard="1/2"), run_of(FAILED, shard="2/3")])


def test_no_shards_are_no_run() -> None:
    with pytest.raises(ResultError, match="no runs to merge"):
        merge([])


@given(results=RESULTS)
def test_a_run_does_not_differ_from_itself(results: list[Result]) -> None:
    assert not diff(run_of(*results), run_of(*reversed(results)))


@given(old=RESULTS, new=RESULTS)
def test_turning_a_difference_round_swaps_new_and_fixed(
    old: list[Result], new: list[Result]
) -> None:
    there, back = diff(run_of(*old), run_of(*new)), diff(run_of(*new), run_of(*old))

    for one, other in (("new", "fixed"), ("added", "removed"), ("changed", "changed")):
        got = [change.check for change in getattr(there, one)]
        assert got == [change.check for change in getattr(back, other)]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("passed", "failed", "new"),
        ("passed", "errored", "new"),
        ("errored", "passed", "fixed"),
        ("failed", "errored", "changed"),
        ("failed", "unsupported", "changed"),
        ("not_run", "failed", "changed"),
    ],
)
def test_a_change_is_new_fixed_or_neither(
    before: Outcome, after: Outcome, kind: str
) -> None:
    got = diff(
        run_of(Result(check="a/b:c:d", outcome=before)),
        run_of(Result(check="a/b:c:d", outcome=after)),
    )

    assert [change.check for change in getattr(got, kind)] == ["a/b:c:d"]


def test_a_new_check_that_fails_is_added_and_not_new() -> None:
    got = diff(run_of(PASSED), run_of(PASSED, FAILED))

    assert got == Changes(added=got.added)
    assert [change.after for change in got.added] == ["failed"]


def test_a_change_reads_as_a_line() -> None:
    got = diff(run_of(PASSED), run_of(FAILED))

    assert [str(change) for change in (*got.added, *got.removed)] == [
        f"{FAILED.check}: absent -> failed; out[0] = nan, expected 1.0",
        f"{PASSED.check}: passed -> absent",
    ]


@given(st.floats())
def test_a_number_survives_strict_json(value: float) -> None:
    text = json.dumps(number(value), allow_nan=False)

    got = float(json.loads(text))

    assert repr(got) == repr(value)


@given(st.text(), st.integers(40, 200))
def test_clean_text_is_clean_and_bounded(text: str, limit: int) -> None:
    got = clean(text, limit)

    assert len(got) <= limit
    assert clean(got, limit) == got
    assert not [char for char in got if char < " " and char not in "\n\t"]
    assert got.encode().decode() == got


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link"),
        ("\x9b31mred", "red"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("right\u202eleft\x00", "rightleft"),
        ("cut \x1b", "cut "),
    ],
)
def test_what_a_terminal_would_obey_is_removed(text: str, want: str) -> None:
    assert clean(text) == want


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    got = clean("begin" + "x" * 50_000 + "end")

    assert got.startswith("begin")
    assert got.endswith("end")
    assert "characters cut" in got


@given(CHECKS)
def test_a_check_id_is_its_parts(check: str) -> None:
    variant, item, dtype, route = parse_check(check)

    assert f"{variant}/{item}:{dtype}:{route}" == check


@pytest.mark.parametrize(
    "check",
    ["", "a", "a/b", "a/b:c", "a/b:c:d:e", "/b:c:d", "a b/c:d:e", "a/b:c:d\n", "../b"],
)
def test_nonsense_is_no_check_id(check: str) -> None:
    with pytest.raises(UsageError, match="is not a check id; write <variant>/"):
        parse_check(check)


def test_results_gate_and_report_need_neither_numpy_nor_a_framework() -> None:
    code = (
        "import sys, conformance.records, conformance.gate, conformance.report\n"
        "found = {'numpy', 'torch', 'jax', 'tensorflow', 'keras', 'hypothesis'}\n"
        "print(sorted(found & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )

    assert done.stdout == "[]\n"
