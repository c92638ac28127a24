"""The page, rendered.

Adapters, frameworks and tracebacks write most of the text on the page, so all of it is
escaped, links are https or anchors, and a policy in the page forbids any script and
style but ours. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.records import clean, parse_check
from conformance.records.bits import QUESTIONS
from conformance.records.show import show
from conformance.report import bits, overview, probes, sections
from conformance.report.causes import causes
from conformance.report.count import GLYPHS, WORDS
from conformance.report.history import find_since
from conformance.report.marks import topic_rows
from conformance.report.mistakes import SHOWN, mistakes
from conformance.report.raw import pack_runs
from conformance.report.signs import SIGNS
from conformance.report.systems import families, places, systems
from conformance.report.title import answers, headline, measured, say_levels
from conformance.specification.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records import Change
    from conformance.records.bits import BitsTable
    from conformance.report.history import Timeline
    from conformance.report.systems import System
    from conformance.report.view import View

_FOLDER = Path(__file__).parent
_HTTPS = re.compile(r"https://[^\s\"'<>\\]+")
_NOT_XML = str.maketrans("", "", "\ufffe\uffff")

DECADES = 4
"""How many powers of ten the bars for the share of the bound reach down."""


def page(
    view: View, found: Sequence[Timeline] = (), tables: Sequence[BitsTable] = ()
) -> str:
    """Return the page of some runs, of what earlier releases do, and of bits kept."""
    columns = places(view)
    rows = systems(view, columns)
    own = measured(rows)
    behaviours, seen = overview.observed(view, rows)
    wrong = mistakes(view)
    levels = {column.run.header.level for column in view.columns}
    return render(
        "page.html",
        view=view,
        title=headline(view, rows),
        answers=answers(rows),
        places=columns,
        topics=TOPICS,
        signs=SIGNS,
        rows=rows,
        measured=own,
        levels=say_levels(view) if len(levels) > 1 else "",
        families=families(own),
        references=families(row for row in rows if row not in own),
        shows=topic_rows(view, own[0], columns) if len(own) == 1 else [],
        mistakes=wrong[:SHOWN],
        new_kinds=len(wrong),
        causes=causes(view, rows, found),
        behaviours=behaviours,
        seen=seen,
        shares=overview.shares(view),
        facts=overview.facts(view),
        shared=overview.shared(view),
        probed=probes.list_probed(view),
        probes_only=probes.is_probe_only(view),
        probe_grid=probes.grid(view),
        shelves=sections.shelves(view),
        agreement=overview.agreement(view),
        history=overview.history(view),
        timelines=found,
        bits=bits.lay_out(tables),
        bits_questions=tuple(QUESTIONS),
        bits_words=bits.WORDS,
        since=_tell_since(rows, found),
        clauses=overview.clauses(view),
        offers=overview.offers(view),
        fold_declared=overview.fold_declared,
        observed_answers=overview.observed_answers,
        raw=pack_runs(view.columns),
        data=overview.data(view),
        glyphs=GLYPHS,
        words=WORDS,
    )


def _tell_since(rows: Sequence[System], found: Sequence[Timeline]) -> dict[str, str]:
    """Return since when systems have their worst finding, where somebody tried."""
    return {row.id: find_since(found, row.adapters, row.cause) for row in rows}


def render(template: str, **content: Any) -> str:
    """Return a page of our own look, with a policy that lets only our script act."""
    style, script = _static("report.css"), _static("report.js")
    return fill(
        template,
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
        **content,
    )


def fill(template: str, **content: Any) -> str:
    """Return a template filled in, with everything escaped."""
    return _environment().get_template(template).render(**content)


def https(url: str) -> bool:
    """Tell whether a link may be followed: nothing but https is.

    >>> https("https://example.org/1"), https("javascript:alert(1)")
    (True, False)
    """
    return _HTTPS.fullmatch(url) is not None


def name_link(url: str) -> str:
    """Return a thread's or a file's address as people write it, others whole.

    >>> name_link("https://github.com/jax-ml/jax/issues/7#issuecomment-1")
    'jax-ml/jax#7'
    >>> name_link("https://github.com/o/r/blob/main/src/mask.py")
    'o/r: mask.py'
    >>> name_link("https://example.org/mask")
    'example.org/mask'
    """
    parts = url.removeprefix("https://").removesuffix("/").split("/")
    match parts:
        case ["github.com", owner, name, "issues" | "pull" | "discussions", number]:
            return f"{owner}/{name}#{number.partition('#')[0]}"
        case ["github.com", owner, name, "blob", _, *_, file]:
            return f"{owner}/{name}: {file}"
        case _:
            return "/".join(parts)


def bar(share: float) -> float:
    """Return a share of the bound as a length of 0 to 100, on a logarithmic axis.

    >>> [bar(share) for share in (1.0, 0.01, 0.0)]
    [100.0, 50.0, 0.0]
    """
    if share <= 0:
        return 0.0
    length = 100 * (1 + math.log10(share) / DECADES)
    return round(min(100.0, max(0.0, length)), 1)


def outcome(name: str) -> str:
    """Return an outcome as sign and word.

    >>> outcome("failed"), outcome("")
    ('✗ failed', '- absent')
    """
    return f"{GLYPHS.get(name, '-')} {WORDS.get(name, name or 'absent')}"


def tokens(change: Change) -> str:
    """Return what the filter finds a change by."""
    check = parse_check(change.check)
    named = {
        "op": check.operation,
        "item": check.item,
        "dtype": check.dtype,
        "route": check.route,
        "status": change.after or "absent",
    }
    return " ".join(f"{key}:{value}" for key, value in named.items())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        # By name it would be off for some endings; here everything is escaped.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_drop_unprintable,
    )
    # NaN and Infinity are no JSON, and the page's own parser would refuse them.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "sort_keys": True}
    environment.filters |= {
        "bar": bar,
        "name_link": name_link,
        "show": show,
        "outcome": outcome,
        "tokens": tokens,
    }
    environment.tests["https"] = https
    return environment


def _drop_unprintable(value: object) -> object:
    """Drop what XML forbids and what would change how the rest is read."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return clean(value).translate(_NOT_XML)


@cache
def _static(name: str) -> Markup:
    text = (_FOLDER / "static" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - our own file, with nothing filled in


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
