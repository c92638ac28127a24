"""docs/models.md: what came of the sweep, by library."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.commands.models.library import (
    Library,
    Undriven,
    read_libraries,
    read_undriven,
)
from conformance.commands.models.summary import CLASSES, ModelLine, read_lines
from conformance.commands.models.times import SweepTime, read_times, tabulate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = Path(__file__).parents[3] / "docs" / "models.md"

HEAD = """# Models and layers

Which published models and layers does padding change, by how much, and where?
`nox -s models` [probes](probe.md) everything that `models/` lists, each with tiny random weights, in float32 with float64 to tell rounding from a leak, with padding on both sides.
`python -m conformance.commands.models write` makes this page of its records; a test keeps the two equal.

A cell is the size of a leak against the largest value at positions that count; an empty one is clean, or a question that does not apply.
*content*: other numbers at padding; *more*: more padding; *alone*: the row without the others and without padding; *rows*: other rows beside it; *left*: padding on the left; *gradient*: at padding, and of parameters; *empty*: a row of padding beside it; *steps*: one position after the other, with a cache; *NaN*: NaN at padding.
What a layer cannot know is not held against it: one that takes no mask has a row of its own below.
Each leak has an entry in the [findings](findings.md), with a reproducer.
"""

UNDRIVEN = """## Libraries that are not driven

"""

TIMES = """## How long a sweep takes

The last sweep of all of it, on {dates}, on two cores with nothing beside it.
Building the environments, once, comes on top.
`-- --quick`, the part in the gate, computes for less than a minute.

{table}{untimed}"""

RELEASES = """## What another release changes

```
nox -s models -- --with transformers==5.12.0
mask-conformance diff reports/models/transformers-5.12.0/transformers_types reports/models/transformers_types
```

A type that only one of them has is listed as such; this is what six types of 5.12.0 gave, the others left out:

```
hf:mamba: 1 added, 1 removed
transformers: 5.12.0 -> 5.24.0
added    probe.steps.last_hidden_state/hf.mamba:float32:eager: absent -> failed; leak: 3.2e+00 of 3.9
removed  probe.steps/hf.mamba:float32:eager: unsupported -> absent
hf:llama: no difference
transformers: 5.12.0 -> 5.24.0
```

