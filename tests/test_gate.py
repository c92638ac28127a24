from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import IncompleteRunError, KnownError
from conformance.gate import (
    Judgement,
    KnownEntry,
    exit_status,
    find,
    find_stale,
    judge,
    load_known,
    select_device,
    update,
)
from conformance.gate.update import TO_BE_JUDGED
from conformance.records import Failure, Footer, Header, Known, Result, Run

MEAN = "masked_mean/value:float32:eager"
MAX = "masked_max/value:float32:eager"
TORCH = {"torch": "2.13.0+cpu"}
TEXT = """\
# Looked at by people.

[[known]]
checks = ["masked_mean/*"]
kind = "failed"
reason = "divides by T"
url = "https://example.org/issues/1"
versions = "torch>=2.13,<3"
since = "2.13.0"
smallest = {inputs = {x = [[1.0, "nan"]]}, mask = [[true, false]]}
"""
HEADER = Header(
    suite="0.1.0",
    specification="1",
    adapter="torch",
    framework="torch",
    file="adapters/torch.py",
    versions=TORCH,
    environment={},
    level="extended",
    seed=0,
    examples=32,
    planned=2,
    operations=["masked_mean"],
    cases=3,
    cases_digest="sha256:00",
    started="2026-01-01T00:00:00Z",
)


def bad(check: str, outcome: Any = "failed", **others: Any) -> Result:
    clause = f"{check.partition('/')[0]}.value"
    return Result(check=check, outcome=outcome, clause=clause, **others)


def good(check: str) -> Result:
    return Result(check=check, outcome="passed")


def run_of(*results: Result, lines: list[str] | None = None, **header: Any) -> Run:
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    return Run(
        path=Path("torch.jsonl"),
        header=msgspec.structs.replace(HEADER, planned=len(results), **header),
        results=results,
        footer=Footer(counts=counts, stale=lines or []),
    )


def cut_off(*results: Result) -> Run:
    return Run(
        path=Path("torch.jsonl"),
        header=HEADER,
        results=results,
        footer=None,
        problems=("the run ended",),
    )


def entry(*checks: str, **others: Any) -> KnownEntry:
    fields = {"kind": "failed", "reason": "divides by T", "number": 1, **others}
    return KnownEntry(file=Path("torch.toml"), checks=checks, **fields)


def save(folder: Path, text: str) -> Path:
    path = folder / "torch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_adapter_without_file_has_no_known_differences(tmp_path: Path) -> None:
    assert load_known(tmp_path / "torch.toml") == ()


def test_an_entry_is_read_whole(tmp_path: Path) -> None:
    path = save(tmp_path, TEXT)

    got = load_known(path)

    assert got == (
        KnownEntry(
            file=path,
            number=1,
            checks=("masked_mean/*",),
            kind="failed",
            reason="divides by T",
            url="https://example.org/issues/1",
            versions=("torch>=2.13,<3",),
            since="2.13.0",
            smallest={"inputs": {"x": [[1.0, "nan"]]}, "mask": [[True, False]]},
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "want"),
    [
        ('"failed"', '"flaky"', "field kind: .*choose from: failed, errored"),
        ("kind =", "knid =", "field knid: .*choose from: checks, kind, reason"),
        ('reason = "divides by T"', "", "field reason: .*say in a sentence"),
        ('"divides by T"', '" "', "field reason: .*say in a sentence"),
        ("https", "http", "field url: .*expected https://"),
        ('["masked_mean/*"]', "[]", "field checks: .*a list of check ids"),
        ('["masked_mean/*"]', "3", "field checks: .*a list of check ids"),
        ('"torch>=2.13,<3"', '"torch"', "field versions: .*such as"),
        ('"torch>=2.13,<3"', '"torch >> 2"', "field versions: .*such as"),
        ('"torch>=2.13,<3"', '["torch>=2", 3]', "field versions: .*such as"),
        ("{inputs", "1 #", "field smallest: .*a table with check, inputs"),
    ],
)
def test_a_malformed_entry_is_named_with_its_field_and_the_choices(
    tmp_path: Path, old: str, new: str, want: str
) -> None:
    path = save(tmp_path, TEXT.replace(old, new))

    with pytest.raises(KnownError, match=f"torch.toml, entry 1, {want}"):
        load_known(path)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("known = [", "is not valid TOML"),
        ("[known]\n", "expected .*known"),
        ("[[knwon]]\n", "has knwon, expected .*known"),
        ("known = [3]\n", "entry 1, field "),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str, want: str) -> None:
    path = save(tmp_path, text)

    with pytest.raises(KnownError, match=f"torch.toml.*{want}"):
        load_known(path)


