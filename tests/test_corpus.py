"""Which version of cases and laws is asked for, apart from the tool's."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from conformance.adapters.head import read_head
from conformance.errors import AdapterError, UsageError
from conformance.operations import load_operations
from conformance.records import read
from conformance.run import catalogue
from conformance.specification.corpus import parse_version, resolve_corpus
from conformance.specification.declaration import Declaration
from conformance.specification.laws import LAWS
from conformance.specification.plan import plan
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    from conformance.cases import Case

MINE = Declaration(name="mine", framework="numpy", functions=("masked_mean",))


def planned(corpus: str, *, head: str = "", since: str = "0.3.0") -> set[str]:
    """Return the items of a plan in which one case and one law are newer."""
    operation = load_operations()["masked_mean"]
    own = replace(operation.laws[0], since=since)
    newer = replace(operation, laws=(own, *operation.laws[1:]))
    found = plan(
        replace(MINE, corpus=head),
        {"masked_mean": newer},
        {"masked_mean": [newest(since), *catalogue.cases()["masked_mean"]]},
        Selection(level="extended", operations=("masked_mean",), corpus=corpus),
    )
    return {check.item for check in found}


def newest(since: str) -> Case:
    first = catalogue.cases()["masked_mean"][0]
    return msgspec.structs.replace(first, slug="brand-new", since=since)


def test_a_pinned_corpus_leaves_out_what_came_later() -> None:
    law = load_operations()["masked_mean"].laws[0].name
    everything, pinned_ = planned(""), planned("0.2.9")
    assert everything - pinned_ == {"brand-new", law}
    assert planned("0.3.0") == everything
    assert planned("0.10.0") == everything


def test_an_adapter_may_pin_it_in_its_head_and_the_command_line_decides() -> None:
    assert planned("", head="0.1.0") == planned("0.1.0")
    assert planned("0.3.0", head="0.1.0") == planned("")


def test_a_newer_operations_laws_are_as_new_as_the_operation() -> None:
    newer = replace(load_operations()["masked_mean"], since="0.4.0")
    found = plan(
        MINE, {"masked_mean": newer}, {}, Selection(level="core", corpus="0.3.0")
    )
    assert found == ()


def test_everything_carries_the_version_that_brought_it() -> None:
    for operation in load_operations().values():
        laws, clauses = operation.laws, operation.clauses
        sinces = [law.since for law in laws] + [clause.since for clause in clauses]
        assert min(map(parse_version, [operation.since, *sinces])) >= (0, 1, 0)
    assert {parse_version(law.since) for law in LAWS} == {(0, 1, 0), (0, 2, 0)}
    assert all(clause.since for clause in catalogue.all_clauses().values())


@pytest.mark.parametrize("text", ["1", "0.1", "v0.1.0", "0.1.0rc1", "0.01.0", "9" * 99])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected a version such as 0.1.0"):
        Selection(corpus=text)


def test_a_corpus_that_this_suite_does_not_have_is_refused() -> None:
    assert resolve_corpus("0.1.0", "0.2.0") == "0.1.0"
    assert resolve_corpus("9.0.0", "0+unknown") == "9.0.0"
    with pytest.raises(UsageError, match=r"got 0.3.0, expected 0.2.0 "):
        resolve_corpus("0.3.0", "0.2.0")


def test_a_development_version_has_the_corpus_of_its_release() -> None:
    assert resolve_corpus("0.2.0", "0.2.0.dev0") == "0.2.0"
    with pytest.raises(UsageError, match=r"got 0.3.0, expected 0.2.0 "):
        resolve_corpus("0.3.0", "0.2.0.dev0")


def test_this_suite_is_as_new_as_everything_in_it() -> None:
    # A law since 0.2.0 in a suite that calls itself 0.1.0 could never be pinned.
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    own = tomllib.loads(text)["project"]["version"].partition(".dev")[0]
    brought = [law.since for law in LAWS]
    for operation in load_operations().values():
        brought += [operation.since, *(each.since for each in operation.laws)]
        brought += [each.since for each in operation.clauses]
    brought += [c.since for found in catalogue.cases().values() for c in found]
    assert max(map(parse_version, brought)) <= parse_version(own)


def test_a_head_with_a_wrong_corpus_is_refused(
    written: Callable[[str], Path],
) -> None:
    path = written(
        '# /// script\n# [tool.mask-conformance]\n# framework = "numpy"\n'
        '# corpus = "new"\n# ///\ndef masked_mean(x, mask):\n    return x\n'
    )
    with pytest.raises(AdapterError, match="corpus in the head is 'new', expected a"):
        read_head(path)


def test_the_record_says_which_corpus_it_was(
    command: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    chosen = ("--check", "masked_mean/value:float32:eager", "--corpus", "0.1.0")
    ended = command("run", "numpy_reference", "-o", tmp_path, *chosen)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert read(tmp_path / "numpy_reference.jsonl").header.specification == "0.1.0"
    newer = command("run", "numpy_reference", "-o", tmp_path, "--corpus", "9.0.0")
    assert newer.returncode == 2
    assert "install a newer mask-conformance or pin an older corpus" in newer.stderr
