"""What the page shows of runs that are large, hostile, several or broken off."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.records import (
    Failure,
    Footer,
    Known,
    Result,
    Run,
    Worst,
    read,
)
from conformance.report import overview, write
from conformance.report.causes import CAUSES
from conformance.report.columns import columns
from conformance.report.count import LISTED
from conformance.report.mistakes import SHOWN
from conformance.report.raw import LIMIT, pack_runs
from conformance.report.strands import ROOM, STRANDS
from conformance.report.ulp import ulp
from conformance.report.view import View, view
from conformance.run import catalogue
from tests.reports.expected import expected_runs

GOLDEN = Path(__file__).parent / "golden"
TORCH, JAX = read(GOLDEN / "torch.jsonl"), read(GOLDEN / "jax.jsonl")
KNOWN = Known(reason="as recorded")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | (
    st.sampled_from(
        [
            "</script><script>alert(1)</script>",
            '" onmouseover="alert(1)',
            "javascript:alert(1)",
            "https://example.org/' onclick='alert(1)",
            "{{ 7 * 7 }}",
            "\x1b[31m\u202e",
        ]
    )
)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.census: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.census[tag, tuple(sorted(name for name, _ in attrs))] += 1
        self.links += [value or "" for name, value in attrs if name == "href"]


def run_of(*results: Result, **header: Any) -> Run:
    counts = Counter[str](result.outcome for result in results)
    observed = header.pop("observed", {})
    whole = msgspec.structs.replace(
        TORCH.header, **({"planned": len(results)} | header)
    )
    return Run(
        path=Path("made.jsonl"),
        header=whole,
        results=results,
        footer=Footer(counts=dict(counts), observed=observed),
    )


def result(check: str, outcome: Any = "passed", **others: Any) -> Result:
    return Result(check=check, outcome=outcome, **others)


def seen(*runs: Run) -> View:
    return view(columns(runs), generated="", clauses={})


def page(tmp_path: Path, *runs: Run, **others: Any) -> Page:
    write(runs, tmp_path, generated="", **others)
    return Page((tmp_path / "index.html").read_text(encoding="utf-8"))


STRUCTURE = {
    *("check", "outcome", "type", "shard", "level", "share"),
    *("kind", "topic", "cause"),
}
"""What a record's reader holds to a form."""


def filled(value: Any, text: str, number: list[int]) -> Any:
    """Return a line's content with every text, and every name, another."""
    if isinstance(value, str):
        number[0] += 1
        return f"{text}{number[0]}"
    if isinstance(value, list):
        return [filled(item, text, number) for item in value]
    if isinstance(value, dict):
        made = {}
        fixed = "type" in value or "reason" in value or "inputs" in value
        fixed = fixed or "index" in value
        for key, item in value.items():
            name = key if fixed else filled(key, text, number)
            made[name] = item if key in STRUCTURE else filled(item, text, number)
        return made
    return value


def everywhere(run: Run, text: str) -> Run:
    """Return a run in which an adapter has written ``text`` wherever it can."""
    number = [0]

    def turned(line: Any) -> Any:
        plain = msgspec.to_builtins(line)
        counts = plain.pop("counts", None)
        made = filled(plain, text, number) | ({"counts": counts} if counts else {})
        return msgspec.convert(made, type(line))

    return Run(
        path=Path("made.jsonl"),
        header=turned(run.header),
        results=tuple(map(turned, run.results)),
        footer=turned(run.footer) if run.footer else None,
        problems=tuple(f"{text}{problem}" for problem in run.problems),
    )


