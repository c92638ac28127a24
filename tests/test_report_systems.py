"""The tables of systems: one sign a cell, the worst first, and a reader's questions."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from conformance.adapters.load import known_file, read_declarations
from conformance.gate import load_known
from conformance.operations import load_operations
from conformance.records import Failure, Footer, Known, Result, Run
from conformance.records.record import FINDING
from conformance.report import write
from conformance.report.columns import columns
from conformance.report.history import read_history
from conformance.report.summary import summary
from conformance.report.systems import System, cut, places, systems, usual_level
from conformance.report.title import headline, say_levels
from conformance.report.view import View, view
from conformance.specification.topics import TOPICS
from tests.reports.expected import expected_runs

if TYPE_CHECKING:
    from conformance.records import Sort

ROOT = Path(__file__).parents[1]
ASKED = (
    *("keras_builtin:tensorflow", "keras_builtin:jax", "torch_builtin", "torch_packed"),
    *("pytorch_crf", "torchcrf_other", "allennlp_crf", "tinygrad_builtin"),
    *("onnx_runtime", "onnx_recurrent", "flax_linen", "jax_builtin"),
    *("numpy_reference",),
)


class Table(HTMLParser):
    """The rows of the tables of one section, by their head, a text for each cell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self._cells: list[str] | None = None
        self._depth = 0
        self.feed(text)

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        if tag == "details":
            self._depth += 1
        if tag == "tr":
            self._cells = []
        if tag in {"th", "td"} and self._cells is not None:
            self._cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self._depth -= 1
        if tag == "tr" and self._cells:
            if not self._depth:
                self.rows.setdefault(self._cells[0].strip(), self._cells[1:])
            self._cells = None

    def handle_data(self, data: str) -> None:
        if self._cells:
            self._cells[-1] += data

    def cell(self, row: str, head: str) -> str:
        """Return a cell's text by the beginning of its row's head and its own name."""
        (cells,) = [cells for name, cells in self.rows.items() if name.startswith(row)]
        return next(cell for cell in cells if f"{head}:" in cell)


@cache
def page() -> str:
    """Return the page of adapters as their heads and known files have them."""
    with TemporaryDirectory() as folder:
        runs = expected_runs(only=ASKED)
        told = read_history(ROOT / "reports" / "history.jsonl")
        write(runs, Path(folder), generated="2026-01-02", clauses={}, releases=told)
        return (Path(folder) / "index.html").read_text(encoding="utf-8")


def section(name: str) -> str:
    text = page()
    start = text.index(f'<section id="{name}">')
    return text[start : text.index("</section>", start)]


def visible(text: str) -> str:
    """Return what can be read without opening anything."""
    shut = re.sub(r"(?s)<details.*?</details>", "", text)
    return " ".join(re.sub(r"<[^>]+>", " ", shut).split())


def test_does_padding_change_the_answer() -> None:
    (title,) = re.findall(r"<h1>(.*?)</h1>", page())
    assert re.fullmatch(
        r"Does padding change the answer\? In \d+ of 10 systems it does, "
        r"silently, on ordinary input\.",
        title,
    )


def test_does_max_pooling_of_keras_count_padding() -> None:
    table = Table(section("systems"))
    for backend in ("TensorFlow", "JAX"):
        said = table.cell(f"Keras on {backend}", "max")
        assert said.startswith("✗max: wrong number")
        assert "unusual" not in said


def test_which_crf_takes_gaps() -> None:
    table = Table(section("topics"))
    assert table.cell("pytorch-crf", "gaps").startswith("✗")
    assert table.cell("TorchCRF", "gaps").startswith("✗")


def test_what_of_nan_in_the_attention_of_torch() -> None:
    said = Table(section("systems")).cell("PyTorch 2", "attention")
    assert said.startswith("NaNattention: NaN or infinity on unusual input only")


def test_which_library_is_right_for_recurrent_layers() -> None:
    table = Table(section("systems"))
    assert table.cell("Flax Linen", "bi-RNN").startswith("○")
    assert "unusual input only" in table.cell("PyTorch 2", "bi-RNN")


def test_what_is_the_worst_of_torch() -> None:
    row = Table(section("systems")).rows
    (cells,) = [cells for name, cells in row.items() if name.startswith("PyTorch 2")]
    assert cells[-1].startswith("Weighted binary cross entropy: mean counts padding")


def test_who_loses_digits() -> None:
    top = page()[: page().index("<nav")]
    assert re.search(r"</span> \d+ lose digits", top)
    assert Table(section("systems")).cell("JAX 0", "attention").startswith("≈")


def test_what_does_onnx_runtime_not_offer() -> None:
    rows = Table(section("systems")).rows
    (cells,) = [rows[name] for name in rows if name.startswith("ONNX Runtime")]
    assert cells[0] == ""  # the mean
    assert "blank: not offered" in visible(section("systems"))
    assert any(cell.startswith("NaNattention") or cell == "✓" for cell in cells)


