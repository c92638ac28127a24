"""Files held to their formats before anybody runs them: for editors and pre-commit."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import click

from conformance import gate, records
from conformance.adapters.installed import shared_folder
from conformance.cases import (
    Case,
    encode,
    exact_answer,
    find_vacuous,
    load,
    load_flags,
    vocabulary,
)
from conformance.commands.options import PATH, tell
from conformance.errors import CaseError, ConformanceError, KnownError, UsageError
from conformance.operations import load_operations
from conformance.run import replay
from conformance.specification.disk import is_there

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.cases import Vocabulary


def validate(paths: Iterable[Path]) -> tuple[list[str], int]:
    """Return a line for each file, and 2 as exit status where one is wrong.

    Case files (``.json``), known differences (``.toml``) and records (``.jsonl``).
    """
    lines, status = [], 0
    for path in paths:
        try:
            lines.append(f"{path}: {_describe(path)}")
        except ConformanceError as error:
            lines.append(f"error: {error}")
            status = UsageError.exit_status
    return lines, status


def _describe(path: Path) -> str:
    if path.suffix == ".toml":
        entries = gate.load_known(_need_file(path))
        replay.smallest_cases(entries)
        for complaint in gate.find_unjudged(entries):
            raise KnownError(complaint)
        return f"{len(entries)} known differences"
    if path.suffix == ".jsonl":
        run = records.read(path)
        state = "complete" if run.complete else f"incomplete: {run.problems[0]}"
        return f"{len(run.results)} results, {state}"
    if path.suffix == ".json":
        return f"{len(cases(path))} cases"
    msg = (
        f"{path}: got {path.suffix or 'no suffix'}, expected a case file (.json), "
        "known differences (.toml) or a record (.jsonl)"
    )
    raise UsageError(msg)


def _need_file(path: Path) -> Path:
    if is_there(path):
        return path
    msg = f"{path}: no such file; give one that exists"
    raise UsageError(msg)


def cases(path: Path) -> tuple[Case, ...]:
    """Return the cases of one file, each with the exact answer.

    Raises:
        CaseError: The format is broken, an answer is not exact, or a case would not
            notice another mask.
    """
    found = load(path, _words(_flags(path)))
    for case in found:
        _check_answer(path, case)
    return found


def _check_answer(path: Path, case: Case) -> None:
    try:
        exact = encode(exact_answer(case))
    except (ValueError, ArithmeticError) as error:
        msg = (
            f"{path}: case {case.slug!r}: inputs: got no exact answer ({error}), "
            "expected one; correct the inputs"
        )
        raise CaseError(msg) from error
    if exact != case.want:
        msg = (
            f"{path}: case {case.slug!r}: want: got {case.want}, expected {exact}; "
            "`python -m conformance.cases write` computes it"
        )
        raise CaseError(msg)
    for way in find_vacuous(case):
        msg = (
            f"{path}: case {case.slug!r} has the same answer with its mask {way}, "
            "expected another one; choose data that padding would change"
        )
        raise CaseError(msg)


def _flags(path: Path) -> Path:
    """Return the folder whose flags count: the file's own, or the suite's."""
    own = path.parent
    return own if (own / "flags.json").is_file() else shared_folder("cases")


@cache
def _words(folder: Path) -> Vocabulary:
    words = vocabulary(load_operations().values())
    return replace(words, flags=set(load_flags(folder)))


@click.command("validate")
@click.argument("files", nargs=-1, required=True, type=PATH)
def command(files: tuple[Path, ...]) -> None:
    """Check the format of cases, known differences and records."""
    lines, status = validate(files)
    tell("\n".join(lines))
    sys.exit(status)