RICH = run_of(
    *TORCH.results,
    result(
        "masked_max/value:float32:eager",
        "failed",
        kind="wrong",
        topic="padding-content",
        cause="masked_max.counts-padding",
        known=Known(reason="no mask", url="x", since="1", finding="Counts padding"),
    ),
    result(
        "birnn.lstm.concat.final/gaps:float32:eager",
        "failed",
        clause="birnn.gaps",
        message="wrong",
        share="inf",
        captured="1 graph",
        failure=Failure(
            inputs={"x": [["nan", 1.0]]},
            weights={"forward.kernel": [[1.0]]},
            mask=[[True, False]],
            got=["nan"],
            want=[1.0],
            allowed=[0.1],
            worst=Worst(index=[0], got="nan", want=1.0, error="nan", bound=0.1),
            diagnosis="a mistake; see https://example.org/1",
            command="run",
            snippet="print()",
            trace="Traceback",
        ),
    ),
    observed={"left padding: masked_max": "another answer, and no error"},
    system="Torch",
    library="torch",
    family="PyTorch",
    role="system",
)


@given(text=TEXTS.map("x".__add__))
@settings(max_examples=40, deadline=None)
def test_whatever_a_record_says_anywhere_is_text(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("page", numbered=True)
    got, plain = (
        page(
            folder,
            everywhere(RICH, one),
            everywhere(JAX, one),
            clauses={"masked_mean.value": one, f"{one}1": one},
            refused=[one],
        )
        for one in (text, "x")
    )
    assert got.census == plain.census
    assert [href for href in got.links if not re.match("#|https://", href)] == []


def test_the_data_is_strict_json(tmp_path: Path) -> None:
    def refuse(name: str) -> NoReturn:
        raise AssertionError(name)

    text = page(tmp_path, TORCH, JAX).text
    (block,) = re.findall(r'<script type="application/json" id="data">(.*?)<', text)
    data = json.loads(block, parse_constant=refuse)

    assert [run["adapter"] for run in data["runs"]] == ["jax", "torch"]
    assert data["runs"][1]["counts"]["failed"] == 2


def test_a_new_difference_is_found_behind_a_flood_of_known_ones(tmp_path: Path) -> None:
    many = [
        result(f"masked_mean/value:d{n}:eager", "failed", known=KNOWN, message="x")
        for n in range(ROOM * 2)
    ]
    new = result("masked_mean/value:float32:late", "failed", message="this one")
    got = page(tmp_path, run_of(*many, new)).text

    assert 'id="f-masked_mean/value:float32:late--torch"' in got
    assert "1 new mistake." in got
    assert f"{ROOM * 2} checks" in got


def test_what_is_listed_is_bounded_and_what_is_counted_is_not() -> None:
    many = (f"masked_mean/i{n % 100}:d{n}:eager" for n in range(LISTED + 3_000))
    bad = (
        result(check, "failed", message="x", cause=f"masked_mean.c{n % 100}")
        for n, check in enumerate(many)
    )
    got = seen(run_of(*bad))

    assert got.total == got.total_new == LISTED + 3_000
    assert len(got.differences) == LISTED
    assert sum(got.count.kinds.values()) == LISTED + 3_000


def test_more_causes_than_the_page_has_room_for_are_counted(tmp_path: Path) -> None:
    many = [f"masked_mean/i{n}:float32:eager" for n in range(STRANDS + 50)]
    bad = (
        result(check, "failed", message="x", cause=f"masked_mean.c{n}")
        for n, check in enumerate(many)
    )
    run = run_of(*bad)
    got = page(tmp_path, run, run_of(adapter="other"))

    assert len(got.text) < 3_000_000
    assert f"{STRANDS + 50:,} new" in got.text
    assert f"{CAUSES:,} causes" in got.text
    assert f"And {STRANDS + 1 - SHOWN:,} more new mistakes" in got.text
    ids = re.findall(r' id="([^"]+)"', got.text)
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in got.links if href[:1] == "#"} <= set(ids)


def test_what_is_new_comes_with_its_input_its_answer_and_its_command(
    tmp_path: Path,
) -> None:
    text = page(tmp_path, TORCH).text
    new = text[text.index('<section id="new">') : text.index('<section id="systems">')]

    assert new.count("<article") == 1
    assert '<td class="pad">9999 <small>pad</small></td>' in new
    assert re.search(r'<dd class="got">\[+0\.7, 0\.3, nan\]+</dd>', new)
    assert "$ mask-conformance run torch --check masked_softmax/empty-row" in new