def test_does_the_loss_of_tinygrad_count_padding() -> None:
    table = Table(section("systems"))
    assert table.cell("tinygrad", "loss").startswith("✗loss: wrong number")
    (cells,) = [each for name, each in table.rows.items() if name.startswith("tinygr")]
    assert cells[-1].startswith("Mean cross entropy counts ignored labels")


def test_which_version_was_asked() -> None:
    heads = Table(section("systems")).rows
    assert {"PyTorch 2.13.0", "tinygrad 0.14.0", "pytorch-crf 0.7.2"} <= set(heads)


def test_since_when() -> None:
    rows = Table(section("systems")).rows
    (cells,) = [cells for name, cells in rows.items() if name.startswith("Flax Linen")]
    assert "since 0.10.7 or before" in cells[-1]


def test_since_when_of_what_is_not_the_worst() -> None:
    (line,) = re.findall(r'(?s)<li id="m-masked_max.*?</li>', section("causes"))
    shown = " ".join(re.sub(r"<[^>]+>", "", line).split())
    assert "Keras on JAX since 3.5.0 or before" in shown
    # The release that it was recorded on is not the first that has it.
    assert "Recorded on 3.15.1." in shown


def test_the_answers_are_not_folded_away_and_references_are() -> None:
    text = visible(section("systems"))
    assert "tinygrad" in text
    assert "NumPy, as specified" not in text
    assert "NumPy, as specified" in section("systems")


def test_every_finding_is_short() -> None:
    findings = re.findall(r'<td class="end finding">([^<]*)', section("systems"))
    assert findings
    assert [text for text in findings if len(text) > FINDING] == []


HEADER = expected_runs("core", only=("numpy_ma",))[0].header


def run_of(*results: Result, **header: Any) -> Run:
    named = {"adapter": "made", "operations": ["masked_max"], "role": "", "system": ""}
    whole = msgspec.structs.replace(HEADER, **(named | header), planned=len(results))
    counts: dict[str, int] = {}
    for each in results:
        counts[each.outcome] = counts.get(each.outcome, 0) + 1
    observed = {"gaps padding: masked_max": "another answer, and no error"}
    return Run(
        path=Path("made.jsonl"),
        header=whole,
        results=results,
        footer=Footer(counts=counts, observed=observed),
    )


def bad(item: str, kind: Sort, topic: str = "padding-content", **more: Any) -> Result:
    return Result(
        check=f"masked_max/{item}:float32:eager",
        outcome="failed",
        kind=kind,
        topic=topic,
        **more,
    )


def good(item: str, topic: str = "padding-content") -> Result:
    check = f"masked_max/{item}:float32:eager"
    return Result(check=check, outcome="passed", topic=topic)


def row(*runs: Run) -> System:
    return rows(*runs)[0]


def rows(*runs: Run) -> list[System]:
    seen = seen_of(*runs)
    return systems(seen, places(seen))


def seen_of(*runs: Run) -> View:
    return view(columns(runs), generated="", clauses={})


@pytest.mark.parametrize(
    ("results", "style", "said"),
    [
        ([good("a")], "s k-right", "right"),
        ([good("a"), bad("b", "nan")], "s k-nan", "NaN or infinity, 1 of 2"),
        ([bad("a", "nan"), bad("b", "wrong")], "s k-wrong", "wrong number, 2 of 2"),
        (
            [bad("a", "digits"), bad("b", "wrong", "gaps")],
            "s k-digits",
            "digits lost, 2 of 2",
        ),
        (
            [good("a"), bad("b", "wrong", "gaps")],
            "s k-wrong out",
            "wrong number on unusual input only, 1 of 2",
        ),
    ],
)
def test_a_cell_shows_the_worst_on_ordinary_input_first(
    results: list[Result], style: str, said: str
) -> None:
    (mark,) = row(run_of(*results)).marks
    assert (mark.style, mark.said) == (style, said)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("the adapter has no masked_max", ""),
        ("the adapter declares no gaps placement", "impossible"),
    ],
)
def test_what_is_not_offered_is_blank_and_what_is_impossible_a_dash(
    message: str, name: str
) -> None:
    one = Result(check="masked_max/a:b:c", outcome="unsupported", message=message)
    assert row(run_of(one)).marks[0].sign.name == name


def test_what_was_not_run_is_a_dot() -> None:
    one = Result(check="masked_max/a:float32:eager", outcome="not_run")
    assert row(run_of(one)).marks[0].sign.name == "idle"


def test_what_is_not_declared_and_taken_is_shown_as_what_it_is() -> None:
    reason = "the adapter declares no gaps placement"
    one = Result(
        check="masked_max/gaps:float32:eager",
        outcome="unsupported",
        topic="gaps",
        message=reason,
    )
    marks = {mark.sign.name for mark in row(run_of(good("a"), one)).topics}
    assert "misread" in marks


