from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import conformance.report
from conformance.errors import UsageError
from conformance.records import (
    Failure,
    Footer,
    Header,
    Known,
    Result,
    Run,
    Worst,
    read,
)
from conformance.report import write
from conformance.report.columns import columns
from conformance.report.systems import places, systems
from conformance.report.view import NAMED, view

if TYPE_CHECKING:
    from collections.abc import Sequence

MEAN = "masked_mean.value"
WHEN = "2026-01-02T03:04:05Z"
GOLDEN = Path(__file__).parent / "golden"
SOURCES = Path(conformance.report.__file__).parent
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
    planned=0,
    operations=["birnn", "masked_softmax", "masked_mean"],
    declared={"empty.masked_mean": "nan"},
    cases=3,
    cases_digest="sha256:00",
    started="2026-01-01T00:00:00Z",
    command="mask-conformance run torch",
)
HOSTILE = [
    "</script><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "--><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    'https://example.org/" onclick="alert(1)',
    "]]></style><svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; `a` | b @everyone",
    "\x1b[31mred\x00\u202e",
    "a\nb\tc",
]
TEXTS = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=30
)


class Tag(NamedTuple):
    name: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """The tags of a page, and the text inside each table cell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.cells: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(
        self, tag: str, attrs: Sequence[tuple[str, str | None]]
    ) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data

    def every(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name == name]

    def values(self, attribute: str) -> list[str]:
        return [
            tag.attributes[attribute]
            for tag in self.tags
            if attribute in tag.attributes
        ]

    def census(self) -> Counter[tuple[str, tuple[str, ...]]]:
        return Counter((tag.name, tuple(sorted(tag.attributes))) for tag in self.tags)


def run_of(*results: Result, footer: bool = True, **header: Any) -> Run:
    counts = Counter[str](result.outcome for result in results)
    stale = header.pop("stale", [])
    header.setdefault("planned", len(results))
    whole = msgspec.structs.replace(HEADER, **header)
    return Run(
        path=Path(f"{whole.adapter}.jsonl"),
        header=whole,
        results=results,
        footer=Footer(counts=dict(counts), stale=stale) if footer else None,
        problems=() if footer else ("the run ended without a footer",),
    )


def failed(check: str, text: str = "out[0, 2] = nan", **others: Any) -> Result:
    fields: dict[str, Any] = {
        "outcome": "failed",
        "clause": "masked_softmax.empty-row",
        "level": "robust",
        "message": text,
        "share": "inf",
        "failure": Failure(
            inputs={"x": [[1.0, 0.10000000149011612, 9999.0]]},
            mask=[[True, True, False]],
            got=[[0.7, 0.3, "nan"]],
            want=[[0.7, 0.3, 0.0]],
            allowed=[[0.1, 0.1, 0.0]],
            mismatched=1,
            of=3,
            worst=Worst(index=[0, 2], got="nan", want=0.0, error="nan"),
            diagnosis=text,
            command=f"mask-conformance run torch --check {check}",
            snippet=f"print({text!r})",
            trace=text,
            shrunk=True,
        ),
    }
    return Result(check=check, **{**fields, **others})


def passed(check: str, share: float | None = 0.25) -> Result:
    return Result(check=check, outcome="passed", share=share)


def report(*runs: Run, **others: Any) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        paths = write(runs, Path(folder), generated=WHEN, **others)
        return {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in paths
        }


def page(*runs: Run, **others: Any) -> str:
    return report(*runs, **others)["index.html"]


def tiny(text: str = "plain", url: str = "https://example.org/1") -> list[Run]:
    known = Known(reason=text, url=url, since=text)
    torch = run_of(
        failed("masked_softmax/empty-row:float32:eager", text),
        failed("masked_mean/value:float32:eager", text, known=known),
        passed("birnn.lstm.concat.final/value:float32:eager"),
        Result(
            check="masked_max/layout:float32:eager",
            outcome="unsupported",
            message=text,
        ),
        environment={"device": text},
        declared={"empty.masked_mean": text},
        stale=[text],
    )
    other = run_of(
        passed("masked_softmax/empty-row:float32:eager", 0.5),
        failed("masked_mean/value:float32:eager", text, outcome="errored"),
        Result(check="masked_max/layout:float32:eager", outcome="not_run"),
        adapter="jax",
        framework="jax",
        versions={"jax": text},
        footer=False,
        commit=text,
        file=text,
    )
    return [torch, other]


@given(text=TEXTS.map("x".__add__))
@settings(max_examples=30, deadline=None)
def test_no_text_of_an_adapter_becomes_a_tag_or_an_attribute(text: str) -> None:
    got = Page(page(*tiny(text), clauses={"masked_softmax.empty-row": text}))
    plain = Page(page(*tiny(), clauses={"masked_softmax.empty-row": "plain"}))

    assert got.census() == plain.census()


@pytest.mark.parametrize("name", [*HOSTILE, "..", "../../etc/passwd", "con", "é"])
def test_no_name_of_an_adapter_leaves_its_folder_or_its_place(name: str) -> None:
    got = report(run_of(passed("a/b:c:d"), adapter=name))
    plain = report(run_of(passed("a/b:c:d"), adapter="plain"))

    badge = (set(got) - set(plain)).pop()
    assert re.fullmatch(r"badges/[A-Za-z0-9_-]+\.json", badge)
    assert Page(got["index.html"]).census() == Page(plain["index.html"]).census()
    ET.fromstring(got["matrix.svg"])  # noqa: S314 - our own picture


@given(url=TEXTS | st.just("http://example.org") | st.just("https://example.org/a?b=c"))
@settings(max_examples=30, deadline=None)
def test_links_lead_to_https_or_into_the_page(url: str) -> None:
    for href in Page(page(*tiny(url=url))).values("href"):
        assert re.match("#|https://", href), href


def test_links_into_the_page_lead_somewhere() -> None:
    got = Page(page(*tiny()))
    ids = got.values("id")

    assert {href[1:] for href in got.values("href") if href[0] == "#"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_a_failure_has_a_card_with_an_address_of_its_own() -> None:
    assert "f-masked_softmax/empty-row:float32:eager--torch" in Page(
        page(*tiny())
    ).values("id")


def test_the_page_refers_to_nothing_outside() -> None:
    text = page(*tiny())

    found = re.findall(r"\ssrc\s*=|url\(|@import|fetch\(|XMLHttp|innerHTML", text)
    assert found == []
    assert Page(text).every("link") == []
    assert Page(text).every("iframe") == []


def test_a_policy_lets_only_our_own_style_and_script_act() -> None:
    text = page(*tiny())
    policy = Page(text).every("meta")[1].attributes["content"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert Page(text).values("style") == []
    assert not [
        name
        for tag in Page(text).tags
        for name in tag.attributes
        if name.startswith("on")
    ]


def test_the_templates_trust_nothing() -> None:
    for path in [*SOURCES.glob("templates/*"), *SOURCES.glob("static/*")]:
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"\|\s*safe|autoescape|innerHTML|outerHTML|eval\(", text)
        assert (path.name, found) == (path.name, [])


def test_every_cell_says_something_in_text() -> None:
    assert [cell for cell in Page(page(*tiny())).cells if not cell.strip()] == []


def test_there_is_one_first_heading_and_every_table_head_has_a_scope() -> None:
    got = Page(page(*tiny()))

    assert len(got.every("h1")) == 1
    scopes = {tag.attributes.get("scope") for tag in got.every("th")}
    assert scopes == {"row", "col", "rowgroup", "colgroup"}


def test_a_run_that_was_cut_off_is_shown_as_such() -> None:
    files = report(*tiny())

    assert "ncomplete" in files["index.html"]
    assert "ncomplete" in files["summary.md"]
    assert json.loads(files["badges/jax.json"])["isError"] is True


def test_the_verdict_has_counts_and_no_percentage() -> None:
    files = report(*tiny())

    verdict = "3 of 6 checks differ from the specification; 1 known, 2 new, 1 fixed"
    assert verdict in files["index.html"]
    assert verdict in files["summary.md"]
    assert "%" not in files["summary.md"]


def test_the_core_operations_come_first_and_in_their_order() -> None:
    text = report(*tiny())["summary.md"]
    heads = re.findall(r"(?m)^\| system \| (.+) \| worst finding \|$", text)
    order = ["mean", "max", "softmax", "bi-RNN"]

    assert heads
    for head in heads:
        found = head.split(" | ")
        assert found == [name for name in order if name in found]
    assert {name for head in heads for name in head.split(" | ")} == {*order}


def test_the_summary_has_systems_as_rows_with_a_sign_for_each_operation() -> None:
    lines = report(*tiny())["summary.md"].splitlines()
    rows = {line.split(" | ")[0]: line for line in lines if line.startswith("| ")}

    assert "| torch 2.13.0" in rows
    assert rows["| torch 2.13.0"].endswith("| (NaN) | (NaN) | ✓ | Right, but plain |")
    assert "| jax plain<br>**incomplete**" in rows


def test_the_summary_of_one_system_has_its_operations_as_rows() -> None:
    run = run_of(
        passed("masked_mean/a:float32:eager"), failed("masked_max/a:float32:eager")
    )
    text = report(run)["summary.md"]

    assert "| `masked_mean` | ✓ | 1/1 |" in text
    assert "| `masked_max` | (NaN) | 0/1 · 1 ✗ |" in text


def test_the_picture_has_systems_as_rows_and_one_sign_a_cell() -> None:
    root = ET.fromstring(report(*tiny())["matrix.svg"])  # noqa: S314 - our own picture
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]

    assert texts[:4] == ["mean", "max", "softmax", "bi-RNN"]
    assert "torch 2.13.0" in texts
    assert "! incomplete: jax plain" in texts
    row = texts[texts.index("torch 2.13.0") :]
    assert row[1:5] == ["NaN", "-", "NaN", "✓"]


def test_unsupported_checks_are_counted_in_sight_and_not_in_the_denominator() -> None:
    run = run_of(
        passed("masked_mean/a:float32:eager"),
        failed("masked_mean/b:float32:eager"),
        Result(check="masked_mean/c:float32:eager", outcome="unsupported"),
        Result(check="masked_mean/d:float32:eager", outcome="not_run"),
    )

    assert "1/3 · 1 ✗ · 1 ○ · 1 ·" in report(run)["summary.md"]


def test_padding_is_marked_in_text() -> None:
    text = page(run_of(failed("masked_softmax/empty-row:float32:eager")))

    cells = [cell for cell in Page(text).cells if "1e+04" in cell or "9999" in cell]
    assert cells
    assert all("pad" in cell for cell in cells)


@pytest.mark.parametrize(
    ("results", "stale", "want"),
    [
        ([passed("a/b:c:d")], [], ("1/1", "brightgreen")),
        (
            [failed("a/b:c:d", known=Known(reason="x"))],
            [],
            ("0/1, 1 known", "blue"),
        ),
        ([failed("a/b:c:d")], [], ("0/1, 1 new", "red")),
        ([passed("a/b:c:d")], ["x"], ("1/1, 1 stale", "red")),
        (
            [Result(check="a/b:c:d", outcome="unsupported")],
            [],
            ("0/0", "brightgreen"),
        ),
    ],
)
def test_a_badge_says_in_words_what_its_colour_says(
    results: list[Result], stale: list[str], want: tuple[str, str]
) -> None:
    got = json.loads(report(run_of(*results, stale=stale))["badges/torch.json"])

    assert (got["message"], got["color"]) == want
    assert got["schemaVersion"] == 1


@given(text=TEXTS)
@settings(max_examples=30, deadline=None)
def test_the_summary_is_a_table_whatever_the_names_are(text: str) -> None:
    runs = [run_of(failed("a/b:c:d", text), adapter=name) for name in ("x", text)]
    lines = report(*runs)["summary.md"].splitlines()

    rows = [line for line in lines if line.startswith("|")]
    assert {row.count("|") for row in rows} == {4}
    assert not re.search(r"<(?!br)\w|(?<!&#)@|\x1b", "\n".join(lines))


def test_the_summary_stays_small() -> None:
    found = (
        failed(f"masked_mean/c{number}:float32:eager", f"{number} long " * 2000)
        for number in range(3000)
    )
    unnamed = msgspec.structs.replace
    plain = [unnamed(each, failure=Failure(got=[1.0])) for each in found]

    text = report(run_of(*plain))["summary.md"]

    assert len(text.encode()) < 60_100
    assert "and 2,980 more" in text


def test_what_says_the_same_is_one_line_of_the_summary() -> None:
    named = Failure(diagnosis="divides by T; see https://example.org/1")
    checks = (f"masked_mean/c{number}:float32:eager" for number in range(12))
    others = failed("masked_mean/other:float32:eager", failure=Failure(got=[1.0]))
    run = run_of(*(failed(check, failure=named) for check in checks), others)

    made = report(run)

    lines = [line for line in made["summary.md"].splitlines() if "masked_mean/" in line]
    assert len(lines) == 2
    assert lines[0].endswith("**divides by T: 12 checks**")
    assert "<h3>divides by T</h3>" in made["index.html"]
    assert "13 checks: empty-row" in made["index.html"]


def test_a_summary_of_too_many_runs_is_cut_at_the_end_of_a_line() -> None:
    runs = [run_of(failed("a/b:c:d"), adapter=f"a{n}" * 50) for n in range(300)]

    text = report(*runs)["summary.md"]

    assert len(text.encode()) < 60_100
    assert text.endswith("\n\n... cut; the page has the rest\n")


def test_a_failure_without_evidence_has_a_card_too() -> None:
    bare = Result(check="a/b:c:d", outcome="errored", message="crashed")

    got = Page(page(run_of(bare, operations=["a"])))

    assert "f-a/b:c:d--torch" in got.values("id")


def test_a_hundred_thousand_results_make_a_page_that_opens() -> None:
    runs = []
    for adapter in range(8):
        results = []
        for number in range(12_500):
            check = f"birnn.c{number % 100}/i{number // 1000}-{number}:float32:eager"
            bad = (number * 7 + adapter) % 33 == 0
            text = f"out[0] = nan, expected {number}; " * 9
            results.append(failed(check, text) if bad else passed(check))
        runs.append(run_of(*results, adapter=f"adapter{adapter}"))

    assert len(page(*runs).encode()) < 3_000_000


def test_a_run_in_which_everything_fails_makes_a_page_that_opens() -> None:
    checks = (
        f"masked_loss.k{n % 9}.mean/i{n % 100}:d{n // 900}:eager" for n in range(9000)
    )
    runs = [
        run_of(*(failed(check, "x" * 300) for check in dict.fromkeys(checks))),
        run_of(passed("a/b:c:d"), adapter="other"),
    ]

    assert len(page(*runs).encode()) < 5_000_000


def test_two_runs_of_one_adapter_keep_apart() -> None:
    runs = [
        run_of(passed("a/b:c:d"), versions={"torch": version})
        for version in ("2.12.0", "2.13.0", "2.13.0")
    ]

    badges = [name for name in report(*runs) if name.startswith("badges/")]
    assert len(set(badges)) == 3


def test_the_order_of_the_runs_does_not_matter() -> None:
    assert report(*tiny()) == report(*reversed(tiny()))


def test_the_report_of_the_golden_runs_is_the_golden_report(tmp_path: Path) -> None:
    runs = [read(path) for path in sorted(GOLDEN.glob("*.jsonl"))]
    fresh = write(runs, tmp_path, generated=WHEN, clauses={MEAN: "Padding is no part."})

    for path in fresh:
        name = path.relative_to(tmp_path)
        want = GOLDEN / "report" / name
        assert _unpacked(path) == _unpacked(want), (
            f"{name} is another; look at {path}, and if it is right copy it to {want}"
        )
    kept = [path for path in (GOLDEN / "report").rglob("*") if path.is_file()]
    assert len(kept) == len(fresh)


def test_no_runs_make_no_report(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no records to report"):
        write([], tmp_path / "out", generated=WHEN)

    assert list(tmp_path.iterdir()) == []


def test_the_verdict_counts_adapters_that_are_too_many_to_name() -> None:
    torch = read(GOLDEN / "torch.jsonl")
    other = read(GOLDEN / "jax.jsonl").header
    named = [msgspec.structs.replace(other, adapter=f"a{n}") for n in range(NAMED)]
    whole = [torch, *(replace(torch, header=header) for header in named)]
    text = view(columns(whole), generated=WHEN, clauses={}).verdict()
    assert text.startswith(f"{NAMED + 1} adapters: ")
    few = view(columns(whole[:2]), generated=WHEN, clauses={}).verdict()
    assert "a0 on jax" in few


def _unpacked(path: Path) -> str:
    """Return a file's text without the packed records, which a test of theirs reads.

    Another zlib packs otherwise, and a field that a record gains is no news here.
    """
    text = path.read_bytes().decode()
    return re.sub(r'(<script type="text/plain" id="raw-[^"]*">)[^<]+', r"\1", text)


def test_a_run_on_a_gpu_is_a_column_and_a_row_of_its_own() -> None:
    passed = Result(check="masked_mean/value:float32:eager", outcome="passed")
    runs = [
        run_of(passed, system="Torch"),
        run_of(passed, system="Torch", device="cuda:0"),
    ]
    there = view(columns(runs), generated=WHEN, clauses={})
    assert [column.label for column in there.columns] == ["torch", "torch on cuda"]
    names = {row.name for row in systems(there, places(there))}
    assert names == {"Torch", "Torch on cuda"}