def test_what_was_not_recognised_joins_the_only_recognised_mistake(
    tmp_path: Path,
) -> None:
    def bad(item: str, diagnosis: str = "", variant: str = "masked_mean") -> Result:
        proof = Failure(diagnosis=diagnosis)
        check = f"{variant}/{item}:float32:eager"
        return result(check, "failed", message="wrong", failure=proof, kind="wrong")

    one = run_of(bad("value", "divides by T"), bad("gaps"), bad("shift"))
    two = run_of(bad("value", "divides by T"), bad("gaps"), bad("shift", "adds one"))
    text, other = page(tmp_path, one).text, page(tmp_path, two).text

    assert "1 new mistake." in text
    assert "2 more of this operation fail and were not recognised" in text
    assert "3 new mistakes." in other
    assert "were not recognised" not in other


def test_nothing_of_a_run_that_broke_off_looks_passed() -> None:
    run = run_of(result("masked_max/a:b:c"), planned=2, operations=["masked_max"])
    broken = msgspec.structs.replace
    cut = Run(
        path=run.path,
        header=broken(run.header),
        results=run.results,
        footer=None,
        problems=("it ended",),
    )
    (column,) = columns([cut])
    assert seen(cut).cell("masked_max", column) == ("not_run", "1/1")
    assert seen(run).cell("masked_max", columns([run])[0])[0] in {"passed", "not_run"}


def test_agreement_says_in_how_many_of_how_many_a_question_is_right() -> None:
    def system(name: str, *outcomes: str) -> Run:
        checks = (f"masked_max/c{n}:float32:{name}" for n in range(len(outcomes)))
        pairs = zip(checks, outcomes, strict=True)
        return run_of(*(result(*pair) for pair in pairs), adapter=name)

    got = seen(
        system("one", "passed", "failed", "failed", "passed"),
        system("two", "passed", "failed", "passed"),
        system("three", "passed", "errored", "passed"),
    )
    (row,) = [
        each for each in overview.agreement(got) if each.operation == "masked_max"
    ]

    assert row.rights == ((0, 3, 1), (2, 3, 1), (3, 3, 1))
    assert (row.counts, row.alone) == ((1, 1, 0, 1), 1)


def test_a_route_more_is_no_adapter_more() -> None:
    both = run_of(
        result("masked_max/a:float32:eager"),
        result("masked_max/a:float32:compiled", "failed"),
    )
    other = run_of(result("masked_max/a:float32:eager"), adapter="other")
    assert seen(both, other).count.agreement["masked_max"] == {(1, 2): 1}


def test_versions_of_an_adapter_make_its_history(tmp_path: Path) -> None:
    runs = [
        run_of(
            result("masked_max/a:b:c", outcome),
            versions={"torch": version},
            started=started,
        )
        for version, started, outcome in (
            ("2.10.0", "2026-02-01", "failed"),
            ("2.9.0", "2026-01-01", "passed"),
        )
    ]
    text = page(tmp_path, *runs).text
    history = text[text.index('<section id="history">') :]

    assert history.index("2.9.0") < history.index("2.10.0")
    assert 'aria-label="0 passed, 0 known, 1 new, 0 not run"' in history
    assert '<section id="history">' not in page(tmp_path, runs[0]).text


def test_stale_entries_stand_above_the_causes(tmp_path: Path) -> None:
    text = page(tmp_path, TORCH).text
    assert text.index("entry 2: masked_max") < text.index('<section id="causes">')


def test_an_adapter_says_what_it_offers_and_lacks(tmp_path: Path) -> None:
    text = page(tmp_path, TORCH).text
    about = text[text.index('<section id="adapters">') :]
    assert "<dt>offers</dt><dd>birnn, masked_softmax, masked_mean</dd>" in about
    lacking = run_of(result("birnn.a/b:c:d", "unsupported"), operations=["birnn"])
    assert "<dt>lacks</dt><dd>birnn</dd>" in page(tmp_path, lacking).text