def test_adapters_of_one_system_are_one_row_and_references_are_no_systems() -> None:
    one = run_of(good("a"), adapter="one", system="Made")
    two = run_of(bad("a", "wrong"), adapter="two", system="Made")
    ruler = run_of(good("a"), adapter="ruler", system="Ruler", role="reference")
    found = rows(one, two, ruler)

    assert [each.name for each in found] == ["Made", "Ruler"]
    assert len(found[0].columns) == 2
    assert [each.reference for each in found] == [False, True]
    title = headline(seen_of(one, two, ruler), found)
    assert title == "1 new mistake. Padding changes the answer of 1 of 1 operation."


def test_rows_stand_by_the_worst_that_they_do() -> None:
    runs = [
        run_of(good("a"), adapter="right"),
        run_of(bad("a", "digits"), adapter="digits"),
        run_of(bad("a", "wrong", "gaps"), adapter="unusual"),
        run_of(bad("a", "nan"), adapter="nan"),
        run_of(bad("a", "wrong"), adapter="wrong"),
    ]
    names = [each.columns[0].label for each in rows(*runs)]
    assert names == ["wrong", "nan", "digits", "unusual", "right"]


def test_a_row_says_its_level_where_most_have_another() -> None:
    def run_at(level: str, name: str, system: str = "") -> Run:
        named = {"adapter": name, "system": system or name, "level": level}
        return run_of(good("value"), **named)

    robust = [run_at("robust", name) for name in "ab"]
    assert [each.level for each in rows(*robust)] == ["", ""]
    assert say_levels(seen_of(*robust)) == "Level robust."

    mixed = seen_of(*robust, run_at("core", "c"))
    labels = {each.name: each.level for each in systems(mixed, places(mixed))}
    assert labels == {"a": "", "b": "", "c": "core"}
    assert "| c 2.4.6, core |" in summary(mixed)
    assert "Level robust, unless a row names another" in summary(mixed)

    # Of two that as many runs have, the higher one goes without saying.
    assert usual_level(seen_of(robust[0], run_at("core", "c"))) == "robust"
    both = run_at("robust", "a", "one"), run_at("core", "c", "one")
    assert [each.level for each in rows(*both)] == ["robust and core"]


def test_a_finding_is_that_of_the_worst_cause() -> None:
    def known(text: str) -> Known:
        return Known(reason="as recorded", finding=text)

    worst = bad("a", "wrong", known=known("Counts padding"))
    rare = bad("b", "wrong", "gaps", known=known("Gaps are misread"))
    assert row(run_of(rare, worst)).finding == "Counts padding"
    assert row(run_of(rare)).finding == "Right, but gaps are misread"
    long = bad("a", "wrong", known=known(""))
    assert row(run_of(long)).finding == "as recorded"


def test_a_page_of_fifty_systems_stays_below_a_megabyte() -> None:
    operations = [f"masked_op{n}" for n in range(24)]
    runs = []
    for at in range(50):
        results = []
        for n, operation in enumerate(operations):
            for topic in TOPICS:
                check = f"{operation}/{topic.name}-{at}:float32:eager"
                failing = (n + at) % 6 == 0 and topic.name == "gaps"
                known = Known(reason=f"reason {n} " * 20, finding=f"Finding {at} {n}")
                proof = Failure(
                    inputs={"x": [[1.0, 2.0]]},
                    mask=[[True, False]],
                    command="mask-conformance run made --check x",
                    snippet="print(function(x, mask))\n" * 40,
                )
                one = Result(
                    check=check,
                    outcome="failed" if failing else "passed",
                    kind="wrong" if failing else "",
                    topic=topic.name,
                    known=known if failing else None,
                    failure=proof if failing else None,
                )
                results.append(one)
        runs.append(run_of(*results, adapter=f"made{at}", operations=operations))
    with TemporaryDirectory() as folder:
        write(runs, Path(folder), generated="", clauses={})
        assert (Path(folder) / "index.html").stat().st_size < 1_000_000


def test_every_adapter_operation_and_known_difference_has_its_words() -> None:
    heads = read_declarations()
    bare = [n for n, d in heads.items() if not (d.system and d.library and d.family)]
    assert bare == []
    narrow = [o.name for o in load_operations().values() if not (o.short and o.group)]
    assert narrow == []
    files = {known_file(declaration) for declaration in heads.values()}
    entries = [entry for file in sorted(files) for entry in load_known(file)]
    assert len(entries) > 100
    silent = [f"{e.file.name}, entry {e.number}" for e in entries if not e.finding]
    assert silent == []


def test_a_text_is_cut_at_a_word() -> None:
    assert cut("word " * 30) == f"{'word ' * 10}".rstrip() + "..."
    assert len(cut("x" * 100)) == FINDING
