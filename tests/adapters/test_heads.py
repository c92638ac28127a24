"""Every adapter file is what planning, nox and a reader take it for."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from conformance.adapters.head import read_head
from conformance.adapters.load import known_file, read_declarations
from conformance.gate import load_known
from conformance.operations import load_operations

FOLDER = Path(__file__).parents[2] / "adapters"
FILES = sorted(FOLDER.glob("*.py"))
KNOWN = sorted(FOLDER.glob("*.toml"))
REFERENCES = [path.stem for path in FILES if path.stem.endswith("_reference")]
CORE = {"masked_mean", "masked_max", "masked_softmax", "masked_loss", "build_birnn"}
FUNCTIONS = {each.function for each in load_operations().values()}

# Distributions whose module has another name.
MODULES = {
    "dm-haiku": "haiku",
    "megatron-core": "megatron",
    "paddlepaddle": "paddle",
    "pytorch-crf": "torchcrf",
}

every_adapter = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def required(path: Path) -> set[str]:
    lines = {line for head in read_head(path).values() for line in head.dependencies}
    names = {re.split(r"[=<>!~\[]", line)[0] for line in lines}
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def test_there_are_adapters() -> None:
    assert len(FILES) >= 5


def test_listing_adapters_imports_no_framework() -> None:
    before = set(sys.modules)
    read_declarations()
    assert not {"torch", "tensorflow", "jax", "keras"} & (set(sys.modules) - before)


def test_adapters_are_no_package() -> None:
    assert not (FOLDER / "__init__.py").exists()


@every_adapter
def test_an_adapter_imports_conformance_and_its_own_library_only(path: Path) -> None:
    foreign = tops(path) - set(sys.stdlib_module_names) - {"conformance"}
    assert foreign - required(path) == set()
    # Nothing of the suite's inside: an adapter never sees the oracle.
    assert not [name for name in imported(path) if name.startswith("conformance.")]


@every_adapter
def test_no_adapter_is_named_like_a_module(path: Path) -> None:
    names = tops(path) | required(path) | set(sys.stdlib_module_names)
    assert path.stem not in names


@every_adapter
def test_what_an_adapter_runs_on_is_pinned(path: Path) -> None:
    lines = [line for head in read_head(path).values() for line in head.dependencies]
    assert lines
    assert [
        line for line in lines if not re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", line)
    ] == []


@every_adapter
def test_an_adapter_says_in_a_line_what_it_is(path: Path) -> None:
    assert all(head.summary.endswith(".") for head in read_head(path).values())


@every_adapter
def test_an_adapter_offers_an_operation(path: Path) -> None:
    for head in read_head(path).values():
        assert set(head.functions) & FUNCTIONS


@every_adapter
def test_an_adapter_declares_routes_that_its_framework_offers(path: Path) -> None:
    for head in read_head(path).values():
        assert set(head.routes) <= set(head.traits.routes)


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_a_known_difference_has_a_reason_a_page_and_its_smallest_input(
    path: Path,
) -> None:
    known = load_known(path)
    homeless = [each.number for each in known if not each.url.startswith("https://")]
    assert homeless == []
    assert all(len(each.reason.split()) > 3 for each in known)
    # A batch without rows or steps is as small as it gets, and a row of 160 frames or
    # one that eight bits do not count as long as it must be: the law asks for that.
    asked = ("/zero-", "/many-frames:", "/length-types:")
    shown = [
        each
        for each in known
        if not all(any(law in check for law in asked) for check in each.checks)
    ]
    assert [each.number for each in shown if not each.smallest] == []


def test_each_file_of_known_differences_belongs_to_an_adapter() -> None:
    files = {known_file(each) for each in read_declarations().values()}
    assert [path.name for path in KNOWN if path not in files] == []


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_offers_every_core_operation(name: str) -> None:
    assert set(read_declarations()[name].functions) >= CORE


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_has_no_known_difference(name: str) -> None:
    assert load_known(FOLDER / f"{name}.toml") == ()
