"""The page of what was probed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.records import Failure, Footer, Header, Result, Run
from conformance.report import html
from conformance.report.columns import columns
from conformance.report.probes import grid, list_probed
from conformance.report.systems import places, systems
from conformance.report.title import headline
from conformance.report.view import view

if TYPE_CHECKING:
    from conformance.report.view import View


def run(name: str, *, leaks: bool) -> Run:
    found = [
        Result(
            check=f"probe.other-numbers/{name}:float32:eager",
            outcome="passed",
            clause="probe.other-numbers",
            level="core",
            message="same: same bits",
        ),
        Result(
            check=f"probe.gaps/{name}:float32:eager",
            outcome="unsupported",
            clause="probe.gaps",
            level="core",
            message="not asked: nothing says that gaps are allowed",
        ),
    ]
    if leaks:
        failure = Failure(
            diagnosis="first at conv2 (Conv1d), m.py:12\na window <b>",
            command="mask-conformance probe m.py:model",
            snippet="import torch\n",
        )
        found.append(
            Result(
                check=f"probe.alone.1-0/{name}:float32:eager",
                outcome="failed",
                clause="probe.alone",
                level="core",
                message="leak: 0.026 of 0.49",
                failure=failure,
            )
        )
    header = Header(
        suite="1",
        specification="1",
        adapter=name,
        framework="torch",
        operations=["probe"],
        planned=len(found),
        versions={"torch": "2"},
        declared={"takes": "x [5, 11, 4]", "notes": "the mask ends; at conv"},
        cases=19,
        cases_digest="probe",
        file="m.py",
        level="robust",
        seed=0,
        examples=5,
        environment={"python": "3.11"},
        started="2026-11-27T00:00:00+00:00",
    )
    counts = {"failed": int(leaks), "passed": 1, "unsupported": 1}
    return Run(
        path=Path(f"{name}.jsonl"),
        header=header,
        results=tuple(found),
        footer=Footer(counts=counts, stale=[], ended="2026-11-27T00:00:01+00:00"),
    )


def seen(*runs: Run) -> View:
    return view(columns(runs), generated="today", clauses={})


def test_each_model_has_its_answers_places_and_what_was_not_asked() -> None:
    (target,) = list_probed(seen(run("m", leaks=True)))
    assert [row.question for row in target.rows] == ["other numbers", "alone (1-0)"]
    assert [row.kind for row in target.rows] == ["", "leak"]
    assert target.unasked == (("gaps", "nothing says that gaps are allowed"),)
    assert target.places == (("first at conv2 (Conv1d), m.py:12", "a window <b>"),)
    assert target.notes == ("the mask ends", "at conv")
    assert not target.clean


def test_a_clean_model_is_shown_as_clean() -> None:
    (target,) = list_probed(seen(run("m", leaks=False)))
    assert target.clean


def test_a_page_of_probes_has_no_sections_about_adapters_alone() -> None:
    text = html.page(seen(run("m", leaks=True), run("n", leaks=False)))
    assert '<section id="probes">' in text
    assert (
        "<strong>first at conv2 (Conv1d), m.py:12</strong><br>a window &lt;b&gt;"
        in text
    )
    for section in ("agreement", "share", "declared"):
        assert f'id="{section}"' not in text
        assert f'href="#{section}"' not in text
    assert "<dt>questions</dt><dd>19</dd>" in text


def test_models_are_rows_and_questions_columns() -> None:
    view_ = seen(run("m", leaks=True), run("n", leaks=False))
    questions, lines = grid(view_)

    assert questions == ["other numbers", "gaps", "alone"]
    first, second = lines
    assert [mark.sign.name for mark in first.marks] == ["right", "idle", "wrong"]
    assert (first.worst, first.place) == (
        "0.026 of 0.49",
        "first at conv2 (Conv1d), m.py:12",
    )
    assert [mark.sign.name for mark in second.marks] == ["right", "idle", "idle"]
    assert (second.worst, second.place) == ("", "")
    assert headline(view_, []) == (
        "Does padding change the answer? In 1 of 2 models it does."
    )


def test_models_are_no_systems() -> None:
    view_ = seen(run("m", leaks=True))
    assert places(view_) == []
    assert systems(view_, []) == []