(5.12.0 calls Mamba's cache by a name that the probe does not try.)
"""

COLUMNS: dict[str, tuple[str, ...]] = {
    "content": ("other-numbers", "mask-read"),
    "more": ("more-padding",),
    "alone": ("alone",),
    "rows": ("beside", "order"),
    "left": ("left", "left-numbers"),
    "gradient": ("gradient", "parameter-gradient", "training"),
    "empty": ("empty-row", "full-mask"),
    "steps": ("steps",),
    "NaN": ("nan",),
}
"""What a column shows: the first of these questions that is not clean."""

_JUDGED = set(CLASSES) - {"not driven"}
_TABLED = ("leaks", "raises", "by design")


def text(
    lines: Sequence[ModelLine],
    libraries: Mapping[str, Library],
    times: Sequence[SweepTime],
    undriven: Sequence[Undriven],
) -> str:
    """Return the page as Markdown."""
    parts = [HEAD, _totals(lines)]
    for name, library in libraries.items():
        mine = [line for line in lines if line.library == name]
        if mine:
            parts.append(_section(library, mine))
    parts.append(UNDRIVEN + "".join(_explain(each) for each in undriven))
    dates = " and ".join(sorted({each.date for each in times}))
    table = tabulate(times, libraries)
    untimed = _list_untimed(times, libraries)
    parts.append(TIMES.format(dates=dates, table=table, untimed=untimed))
    return "\n".join([*parts, RELEASES])


def _list_untimed(times: Sequence[SweepTime], libraries: Mapping[str, Library]) -> str:
    timed = {each.library for each in times}
    names = [f"`{name}`" for name in libraries if name not in timed]
    return f"\nAdded since, and not timed: {', '.join(names)}.\n" if names else ""


def _explain(library: Undriven) -> str:
    return f"- [{library.title}]({library.url}): {library.reason}.\n"


def _totals(lines: Sequence[ModelLine]) -> str:
    counts = Counter(line.kind for line in lines)
    judged = len(lines) - counts["not driven"]
    rows = [f"| {kind} | {counts[kind]} | {means} |" for kind, means in CLASSES.items()]
    names = {line.target.partition("@")[0] for line in lines if line.kind in _JUDGED}
    head = (
        f"{judged} models and layers were judged, {len(names)} different ones: Keras' "
        "layers count on each backend, transformers' types on each attention.\n"
    )
    return "\n".join(
        [head, "| what | how many | means |", "| --- | --- | --- |", *rows, ""]
    )


def _section(library: Library, lines: Sequence[ModelLine]) -> str:
    version = next((line.version for line in lines if line.version), "")
    parts = [f"## {_name(library, version)}\n"]
    if tabled := [line for line in lines if line.kind in _TABLED]:
        parts.append(_table(tabled))
    for kind in ("NaN only", "no mask", "clean"):
        names = [f"`{_short(line)}`" for line in lines if line.kind == kind]
        if names:
            parts.append(
                f"{kind.capitalize()} ({len(names)}): {', '.join(names)}.\n".replace(
                    "Nan", "NaN"
                )
            )
    parts += _not_driven(lines)
    return "\n".join(parts)


def _name(library: Library, version: str) -> str:
    _, _, variant = library.name.partition(":")
    way = f"on {variant}" if variant else library.way
    return " ".join(filter(None, (library.title, version, way)))


def _table(lines: Sequence[ModelLine]) -> str:
    head = ("system", *COLUMNS, "comes in at")
    rows = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    for line in sorted(lines, key=lambda each: (_TABLED.index(each.kind), each.target)):
        cells = [_cell(line, questions) for questions in COLUMNS.values()]
        rows.append(f"| `{_short(line)}` | {' | '.join(cells)} | {_where(line)} |")
    return "\n".join([*rows, ""])


def _where(line: ModelLine) -> str:
    """Return where a leak comes in and what is known of it, as a cell has it."""
    linked = f" ([more]({line.url}))" if line.url else ""
    known = f"{line.reason}{linked}"
    place = "" if line.kind == "by design" else line.place
    return ". ".join(filter(None, (place.replace("|", "\\|"), known))) or line.kind


def _cell(line: ModelLine, questions: Sequence[str]) -> str:
    return next((line.answers[each] for each in questions if each in line.answers), "")


def _short(line: ModelLine) -> str:
    where, colon, rest = line.target.partition(":")
    return rest if colon and where.endswith(".py") else line.target


def _not_driven(lines: Sequence[ModelLine]) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for line in lines:
        if line.kind == "not driven":
            reasons.setdefault(explain(line.reason), []).append(line.target)
    if not reasons:
        return []
    count = sum(map(len, reasons.values()))
    parts = [f"Not driven ({count}):\n"]
    for reason, names in sorted(reasons.items(), key=lambda item: -len(item[1])):
        shown = ", ".join(name.removeprefix("hf.") for name in names)
        parts.append(f"- {reason} ({len(names)}): {shown}.")
    return [*parts, ""]


_REASONS = {
    "pixel_values": "takes pictures, no sequence",
    "a tiny one cannot be made": "a tiny one cannot be made from sizes alone",
    "parameters": "a tiny one cannot be made from sizes alone",
    "also needs": "needs arguments beside a sequence and its mask",
    "leaves no three lengths": "takes too few positions",
    "took more than": "exceeded a limit of time or memory",
    "write a function that makes it": "cannot be made from sizes alone",
    "unknown layer": "is no layer",
    "say what it takes": "answers no call with a sequence and a mask",
    "called with": "answers no call with a sequence and a mask",
    "takes no argument": "takes no sequence",
    "process ended": "its process ended",
    "one attention": "has one attention only",
}


def explain(reason: str) -> str:
    """Return a reason in the few words that a list is grouped by.

    >>> explain("the target also needs grid_thw, and what to give is not known")
    'needs arguments beside a sequence and its mask'
    """
    return next((text for part, text in _REASONS.items() if part in reason), reason)


def write() -> None:
    """Write the page."""
    FILE.write_text(_current(), encoding="utf-8", newline="\n")


def is_current() -> bool:
    """Tell whether the page is what the last sweep gave."""
    return FILE.read_text(encoding="utf-8") == _current()


def _current() -> str:
    return text(read_lines(), read_libraries(), read_times(), read_undriven())
