"""Since when a cause is there: what the releases of a library come to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from conformance.adapters.load import read_declarations
from conformance.commands import history as command
from conformance.commands.report import report
from conformance.errors import ResultError, UsageError
from conformance.records import read
from conformance.report import write
from conformance.report.history import (
    Release,
    Trouble,
    find_since,
    read_history,
    summarize,
    timelines,
    write_history,
)

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"
CAUSE = "masked_max.counts-padding"


def trouble(cause: str = CAUSE, **more: Any) -> Trouble:
    fields = {"title": "Max pooling counts padding", "kind": "wrong", "checks": 3}
    variants = [cause.partition(".")[0]]
    return Trouble(cause=cause, **{**fields, "variants": variants, **more})


def release(version: str, *troubles: Trouble, **more: Any) -> Release:
    fields = {
        "adapter": "pool",
        "system": "Pool",
        "library": "pool",
        "framework": "jax 0.10.2",
        "python": "3.11.7",
        "level": "core",
        "day": "2026-11-27",
        "passed": ["masked_max", "masked_mean"],
    }
    return Release(version=version, troubles=list(troubles), **{**fields, **more})


def glyphs(*found: Release) -> str:
    (one,) = timelines(found)
    (line,) = one.lines
    return "".join(mark.sign.glyph for mark in line.marks)


@pytest.mark.parametrize(
    ("there", "since", "until"),
    [
        ([True, True, True], "1.9 or before", ""),
        ([False, True, True], "1.10", ""),
        ([True, True, False], "1.9 or before", "1.10"),
        ([False, True, False], "1.10", "1.10"),
        ([True, False, True], "2.0", ""),
    ],
)
def test_a_cause_has_a_first_and_a_last_release(
    there: list[bool], since: str, until: str
) -> None:
    found = [
        release(version, *([trouble()] if bad else []))
        for version, bad in zip(("1.9", "1.10", "2.0"), there, strict=True)
    ]
    (one,) = timelines(reversed(found))

    assert one.heads == ("1.9", "1.10", "2.0")
    assert [(line.since, line.until) for line in one.lines] == [(since, until)]
    changed = (since, until) != ("1.9 or before", "")
    assert bool(one.changed) == changed


def test_where_nothing_of_it_passes_a_release_is_not_called_right() -> None:
    hidden = release("1.9", trouble("masked_max.raises"), passed=["masked_mean"])
    assert "·" in "".join(
        mark.sign.glyph
        for line in timelines([hidden, release("2.0", trouble())])[0].lines
        for mark in line.marks
        if line.cause == CAUSE
    )
    broken = release("1.9", problem="no footer")
    assert glyphs(broken, release("2.0", trouble())) == "·✗"
    (one,) = timelines([broken, release("2.0", trouble())])
    assert one.problems == ("1.9: no footer",)
    assert one.lines[0].since == "2.0 or before"


def test_levels_and_adapters_are_not_mixed() -> None:
    found = [release("1.9"), release("2.0", trouble(), level="robust")]
    assert timelines(found) == []
    assert timelines([release("1.9"), release("2.0", adapter="other")]) == []


def test_another_framework_is_named_beside_the_release() -> None:
    old = release("1.9", framework="jax 0.6.2")
    (one,) = timelines([old, release("2.0", trouble())])
    assert one.heads == ("1.9 on jax 0.6.2", "2.0 on jax 0.10.2")
    assert one.setting == "Python 3.11.7"
    (same,) = timelines([release("1.9"), release("2.0")])
    assert same.setting == "jax 0.10.2, Python 3.11.7"


def test_what_changed_comes_first_and_what_is_gone_after_what_is_there() -> None:
    gone, new, old = (trouble(f"masked_max.{name}") for name in ("a", "b", "c"))
    (one,) = timelines([release("1", gone, old), release("2", new, old)])
    assert [line.cause[-1] for line in one.lines] == ["b", "a", "c"]
    assert [line.cause[-1] for line in one.changed] == ["b", "a"]


def test_a_page_finds_since_when_a_system_has_its_worst_finding() -> None:
    found = timelines([release("1"), release("2", trouble())])
    assert find_since(found, {"pool"}, CAUSE) == "2"
    assert find_since(found, {"other"}, CAUSE) == ""
    gone = timelines([release("1", trouble()), release("2")])
    assert find_since(gone, {"pool"}, CAUSE) == ""


def test_a_record_becomes_a_release() -> None:
    (torch,) = summarize([read(GOLDEN / "torch.jsonl")])
    assert (torch.adapter, torch.version) == ("torch", "2.13.0")
    assert torch.passed == ["birnn.lstm.concat.final"]
    kinds = {each.cause.partition(".")[0]: each for each in torch.troubles}
    assert set(kinds) == {"masked_mean", "masked_softmax"}
    assert kinds["masked_mean"].variants == ["masked_mean"]
    assert kinds["masked_softmax"].unusual
    (jax,) = summarize([read(GOLDEN / "jax.jsonl")])
    assert "without a footer" in jax.problem
    (raised,) = jax.troubles
    assert raised.title == "TypeError: mask must be boolean"
    assert raised.cause.endswith(f"not-recognised-raises: {raised.title}")


def test_a_history_is_read_as_it_was_written_and_the_last_run_stays(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.jsonl"
    assert read_history(path) == []
    old, new = release("2.0", day="2026-01-01"), release("2.0", trouble())
    write_history(path, [old, release("1.10"), release("1.9"), new])
    found = read_history(path)
    assert [each.version for each in found] == ["1.9", "1.10", "2.0"]
    assert found[-1] == new


def test_a_part_of_a_run_does_not_take_the_place_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    part, whole = release("2.0", part="partial: 1 of 9 checks"), release("2.0")
    for order in ([part, whole], [whole, part]):
        write_history(path, [release("1.9"), *order])
        assert read_history(path)[-1] == whole
    write_history(path, [release("1.9"), part])
    (one,) = timelines(read_history(path))
    assert one.problems == ("2.0: partial: 1 of 9 checks",)


@pytest.mark.parametrize("text", ["{}", "[", '{"adapter": 1}', "[" * 2000])
def test_a_line_that_is_no_release_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.jsonl"
    write_history(path, [release("1.9")])
    path.write_text(f"{path.read_text('utf-8')}{text}\n", encoding="utf-8")
    with pytest.raises(ResultError, match=r"history.jsonl: line 2 is no release"):
        read_history(path)


def test_the_page_has_a_timeline_and_says_since_when(tmp_path: Path) -> None:
    run = read(GOLDEN / "torch.jsonl")
    (now,) = summarize([run])
    before = Release(
        **{name: getattr(now, name) for name in now.__struct_fields__}
        | {"version": "2.12.0", "framework": "torch 2.12.0"}
    )
    for extra, more in (((), ()), ((before, now), (before, now))):
        write([run], tmp_path, generated="now", releases=extra)
        text = (tmp_path / "index.html").read_text("utf-8")
        assert ('id="history"' in text) == bool(more)
    assert "2.12.0 on torch 2.12.0" in text
    assert "since 2.12.0 on torch 2.12.0 or before" in text


def test_no_text_of_a_history_becomes_a_tag_or_an_attribute(tmp_path: Path) -> None:
    run = read(GOLDEN / "torch.jsonl")
    counts = []
    for text in ("plain", "</td><script>alert(1)</script>", '" onclick="alert(1)'):
        own = {"system": text, "adapter": text, "python": text, "problem": text}
        found = [
            release(version, trouble(title=text, kind="wrong"), **own)
            for version in (f"1 {text}", f"2 {text}")
        ]
        write([run], tmp_path, generated="now", releases=found)
        page = (tmp_path / "index.html").read_text("utf-8")
        counts.append([len(re.findall(r"<\w+", page)), page.count('onclick="alert')])
    assert counts[0] == counts[1] == counts[2]


def test_the_report_command_takes_a_history(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with pytest.raises(UsageError, match=r"history.jsonl: no such file"):
        report([GOLDEN / "torch.jsonl"], tmp_path, path)
    write_history(path, [release("1.9"), release("2.0", trouble())])
    report([GOLDEN / "torch.jsonl"], tmp_path, path)
    assert "Max pooling counts padding" in (tmp_path / "index.html").read_text("utf-8")


def test_records_are_added_and_other_histories_are_joined(tmp_path: Path) -> None:
    path, other = tmp_path / "history.jsonl", tmp_path / "other.jsonl"
    run: Callable[..., Any] = CliRunner().invoke
    given = ["add", str(GOLDEN / "torch.jsonl"), "--history", str(path)]
    ended = run(command.main, given)
    assert ended.exit_code == 0
    assert "torch on torch 2.13.0: 2 causes" in ended.output
    mine = read_history(path)
    theirs = Release(
        **{name: getattr(mine[0], name) for name in mine[0].__struct_fields__}
        | {"day": "2020-01-01"}
    )
    write_history(other, [theirs, release("1.9")])
    given = ["join", str(other), "--history", str(path)]
    assert run(command.main, given).exit_code == 0
    assert read_history(path) == [release("1.9"), *mine]


def test_docs_history_is_what_the_history_says() -> None:
    assert command.PAGE.read_text("utf-8") == command.text()


def test_every_release_of_a_head_is_in_the_history() -> None:
    tried = {(each.adapter, each.version) for each in read_history(command.FILE)}
    listed = {name: each for name, each in read_declarations().items() if each.releases}
    assert {each.library for each in listed.values()} >= {
        *("optax", "equinox", "flax", "keras"),
    }
    for name, each in listed.items():
        assert len(each.releases) >= 2, f"{name}: with the pinned one, three at least"
        for text in each.releases:
            own = [Requirement(one) for one in text.split()]
            (version,) = (
                str(one.specifier)[2:] for one in own if one.name == each.library
            )
            assert (name, version) in tried, f"{name} {version}: run its history"
