"""Every page: links hold, examples do what they say, the commands' page is true."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.head import read_head
from conformance.adapters.published import GROUP
from conformance.cases.answers import vocabulary
from conformance.cases.files import load_flags
from conformance.cases.model import Vocabulary
from conformance.cases.write import answer_cases
from conformance.commands.pages import commands
from conformance.gate import load_known
from conformance.operations import load_operations

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    ROOT / "cases" / "README.md",
    ROOT / "reports" / "README.md",
    ROOT / "examples" / "seqlayers" / "README.md",
]
IDS = [str(path.relative_to(ROOT)) for path in PAGES]
FENCE = re.compile(r'(?ms)^ *```(\w*)(?: title="[^"]+")?\n(.*?)^ *```$')
LINK = re.compile(r"(?<!`)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"(?m)^#{1,6} +(.+?) *#*$")
MASKING = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# ///
import numpy as np


def masked_mean(x, mask):
    keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    total = np.where(keep, x, 0).sum(axis=1)
    return (total / keep.sum(axis=1)).astype(x.dtype)
"""


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [body for kind, body in FENCE.findall(text) if kind == language]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks and inline code."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return re.sub(r"`[^`\n]+`", lambda code: "x" * len(code.group()), text)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for title in HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        slug, count = plain, 0
        while slug in found:
            count += 1
            slug = f"{plain}-{count}"
        found.add(slug)
    return found


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_each_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        there = target.is_relative_to(ROOT) and target.exists()
        if not there or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_links_are_found_at_all() -> None:
    assert sum(len(LINK.findall(prose(page))) for page in PAGES) > 60


def test_pages_of_the_site_link_to_nothing_outside_it() -> None:
    outside = {
        link
        for page in (ROOT / "docs").glob("*.md")
        for link in LINK.findall(prose(page))
        if link.startswith("../")
    }
    assert outside == set()


def test_the_commands_page_is_what_the_commands_say() -> None:
    assert commands.FILE.read_text(encoding="utf-8") == commands.text()


def test_the_commands_page_is_checked_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "commands.md"
    monkeypatch.setattr(commands, "FILE", page)
    assert commands.main(["check"]) == 1
    assert commands.main(["write"]) == 0
    assert commands.main(["check"]) == 0
    assert "## new-adapter" in page.read_text(encoding="utf-8")


def test_the_entry_point_and_the_notebook_that_are_shown_are_right() -> None:
    page = ROOT / "docs" / "adapters.md"
    (text,) = [each for each in blocks(page, "toml") if "entry-points" in each]
    group = tomllib.loads(text)["project"]["entry-points"]
    assert group == {GROUP: {"mylib": "mylib.masking"}}
    (code,) = [each for each in blocks(page, "python") if "conformance.check" in each]
    spaces: dict[str, Any] = {}
    shown = code.replace("conformance.check(", "found = conformance.check(")
    exec(compile(shown, "adapters.md", "exec"), spaces)  # noqa: S102 - our own page
    assert spaces["found"].clean


@pytest.mark.parametrize("name", ["docs/gate.md", "docs/quickstart.md"])
def test_the_examples_in_python_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "masking.py").write_text(MASKING, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = blocks(ROOT / name, "python")
    assert found
    ran = 0
    for text in found:
        spaces: dict[str, Any] = {"__name__": "example"}
        code = text.replace("path/to/my_adapter.py", "masking.py")
        exec(compile(code, name, "exec"), spaces)  # noqa: S102 - our own pages
        tests = {key: each for key, each in spaces.items() if key.startswith("test_")}
        for test in tests.values():
            marks = getattr(test, "pytestmark", [])
            checks = [p.values[0] for mark in marks for p in mark.args[1]]
            value = [
                each
                for each in checks
                if "/value:float32:eager" in repr(each) and not each.check.unsupported
            ]
            for check in value:
                test(check)
                ran += 1
            if not marks:  # a test of Hypothesis's
                test()
                ran += 1
    assert ran >= 1


def test_the_files_of_known_differences_that_are_shown_are_right(
    tmp_path: Path,
) -> None:
    shown = 0
    for name in ("docs/gate.md", "docs/adapters.md"):
        for text in blocks(ROOT / name, "toml"):
            if "[project.entry-points" in text:
                continue
            path = tmp_path / "masking.toml"
            path.write_text(text, encoding="utf-8")
            assert len(load_known(path)) == len(tomllib.loads(text)["known"])
            shown += 1
    assert shown == 2


def test_the_adapter_that_is_shown_has_a_right_head(tmp_path: Path) -> None:
    (text, *_) = blocks(ROOT / "docs" / "adapters.md", "python")
    path = tmp_path / "shown.py"
    path.write_text(text, encoding="utf-8")
    (found,) = read_head(path).values()
    assert found.functions == ("masked_mean",)
    assert found.empty_row("masked_mean") == "zero"


def test_the_case_that_is_shown_is_one() -> None:
    (text,) = blocks(ROOT / "docs" / "cases.md", "json")
    words: Vocabulary = vocabulary(load_operations().values())
    words = Vocabulary(
        axes=words.axes,
        clauses=words.clauses,
        laws=words.laws,
        flags=set(load_flags(ROOT / "cases")),
        padded=words.padded,
    )
    whole = {"schema": 1, "operation": "masked_mean", "cases": [json.loads(text)]}
    _, cases = answer_cases(json.dumps(whole), "docs/cases.md", words)
    assert cases[0].want == [-6.0]
