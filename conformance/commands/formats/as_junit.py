"""Runs as JUnit's XML, which nearly every CI service shows as tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from conformance.commands.formats.findings import find, tame
from conformance.gate import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.gate import Judgement
    from conformance.records import Record, Result

_NOT_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What may not stand in XML 1.0 at all, not even escaped."""


def write_junit(
    judged: Sequence[tuple[Record, Judgement]], errors: Sequence[str], status: int
) -> str:
    """Return runs as XML: a suite for each adapter, a case for each check."""
    del status  # the cases say it
    suites = [_write_suite(run, each) for run, each in judged]
    if errors:
        suites.append(_write_errors("mask-conformance", errors))
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return "\n".join([head, "<testsuites>", *suites, "</testsuites>"])


def _write_suite(run: Record, judgement: Judgement) -> str:
    name = tame(run.header.adapter)
    named = {each.check for each in judgement.new}

    def is_new(result: Result) -> bool:
        # A judgement names the first thousand; behind them, what is bad is new.
        bad = result.outcome in KINDS and not result.accepted
        return bad and (result.check in named or bool(judgement.more))

    cases = [
        _write_case(name, run, result, new=is_new(result)) for result in run.results
    ]
    extra = [*judgement.stale, *(f"incomplete: {each}" for each in judgement.problems)]
    cases += [_write_error(name, text) for text in extra]
    new = [each for each in run.results if is_new(each)]
    errored = sum(each.outcome == "errored" for each in new) + len(extra)
    failed = sum(each.outcome == "failed" for each in new)
    passed = sum(each.outcome == "passed" for each in run.results)
    skipped = len(run.results) - passed - len(new)
    seconds = sum(each.ms for each in run.results) / 1000
    head = (
        f"<testsuite name={_quote(name)} tests={_quote(len(cases))} "
        f"failures={_quote(failed)} errors={_quote(errored)} "
        f"skipped={_quote(skipped)} time={_quote(f'{seconds:.3f}')}>"
    )
    return "\n".join([head, *cases, "</testsuite>"])


def _write_errors(name: str, errors: Sequence[str]) -> str:
    cases = [_write_error(name, text) for text in errors]
    count = _quote(len(cases))
    head = f"<testsuite name={_quote(name)} tests={count} errors={count}>"
    return "\n".join([head, *cases, "</testsuite>"])


def _write_case(adapter: str, run: Record, result: Result, *, new: bool) -> str:
    variant, _, item = tame(result.check).partition("/")
    head = (
        f"<testcase classname={_quote(f'{adapter}.{variant}')} name={_quote(item)} "
        f"time={_quote(f'{result.ms / 1000:.3f}')}"
    )
    if result.outcome == "passed":
        return f"{head}/>"
    found = find(run, result)
    if not new:
        why = f"known: {found.reason}" if found.reason else found.message
        body = f"<skipped message={_quote(why)}/>"
    else:
        kind = "error" if result.outcome == "errored" else "failure"
        where = f"{found.file}:{found.line}\n" if found.line else ""
        text = escape(_fit(where + found.text))
        body = f"<{kind} message={_quote(found.message)}>{text}</{kind}>"
    return f"{head}>{body}</testcase>"


def _write_error(adapter: str, text: str) -> str:
    said = _quote(tame(text))
    return (
        f'<testcase classname={_quote(adapter)} name="mask-conformance" time="0">'
        f"<error message={said}/></testcase>"
    )


def _quote(value: object) -> str:
    """Return an attribute's value; a line break in it would be read as a space."""
    return quoteattr(_fit(str(value)), {"\n": "&#10;", "\t": "&#9;"})


def _fit(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
