"""Each finding's reproducer prints what ``docs/findings.md`` says, where it can run.

A block runs where its adapter's libraries are installed: `nox -s findings` goes
through all environments. ``MASK_ENVIRONMENT`` leaves only one environment's blocks.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from conformance.adapters.installed import filter_missing, find_missing
from conformance.adapters.load import read_declaration
from conformance.commands.models.library import Library, read_libraries
from conformance.operations import load_operations
from conformance.probe.questions import NAMES
from conformance.specification.plan import clauses

PAGE = Path(__file__).parents[1] / "docs" / "findings.md"
LINES = 15
SECTION = re.compile(r"(?m)^## ")
FIELD = re.compile(
    r"(?m)^- (adapter|damage|documented|does|wrong because|upstream): (.+)$"
)
DAMAGE = ("finite", "finite with options", "NaN", "raised")
"""The worst first, as the page says it."""
MODELS = "models/"
BLOCK = re.compile(r"```python\n(.*?)```\n+```text\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One section of the page.

    Attributes:
        adapter: An adapter's name, or a file in models/ with its variant.
        clause: A clause of the specification, or a question of the probe.
    """

    title: str
    adapter: str
    clause: str
    damage: str
    fields: tuple[str, ...]
    code: str
    said: str
    issue: bool


def read(text: str) -> Finding:
    title, _, body = text.partition("\n")
    fields = dict(FIELD.findall(body))
    adapter, clause = re.findall(r"`([^`]+)`", fields.get("adapter", ""))[:2]
    found = BLOCK.search(body)
    code, said = found.groups() if found else ("", "")
    return Finding(
        title=title.strip(),
        adapter=adapter,
        clause=clause,
        damage=fields.get("damage", ""),
        fields=tuple(fields),
        code=code,
        said=said,
        issue="> Issue text:" in body,
    )


TEXT = PAGE.read_text(encoding="utf-8")
FINDINGS = tuple(map(read, SECTION.split(TEXT)[1:]))
HERE = os.environ.get("MASK_ENVIRONMENT", "")


def library(finding: Finding) -> Library | None:
    """Return the library of models/ that a finding is about; None for an adapter."""
    if not finding.adapter.startswith(MODELS):
        return None
    name, _, variant = finding.adapter.removeprefix(MODELS).partition(".py")
    return read_libraries()[name + variant]


def environment(finding: Finding) -> str:
    found = library(finding)
    if found is not None:
        return found.environment
    return read_declaration(finding.adapter).environment


def requirements(finding: Finding) -> tuple[list[str], dict[str, str]]:
    """Return the distributions that a finding's code misses, and its variables."""
    found = library(finding)
    if found is not None:
        names = [Requirement(each).name for each in found.dependencies]
        return filter_missing(names), found.variables
    declaration = read_declaration(finding.adapter)
    return find_missing(declaration), dict(declaration.variables)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda each: each.title)
def test_a_finding_says_what_is_documented_done_and_wrong(finding: Finding) -> None:
    assert finding.fields == (
        "adapter",
        "damage",
        "documented",
        "does",
        "wrong because",
        "upstream",
    )
    assert finding.issue
    assert finding.said
    assert 0 < len([line for line in finding.code.splitlines() if line]) <= LINES


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda each: each.title)
def test_a_finding_names_an_adapter_and_a_clause_that_exist(finding: Finding) -> None:
    found = library(finding)
    if found is not None:
        assert found.targets
        assert finding.clause.removeprefix("probe.") in NAMES
        return
    assert read_declaration(finding.adapter).functions
    operation = load_operations()[finding.clause.partition(".")[0]]
    assert finding.clause in {clause.id for clause in clauses(operation)}


def test_there_are_findings_enough_and_the_table_lists_each() -> None:
    assert len(FINDINGS) >= 15
    listed = re.findall(r"(?m)^\| \[(.+?)\]\(#", TEXT)
    assert listed == [finding.title.replace("|", r"\|") for finding in FINDINGS]


def test_what_does_most_damage_comes_first() -> None:
    ranks = [DAMAGE.index(finding.damage) for finding in FINDINGS]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda each: each.title)
def test_a_reproducer_prints_what_the_page_says(
    finding: Finding, tmp_path: Path
) -> None:
    if HERE and environment(finding) != HERE:
        pytest.skip(f"belongs to the environment {environment(finding)}")
    missing, variables = requirements(finding)
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")
    path = tmp_path / "reproducer.py"
    path.write_text(finding.code, encoding="utf-8")
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, str(path)],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **quiet, **variables},
    )
    assert done.stdout.split() == finding.said.split(), done.stderr[-2000:]
