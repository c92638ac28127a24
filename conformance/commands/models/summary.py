"""What came of a sweep, a line for each target: kept beside `models/`, without records.

Records are large and are made anew; what docs/models.md shows must not depend on them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from conformance.commands.models.library import FOLDER
from conformance.commands.models.sweep import read_reasons
from conformance.errors import ResultError
from conformance.records import clean, read
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from conformance.commands.models.library import Library
    from conformance.records import Result, Run

FILE = FOLDER / "results.jsonl"

Class = Literal[
    "leaks", "raises", "by design", "NaN only", "no mask", "clean", "not driven"
]
CLASSES: dict[Class, str] = {
    "leaks": "padding changes finite answers at positions that count",
    "raises": "raises where padding should make no difference",
    "by design": "documented to read padding; the link says where",
    "NaN only": "clean for finite numbers; NaN at padding, or an empty row, spreads",
    "no mask": "takes no mask: it cannot tell padding, and its user has to",
    "clean": "every question that was asked holds",
    "not driven": "not judged, for the reason given",
}
"""What a target is, the worst first."""

DESIGN = "By design: "
"""How the reason of a known difference begins that is no defect."""

_INFINITE = "NaN or infinity"


class ModelLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one target.

    Attributes:
        library: The name of its library, as in `models/`.
        target: Its name.
        kind: What it is.
        version: The distribution's version.
        answers: By question, the size of a leak against the signal, or another answer
            that is not clean.
        place: Where the first leak comes in.
        reason: Why it was not driven, or why a difference is known.
        url: Where that is documented.
        new: Questions with a bad answer that nobody has looked at: no entry beside the
            library tells of it.
    """

    library: str
    target: str
    kind: Class
    version: str = ""
    answers: dict[str, str] = {}
    place: str = ""
    reason: str = ""
    url: str = ""
    new: list[str] = []


def summarize(library: Library, folder: Path) -> list[ModelLine]:
    """Return a line for each record of a library, and each reason for none."""
    runs = (_read(path) for path in sorted(folder.glob("*.jsonl")))
    found = [_judge(library, run) for run in runs if run is not None]
    taken = {line.target for line in found}
    for slug, reason in read_reasons(folder).items():
        if slug not in taken:
            line = ModelLine(
                library=library.name,
                target=slug,
                kind="not driven",
                reason=" ".join(reason.split()),
            )
            found.append(line)
    for target, reason in library.left_out.items():
        found.append(
            ModelLine(
                library=library.name, target=target, kind="not driven", reason=reason
            )
        )
    return sorted(found, key=lambda each: each.target)


def _read(path: Path) -> Run | None:
    """Return a record; None while it is being written."""
    try:
        run = read(path)
    except ResultError:
        return None
    return run if run.complete else None


def _judge(library: Library, run: Run) -> ModelLine:
    answers: dict[str, str] = {}
    for result in run.results:
        kind, _, text = result.message.partition(": ")
        question = result.clause.removeprefix("probe.")
        if kind in {"leak", "raises", "nan", "unclear"}:
            shown = _shorten(kind, text)
            if kind in {"leak", "raises"} or question not in answers:
                answers[question] = shown
    bad = [each for each in run.results if each.outcome in {"failed", "errored"}]
    known = next((each.known for each in bad if each.known is not None), None)
    return ModelLine(
        library=library.name,
        target=run.header.adapter,
        kind=_classify(run, bad, answers),
        version=run.header.versions.get(library.title, ""),
        answers=answers,
        place=_place(bad),
        reason=known.reason if known else "",
        url=known.url if known else "",
        new=_unknown(bad),
    )


def _unknown(bad: Iterable[Result]) -> list[str]:
    """Return the questions of what is not known, each once."""
    found = [each.clause.removeprefix("probe.") for each in bad if each.known is None]
    return list(dict.fromkeys(found))


def _classify(run: Run, bad: list[Result], answers: Mapping[str, str]) -> Class:
    if ", no mask" in run.header.declared.get("takes", ""):
        return "no mask"
    open_ = [e for e in bad if not (e.known and e.known.reason.startswith(DESIGN))]
    finite = [
        each
        for each in open_
        if each.message.startswith("leak: ") and _INFINITE not in each.message
    ]
    found: Class = "clean"
    if finite:
        found = "leaks"
    elif any(each.message.startswith("raises") for each in open_):
        found = "raises"
    elif open_ or (answers and not bad and _has_nan(run)):
        found = "NaN only"
    elif bad:
        found = "by design"
    return found


def _has_nan(run: Run) -> bool:
    return any(each.message.startswith("nan: ") for each in run.results)


def _shorten(kind: str, text: str) -> str:
    """Return an answer as a cell has it."""
    if kind == "nan" or text.startswith(_INFINITE):
        return "NaN"
    if kind == "raises":
        return "raises " + text.partition(":")[0]
    if kind == "leak" and (size := re.match(r"([\d.e+-]+) of ([\d.e+-]+)", text)):
        return f"{size[1]} of {size[2]}"
    return "not read" if text.startswith("NO: ") else kind


def _place(bad: Iterable[Result]) -> str:
    """Return where the first leak comes in, in a line."""
    for result in bad:
        if result.failure is not None and result.failure.diagnosis:
            first = result.failure.diagnosis.split("\n")[0]
            place = first.removeprefix("first at ").partition(": ")[0]
            return " ".join(clean(place, 400).split())
    return ""


def write_lines(lines: Iterable[ModelLine]) -> None:
    """Write what came of a sweep, a target a line."""
    texts = [msgspec.json.encode(each).decode() for each in lines]
    write_text(FILE, "\n".join(texts) + "\n")


def read_lines() -> list[ModelLine]:
    """Return what came of the last sweep."""
    lines = read_text(FILE).splitlines() if FILE.exists() else []
    return [msgspec.json.decode(line, type=ModelLine) for line in lines]
