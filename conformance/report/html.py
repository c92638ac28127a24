"""The page and the picture: templates filled in, and nothing trusted.

Names, messages, tracebacks and links come from adapters and their libraries. They pass
through Jinja2's escaping only; the two texts that do not, style and script, are files
of this package, and a content security policy lets nothing else act.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from conformance.report import sections
from conformance.report.view import GLYPHS, WORDS, Tally
from conformance.results import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.view import Column, View

_HERE = Path(__file__).parent
_NEW = 100
"""New differences that are listed one by one."""

_MEANINGS = {
    "passed": "the answer is the exact one within its error bound",
    "failed": "it ran and the answer is wrong",
    "errored": "it raised, crashed or took too long",
    "unsupported": "the adapter says that its system does not offer this; not counted "
    "in the denominator",
    "not_run": "planned, but the run did not get there; counted as not passed",
}


def environment() -> jinja2.Environment:
    """Return the environment of the templates: escaping on, unknown names refused."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.policies["json.dumps_kwargs"] = {"allow_nan": False, "sort_keys": True}
    made.filters["link"] = link
    made.filters["first_line"] = first_line
    made.filters["thousands"] = "{:,}".format
    return made


def page(view: View) -> str:
    """Return the page, one file that needs nothing else."""
    style = _static("report.css")
    script = _static("report.js")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; "
        f"script-src {_digest(script)}; base-uri 'none'; form-action 'none'"
    )
    picked = sections.chosen(view)
    return (
        environment()
        .get_template("page.html")
        .render(
            view=view,
            style=style,
            script=script,
            policy=policy,
            facts=_facts(view),
            new=[(each, each in picked) for each in view.new[:_NEW]],
            matrix=_matrix(view),
            agreement=_agreement(view),
            diagnoses=sections.diagnoses(view),
            groups=sections.groups(view, picked),
            shelves=sections.shelves(view, picked),
            carded=len(picked),
            shares=_shares(view),
            known=sections.known(view),
            declared=_declared(view.columns),
            legend=[(GLYPHS[name], WORDS[name], _MEANINGS[name]) for name in GLYPHS],
            cited=_cited(view),
            data=_data(view),
        )
    )


def matrix_svg(view: View) -> str:
    """Return the matrix as a picture for a README."""
    return (
        environment().get_template("matrix.svg").render(view=view, matrix=_matrix(view))
    )


def link(url: str) -> str:
    """Return ``url`` if it is an https address, else nothing.

    >>> link("javascript:alert(1)")
    ''
    """
    return url if re.fullmatch(r"https://[^\s\"'<>\\`]+", url) else ""


def first_line(text: str, limit: int = 200) -> str:
    r"""Return the beginning of a message.

    >>> first_line("out[0] = nan\nexpected 0.0")
    'out[0] = nan'
    """
    line = text.strip().partition("\n")[0]
    return line if len(line) <= limit else line[:limit] + " ..."


def _static(name: str) -> Markup:
    # Markup is right here and nowhere else: a file of this package, never a result.
    text = (_HERE / "static" / name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 - see above


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _matrix(view: View) -> list[tuple[str, list[tuple[Column, Tally]]]]:
    return [
        (
            operation,
            [
                (column, view.tallies.get((operation, column.key), Tally()))
                for column in view.columns
            ],
        )
        for operation in view.operations
    ]


def _facts(view: View) -> list[tuple[str, str]]:
    """Return what the runs have in common, and where they do not, each value."""
    fields = ("suite", "specification", "commit", "level", "seed", "examples")
    facts = [("generated", view.generated)]
    for name in (*fields, "cases", "cases_digest"):
        values = [str(getattr(column.run.header, name)) for column in view.columns]
        listed = " | ".join(dict.fromkeys(value for value in values if value))
        facts += [(name.replace("_", " "), listed)] if listed else []
    return facts


def _agreement(view: View) -> list[dict[str, Any]]:
    """Return how many checks all, all but one, some and none of the runs got right."""
    rows = []
    for operation, counts in view.agreement.items():
        row = dict.fromkeys(("right", "one", "several", "every"), 0)
        for (wrong, ran), checks in counts.items():
            if ran > 1:
                row[_agreeing(wrong, ran)] += checks
        total = sum(row.values())
        if total:
            rows.append({"operation": operation, "total": total, **row})
    return rows


def _agreeing(wrong: int, ran: int) -> str:
    if wrong in (0, ran):
        return "every" if wrong else "right"
    return "one" if wrong == 1 else "several"


def _shares(view: View) -> list[tuple[str, list[tuple[Column, float, str]]]]:
    """Return the largest share of the bound that a passing check used."""
    plots = []
    for operation, cells in _matrix(view):
        bars = [
            (column, min(1.0, tally.share), tally.tightest)
            for column, tally in cells
            if tally.share >= 0
        ]
        plots += [(operation, bars)] if bars else []
    return plots


def _declared(columns: Sequence[Column]) -> list[tuple[str, list[str]]]:
    keys = sorted({key for one in columns for key in one.run.header.declared})
    return [
        (key, [one.run.header.declared.get(key, "not declared") for one in columns])
        for key in keys
    ]


def _cited(view: View) -> list[tuple[str, str]]:
    """Return the clauses that a difference breaks, with their sentences."""
    broken = sorted({each.result.clause for each in view.differences} - {""})
    return [(clause, view.clauses.get(clause, "")) for clause in broken]


def _data(view: View) -> dict[str, Any]:
    """Return the page's figures for programs; numbers and texts only."""
    return {
        "schema": SCHEMA,
        "generated": view.generated,
        "runs": [
            {
                "adapter": column.label,
                "versions": column.run.header.versions,
                "complete": column.run.complete,
                "counts": column.run.counts,
                "new": len(column.judged.new),
                "known": len(column.judged.known),
                "stale": len(column.judged.stale),
                "operations": {
                    operation: dict(view.tallies[operation, column.key].outcomes)
                    for operation in view.operations
                    if (operation, column.key) in view.tallies
                },
            }
            for column in view.columns
        ],
    }