@pytest.mark.parametrize(
    ("versions", "want"),
    [
        ((), True),
        (("torch>=2.13",), True),
        (("Torch>=2.13", "torch<3"), True),
        (("torch>=2.14",), False),
        (("keras>=3",), False),
        (("torch>=2", "keras>=3"), False),
    ],
)
def test_an_entry_applies_where_all_its_versions_are_installed(
    versions: tuple[str, ...], *, want: bool
) -> None:
    assert entry(MEAN, versions=versions).applies(TORCH) is want


@pytest.mark.parametrize(
    ("pattern", "outcome", "want"),
    [
        (MEAN, "failed", True),
        ("masked_mean/*:float32:*", "failed", True),
        (MEAN, "errored", False),
        ("MASKED_MEAN/*", "failed", False),
        ("masked_mean", "failed", False),
    ],
)
def test_an_entry_is_found_by_check_and_kind(
    pattern: str, outcome: str, *, want: bool
) -> None:
    known = entry(pattern)

    assert find([known], MEAN, outcome, TORCH) == (known if want else None)


def test_an_entry_for_other_versions_is_not_found() -> None:
    assert find([entry(MEAN, versions=("torch<2",))], MEAN, "failed", TORCH) is None


@pytest.mark.parametrize(
    ("pattern", "outcome", "want"),
    [
        (MEAN, "failed", ""),
        (MEAN, "not_run", ""),
        (MEAN, "passed", f"{MEAN} is recorded as failed and passed"),
        ("*", "errored", f"{MEAN} is recorded as failed and errored"),
        (MEAN, "unsupported", f"{MEAN} is recorded as failed and unsupported"),
        ("masked_mea/*", "failed", "masked_mea/* matches no planned check"),
    ],
)
def test_an_entry_must_match_and_fail_as_it_says(
    pattern: str, outcome: str, want: str
) -> None:
    got = find_stale([entry(pattern)], [MEAN], {MEAN: outcome}, TORCH)

    assert [line.partition(";")[0] for line in got] == (
        [f"torch.toml, entry 1: {want}"] if want else []
    )


def test_what_was_planned_and_left_out_is_not_judged() -> None:
    assert (
        find_stale([entry(MEAN), entry(MAX)], [MEAN, MAX], {MAX: "failed"}, TORCH) == []
    )


def test_every_pattern_of_an_entry_must_match() -> None:
    got = find_stale([entry(MEAN, "birnn/*")], [MEAN], {MEAN: "failed"}, TORCH)

    assert [line.partition(";")[0] for line in got] == [
        "torch.toml, entry 1: birnn/* matches no planned check"
    ]


def test_an_entry_for_other_versions_is_never_stale() -> None:
    entries = [entry(MEAN, versions=("torch<2",))]

    assert find_stale(entries, [MEAN], {MEAN: "passed"}, TORCH) == []


def test_a_judgement_tells_new_from_known() -> None:
    known = bad(MAX, "errored", known=Known(reason="raises"))
    run = run_of(bad(MEAN), known, lines=["torch.toml, entry 1"])

    assert judge(run) == Judgement(
        adapter="torch",
        new=(bad(MEAN),),
        known=(known,),
        stale=("torch.toml, entry 1",),
    )


def test_an_incomplete_run_is_judged_as_such() -> None:
    assert judge(cut_off(good(MEAN))).incomplete


def test_a_run_that_says_of_itself_that_it_is_incomplete_is_believed() -> None:
    run = msgspec.structs.replace(Footer(counts={}), complete=False)
    judged = judge(
        Run(path=Path("a.jsonl"), header=HEADER, results=(), footer=run, problems=())
    )

    assert judged.problems == ("planned checks were not run",)


@pytest.mark.parametrize(
    ("judgements", "want"),
    [
        ([Judgement(adapter="a")], 0),
        ([Judgement(adapter="a", known=(bad(MEAN),))], 0),
        ([Judgement(adapter="a", new=(bad(MEAN),))], 1),
        ([Judgement(adapter="a"), Judgement(adapter="b", stale=("x",))], 1),
        ([Judgement(adapter="a", problems=("cut",), new=(bad(MEAN),))], 3),
        ([], 3),
    ],
)
def test_the_exit_status_is_that_of_the_worst(
    judgements: list[Judgement], want: int
) -> None:
    assert exit_status(judgements) == want