def test_the_records_are_in_the_page_as_they_were() -> None:
    (packed,) = pack_runs(columns([TORCH]))
    lines = gzip.decompress(b64decode(packed.packed)).splitlines()

    assert len(lines) == len(TORCH.results) + 2
    assert json.loads(lines[1]) == msgspec.to_builtins(TORCH.results[0])


def test_a_record_that_is_too_large_for_the_page_is_named(tmp_path: Path) -> None:
    noise = Random(0).randbytes(LIMIT).hex()  # noqa: S311 - noise
    large = [
        result(f"a/b:c:d{at}", "failed", message=noise[at : at + 9_000])
        for at in range(0, len(noise), 9_000)
    ]
    text = page(tmp_path, run_of(*large)).text

    assert "too large for this page, each in its file of the run" in text
    assert "raw-torch" not in text


@pytest.mark.parametrize(
    ("got", "want", "dtype", "steps"),
    [
        (1.0 + 2**-23, 1.0, "float32", "1"),
        (2**-149, -(2**-149), "float32", "2"),
        (1.0 + 2**-52, 1.0, "float64", "1"),
        (1.0 + 2**-9, 1.0, "float16", "2"),
        (1.0 + 2**-7, 1.0, "bfloat16", "1"),
        (-1.0, 1.0, "float32", "2.1e+09"),
        ("-0.0", 0.0, "float32", "0"),
        ("nan", 1.0, "float32", ""),
        ("one", 1.0, "float32", ""),
        ([1.0], 1.0, "float32", ""),
        (1e300, 1.0, "float32", ""),
        (1, 0, "int64", ""),
    ],
)
def test_steps_of_a_dtype_are_counted(
    got: Any, want: float, dtype: str, steps: str
) -> None:
    assert ulp(Worst(index=[0], got=got, want=want), dtype) == steps


def test_a_card_says_how_many_ulp_and_which_share(tmp_path: Path) -> None:
    text = page(tmp_path, TORCH).text
    assert re.search(r"<dt>in ulp</dt><dd>[\d.,e+]+</dd>", text)
    assert "Share of the bound: 4.659e+09." in text


def test_the_verdict_tells_runs_from_adapters() -> None:
    runs = [run_of(adapter="one", started=str(n)) for n in range(4)]
    assert seen(*runs).verdict().startswith("4 runs of 1 adapter: 0 of 0 checks")
    assert seen(*runs, run_of(adapter="two")).verdict().startswith("5 runs of 2 adapt")


def test_a_sentence_that_operations_share_stands_once() -> None:
    runs = expected_runs(only=("numpy_ma", "tinygrad_builtin"))
    sentences = {name: each.text for name, each in catalogue.all_clauses().items()}
    seen = view(columns(runs), generated="", clauses=sentences)
    found = overview.clauses(seen)
    broken = {
        result.clause
        for run in runs
        for result in run.results
        if result.outcome in {"failed", "errored"}
    }
    told = {id_ for alone, _ in found.own.values() for id_, _ in alone}
    told |= {f"{name}.{law}" for name, (_, laws) in found.own.items() for law in laws}

    assert found.shared
    assert told == broken & sentences.keys()
    texts = [text for _, text in found.shared]
    texts += [text for alone, _ in found.own.values() for _, text in alone]
    assert len(texts) == len(set(texts))


def test_what_is_declared_of_several_variants_is_told_together() -> None:
    declared = {
        "routes": "eager",
        "padding of the answer: attention.*": "zero",
        "padding of the answer: rnn.*": "held",
        "padding of the answer: birnn.*": "zero",
        "B = 0": "",
    }

    assert overview.fold_declared(declared) == [
        ("routes", "eager"),
        ("padding of the answer", "zero: attention.*, birnn.*; held: rnn.*"),
        ("B = 0", ""),
    ]
