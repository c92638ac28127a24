"""What a reader sees of a probe, from its record alone."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.probe.words import WORDS
from conformance.records.text import parse_check
from conformance.specification.plain import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.probe.locate import Location
    from conformance.probe.trace import Site
    from conformance.records import Record, Result

_RANK = ("raises", "leak", "unclear", "limit", "nan", "noise", "same", "not asked")
_SHOWN = {"leak": "LEAK", "raises": "RAISES", "nan": "NaN"}
_ENOUGH = 110


def place_text(location: Location) -> str:
    """Return where a leak comes in, in sentences."""
    first = _site(location.site)
    if location.before is not None:
        text = f"between {_site(location.before)} and {first}: {location.text}"
        return clean(text, 1000)
    lines = [f"first at {first}", location.text]
    if location.others:
        also = "; ".join(_site(each) for each in location.others[:3])
        lines.append(f"and also at {also}")
    if location.unmended:
        still = ", ".join(WORDS[each].title for each in location.unmended)
        lines.append(f"zeros at padding before it close this leak, but not: {still}")
        lines[-1] += " [checked]"
    elif location.mended:
        lines.append("a mask before it closes the leak [checked: padding set to zero]")
    elif location.mended is False:
        lines.append("zeros at padding before it do not close the leak [checked]")
    if not location.checked:
        lines.append("this is not all of it: more comes in behind")
    return clean("\n".join(lines), 2000)


def _site(site: Site) -> str:
    where = site.path or "the model itself"
    text = f"{where} ({site.kind})"
    if site.file:  # a model of library layers alone has no line of its own
        text += f", {_shorten(site.file)}:{site.line}"
    return f"{text}, {site.op}" if site.op else text


def _shorten(file: str) -> str:
    """Return a file as a reader would look for it: below here, or below a library."""
    path = Path(file)
    for folder in ("site-packages", "dist-packages"):
        if folder in path.parts:
            at = len(path.parts) - 1 - path.parts[::-1].index(folder)
            return str(Path(*path.parts[at + 1 :]))
    near = os.path.relpath(file) if file else "?"
    return file if near.startswith("..") else near


def describe(run: Record) -> str:
    """Return a probe's record as a terminal shows it."""
    header = run.header
    versions = ", ".join(f"{name} {v}" for name, v in header.versions.items())
    declared = header.declared
    lines = [
        (
            f"{header.adapter} ({versions}): {declared.get('takes', '')}; "
            f"returns {declared.get('gives', '')}"
        )
    ]
    lines += [
        f"  note: {each}" for each in declared.get("notes", "").split("; ") if each
    ]
    by_question: dict[str, list[Result]] = {}
    for result in run.results:
        question = result.clause.removeprefix("probe.")
        by_question.setdefault(question, []).append(result)
    outputs = _output_names(declared.get("gives", ""))
    later: list[str] = []
    for asked in WORDS.values():
        found = by_question.get(asked.name)
        if not found:
            continue
        worst = min(found, key=_rank)
        line = _line(asked.title, worst, outputs if len(found) > 1 else {})
        (later if _kind(worst) == "not asked" else lines).append(line)
    lines += later
    lines += _places(run)
    return "\n".join(lines)


def _kind(result: Result) -> str:
    return result.message.partition(":")[0]


def _rank(result: Result) -> int:
    kind = _kind(result)
    return _RANK.index(kind) if kind in _RANK else 0


def _output_names(gives: str) -> dict[str, str]:
    """Return outputs' names by what check ids have of them, which has no dots.

    >>> _output_names("0 [5, 11, 6] one for each position; 1.0 [1, 5, 6] for each row")
    {'0': '0', '1-0': '1.0'}
    """
    names = [each.partition(" ")[0] for each in gives.split("; ")]
    return {each.replace(".", "-"): each for each in names}


def _line(title: str, result: Result, outputs: Mapping[str, str]) -> str:
    kind = _kind(result)
    text = result.message.partition(": ")[2]
    shown = _SHOWN.get(kind, "" if kind == "same" else kind)
    output = parse_check(result.check).variant.split(".", 2)[2:]
    named = output and outputs and kind != "same"
    name = f" [{outputs.get(output[0], output[0])}]" if named else ""
    known = " (known)" if result.known is not None else ""
    text = (
        text
        if kind in {"leak", "raises", "limit", "not asked"}
        else text.split("; ")[0]
    )
    body = f"{shown:<9} {text}" if shown else text
    return f"  {title:<26} {clean(body, 300)}{name}{known}"


def _places(run: Record) -> list[str]:
    """Return where leaks come in, each place once, and how to see the first again."""
    lines: list[str] = []
    seen: set[str] = set()
    for result in run.results:
        failure = result.failure
        if failure is None or not failure.diagnosis:
            continue
        first, *more = failure.diagnosis.split("\n")
        place = re.sub(r"^first at ", "", first)
        if place in seen:
            continue
        seen.add(place)
        lines += [first if len(seen) == 1 or place == first else f"also {place}"]
        lines += [f"  {each}" for each in more]
    for result in run.results:
        if result.failure is not None and result.outcome == "failed":
            lines.append(f"reproduce: {result.failure.command}")
            break
    return lines