def test_an_update_adds_what_is_new_by_clause_and_kind(tmp_path: Path) -> None:
    path = tmp_path / "torch.toml"
    small = Failure(inputs={"x": [[1.0]]}, mask=[[True]])
    large = Failure(inputs={"x": [[1.0, 2.0]]}, mask=[[True, False]])
    other = MEAN.replace("float32", "float64")
    run = run_of(bad(MEAN, failure=large), bad(other, failure=small), bad(MAX))

    got = update(path, run)

    assert load_known(path) == got.added
    assert [one.checks for one in got.added] == [(MAX,), (MEAN, other)]
    assert {one.reason for one in got.added} == {"to be judged"}
    assert got.added[0].smallest is None
    assert got.added[1].smallest == {
        "check": other,
        "inputs": {"x": [[1.0]]},
        "mask": [[True]],
    }


def test_an_update_keeps_no_input_that_was_cut(tmp_path: Path) -> None:
    cut = Failure(inputs={"x": [[1.0]]}, mask=[[True]], elided=True)

    got = update(tmp_path / "torch.toml", run_of(bad(MEAN, failure=cut)))

    assert got.added[0].smallest is None


def test_an_update_gives_an_entry_without_an_input_the_smallest_that_was_found(
    tmp_path: Path,
) -> None:
    path = save(tmp_path, TEXT.partition("smallest =")[0])
    small = Failure(inputs={"x": [[1.0]]}, mask=[[True]])

    update(path, run_of(bad(MEAN, failure=small), good(MAX)))

    (first, *_) = load_known(path)
    assert first.smallest == {
        "check": MEAN,
        "inputs": {"x": [[1.0]]},
        "mask": [[True]],
    }


def test_an_update_leaves_the_input_of_an_entry_for_other_versions(
    tmp_path: Path,
) -> None:
    old = 'kind = "failed"\nversions = "torch<1"'
    path = save(tmp_path, f'[[known]]\nchecks = ["{MEAN}"]\nreason = "r"\n{old}\n')
    small = Failure(inputs={"x": [[1.0]]}, mask=[[True]])

    update(path, run_of(bad(MEAN, failure=small)))

    (first, *_) = load_known(path)
    assert first.smallest is None


def test_an_update_keeps_what_holds_and_the_comment_at_the_head(
    tmp_path: Path,
) -> None:
    path = save(tmp_path, TEXT)
    before = load_known(path)

    got = update(path, run_of(bad(MEAN), good(MAX)))

    assert (got.kept, got.dropped, got.added) == (before, (), ())
    assert load_known(path) == before
    assert path.read_text(encoding="utf-8").startswith("# Looked at by people.\n")


def test_an_update_narrows_a_glob_to_the_checks_that_still_fail(
    tmp_path: Path,
) -> None:
    path = save(tmp_path, TEXT)
    run = run_of(bad(MEAN), good(MEAN.replace("float32", "float64")))

    got = update(path, run)

    assert got.dropped == ("masked_mean/*",)
    assert [(one.checks, one.reason) for one in load_known(path)] == [
        ((MEAN,), "divides by T")
    ]


def test_an_update_drops_what_passes(tmp_path: Path) -> None:
    path = save(tmp_path, TEXT)

    got = update(path, run_of(good(MEAN)))

    assert (got.kept, got.dropped) == ((), ("masked_mean/*",))
    assert load_known(path) == ()


def test_an_update_records_another_kind_of_failure_anew(tmp_path: Path) -> None:
    path = save(tmp_path, TEXT)

    update(path, run_of(bad(MEAN, "errored")))

    assert [(one.kind, one.reason) for one in load_known(path)] == [
        ("errored", "to be judged")
    ]


@pytest.mark.parametrize(
    ("level", "planned", "want"),
    [
        ("extended", None, ()),
        ("core", None, ("masked_mean/*",)),
        ("core", [MAX], ()),
        ("core", [MAX, MEAN], ("masked_mean/*",)),
    ],
)
def test_an_update_drops_a_pattern_only_when_nothing_planned_can_match_it(
    tmp_path: Path, level: str, planned: list[str] | None, want: tuple[str, ...]
) -> None:
    path = save(tmp_path, TEXT)

    got = update(path, run_of(good(MAX), level=level), planned=planned)

    assert tuple(check for one in got.kept for check in one.checks) == want


