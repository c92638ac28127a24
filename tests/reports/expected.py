"""Runs of every adapter as heads and known files say that they end, without running.

The gate is strict: what a known file records fails, and everything else passes. So the
page of all adapters can be made where no framework is installed. What a difference
looks like is not recorded there; here the words of its finding tell.
"""

from __future__ import annotations

from collections import Counter
from fnmatch import translate
from pathlib import Path
from re import compile as compile_pattern
from typing import TYPE_CHECKING, Any

from conformance.adapters.load import known_file, read_declarations
from conformance.gate import load_known
from conformance.records import Failure, Footer, Header, Known, Result, Run, name_cause
from conformance.records.show import show
from conformance.run import catalogue
from conformance.run.header import list_declared
from conformance.specification.selection import Selection
from conformance.specification.topics import find_topic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.gate import KnownEntry
    from conformance.records import Sort
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check

WORDS: dict[str, Sort] = {
    "NaN at padding": "nan",
    "NaN": "nan",
    "overflow": "nan",
    "digits": "digits",
    "float64": "digits",
    "stay in float16": "digits",
    "documented zero": "padding",
    "cut": "shape",
    "float32 out": "shape",
}


def expected_runs(level: str = "robust", *, only: tuple[str, ...] = ()) -> list[Run]:
    """Return a run of each built-in adapter, or of those that are named."""
    return [
        _run(declaration, level)
        for name, declaration in read_declarations().items()
        if not only or name in only
    ]


def _run(declaration: Declaration, level: str) -> Run:
    versions = dict(_versions(declaration))
    entries = [
        (entry, [compile_pattern(translate(glob)) for glob in entry.checks])
        for entry in load_known(known_file(declaration))
        if entry.applies(versions) and entry.holds_on("cpu")
    ]
    selected = Selection(level=level)  # type: ignore[arg-type]
    planned = catalogue.plan_checks(declaration, selected)
    results = []
    for check in planned:
        found = [e for e, globs in entries if any(g.match(check.id) for g in globs)]
        results.append(_result(declaration, check, found[0] if found else None))
    return Run(
        path=Path(f"{declaration.name.replace(':', '-')}.jsonl"),
        header=_header(declaration, versions, level, planned),
        results=tuple(results),
        footer=Footer(counts=dict(Counter[str](each.outcome for each in results))),
    )


def _versions(declaration: Declaration) -> Iterator[tuple[str, str]]:
    for text in declaration.dependencies:
        name, _, version = text.partition("==")
        yield name.partition("[")[0], version


def _header(
    declaration: Declaration,
    versions: dict[str, str],
    level: str,
    planned: tuple[Check, ...],
) -> Header:
    return Header(
        suite="0.2.0",
        specification="0.2.0",
        adapter=declaration.name,
        framework=declaration.framework,
        file=f"adapters/{Path(declaration.file).name}",
        versions=versions,
        environment={"python": "3.11.9", "platform": "Linux-x86_64"},
        level=level,
        seed=0,
        examples=64,
        planned=len(planned),
        operations=list(dict.fromkeys(check.operation for check in planned)),
        declared=list_declared(declaration),
        cases=0,
        cases_digest="sha256:00",
        started="2026-01-01T00:00:00Z",
        command=f"mask-conformance run {declaration.name} --level {level}",
        system=declaration.system,
        library=declaration.library,
        family=declaration.family,
        role=declaration.role,
    )


def _result(declaration: Declaration, check: Check, entry: KnownEntry | None) -> Result:
    topic = find_topic(
        check.clause, check.dtype, check.route, declaration.primary, check.base
    )
    common: dict[str, Any] = {"check": check.id, "clause": check.clause, "topic": topic}
    if check.unsupported:
        return Result(outcome="unsupported", message=check.unsupported, **common)
    if entry is None:
        return Result(outcome="passed", share=0.25, **common)
    kind: Sort = "raises" if entry.kind == "errored" else _kind(entry)
    smallest = dict(entry.smallest or {})
    return Result(
        outcome="errored" if entry.kind == "errored" else "failed",
        level=check.level,
        kind=kind,
        cause=entry.cause or name_cause(check.operation, entry.finding),
        message=f"{entry.finding}; out[0, 0] = {show(1.5, check.dtype)}, expected 2",
        known=Known(
            reason=entry.reason,
            url=entry.url,
            since=entry.since,
            finding=entry.finding,
        ),
        failure=Failure(
            inputs=smallest.get("inputs", {}),
            mask=smallest.get("mask", []),
            command=f"mask-conformance run {declaration.name} --check {check.id}",
            snippet="print(function(x, mask))\n" * 12,
        ),
        **common,
    )


def _kind(entry: KnownEntry) -> Sort:
    return next((WORDS[word] for word in WORDS if word in entry.finding), "wrong")