def test_an_update_leaves_entries_for_other_versions_alone(tmp_path: Path) -> None:
    path = save(tmp_path, TEXT.replace("torch>=2.13,<3", "keras>=3"))

    got = update(path, run_of(good(MEAN)))

    assert got.kept == load_known(path)
    assert got.dropped == ()


def test_a_variant_of_a_system_records_for_its_framework_only(
    tmp_path: Path,
) -> None:
    got = update(tmp_path / "k.toml", run_of(bad(MEAN), adapter="keras:torch"))

    assert got.added[0].versions == ("torch>=2.13.0",)
    assert got.added[0].applies(TORCH)


def test_an_incomplete_run_updates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "torch.toml"

    with pytest.raises(IncompleteRunError, match="is incomplete: the run ended"):
        update(path, cut_off(bad(MEAN)))

    assert not path.exists()


@given(st.sets(st.sampled_from([MEAN, MAX, "birnn.gru.sum.final/a:float32:eager"])))
def test_after_an_update_nothing_is_new_and_nothing_stale(failing: set[str]) -> None:
    checks = (MEAN, MAX, "birnn.gru.sum.final/a:float32:eager")
    run = run_of(*(bad(one) if one in failing else good(one) for one in checks))
    with tempfile.TemporaryDirectory() as folder:
        path = save(Path(folder), TEXT)
        update(path, run)
        entries = load_known(path)
        written = tomllib.loads(path.read_text(encoding="utf-8"))

    outcomes = {one.check: one.outcome for one in run.results}
    assert find_stale(entries, checks, outcomes, TORCH) == []
    assert {one for one in checks if find(entries, one, "failed", TORCH)} == failing
    assert len(written.get("known", [])) == len(entries)


def test_an_entry_without_devices_is_about_the_cpu() -> None:
    usual, cuda = entry(MEAN), entry(MEAN, devices=("cuda",))
    both = entry(MEAN, devices=("cpu", "gpu"))
    every = [usual, cuda, both]
    assert select_device(every, "cpu") == (usual, both)
    assert select_device(every, "") == (usual, both)
    assert select_device(every, "cuda:1") == (cuda, both)
    assert select_device(every, "mps:0") == (both,)


def test_devices_are_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "torch.toml"
    text = '[[known]]\nchecks = ["a"]\nkind = "failed"\nreason = "so"\n'
    path.write_text(text + 'devices = ["cuda"]\n', encoding="utf-8")
    assert load_known(path)[0].devices == ("cuda",)
    path.write_text(text + 'devices = ["tpu"]\n', encoding="utf-8")
    with pytest.raises(KnownError, match=r"field devices: .*of cpu, cuda, gpu, mps"):
        load_known(path)


def test_an_update_on_a_gpu_leaves_the_entries_of_the_cpu(tmp_path: Path) -> None:
    path = tmp_path / "torch.toml"
    path.write_text(
        '[[known]]\nchecks = ["masked_mean/a:float32:eager"]\nkind = "failed"\n'
        'reason = "passes on a GPU"\n\n'
        '[[known]]\nchecks = ["masked_mean/b:float32:eager"]\nkind = "failed"\n'
        'reason = "fails anywhere"\n',
        encoding="utf-8",
    )
    results = (
        Result(check="masked_mean/a:float32:eager", outcome="passed"),
        Result(check="masked_mean/b:float32:eager", outcome="failed", clause="x"),
        Result(check="masked_mean/c:float32:eager", outcome="failed", clause="x"),
    )
    run = run_of(*results, device="cuda:0")
    got = update(path, run)
    assert got.dropped == ()
    found = [(e.checks, e.devices, e.reason) for e in load_known(path)]
    assert found == [
        (("masked_mean/a:float32:eager",), (), "passes on a GPU"),
        (("masked_mean/b:float32:eager",), (), "fails anywhere"),
        (("masked_mean/b:float32:eager",), ("cuda",), "fails anywhere"),
        (("masked_mean/c:float32:eager",), ("cuda",), TO_BE_JUDGED),
    ]
    assert update(path, run).added == ()
