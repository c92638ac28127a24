"""Print what came of runs, in the form that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from conformance.commands.detail import (
    count_outcomes,
    list_checks,
    list_slowest,
    shorten,
)
from conformance.commands.formats import Display, annotate, write_document
from conformance.commands.terminal import complaints, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.gate import Judgement
    from conformance.records import Record


def present(
    judged: Sequence[tuple[Record, Judgement]],
    view: Display,
    say: Callable[[str], object],
    *,
    errors: Sequence[str] = (),
    status: int = 0,
) -> None:
    """Print runs that were written just now.

    Args:
        judged: The runs, and what they mean.
        view: How they are shown.
        say: Prints a text.
        errors: What is wrong besides; documents and annotations hold it.
        status: The exit status of the command.
    """
    if view.is_document:
        say(write_document(view.form, judged, errors, status))
        return
    if judged:
        say("\n\n".join(compose(judged, view, anywhere=True)))
    if view.form == "github":
        for line in annotate(judged, errors):
            click.echo(line)  # ours, and meant for the service


def compose(
    judged: Sequence[tuple[Record, Judgement]],
    view: Display,
    *,
    notes: Sequence[str] = (),
    anywhere: bool = False,
) -> list[str]:
    """Return runs as blocks of text.

    Args:
        judged: The runs, and what they mean.
        view: How they are shown.
        notes: What stands before the summary.
        anywhere: Whether an adapter's file is read wherever it lies, to say the line
            of a function: not where somebody else's record names it.
    """
    runs = [run for run, _ in judged]
    parts = []
    if view.verbose:
        parts += ["\n".join([f"{r.header.adapter}:", *list_checks(r)]) for r in runs]
    for run, each in judged:
        if view.quiet:
            lines = shorten(run, each, anywhere=anywhere)
            parts.append("\n".join([*lines, count_outcomes(run, each)]))
        elif text := complaints(each, run.header.file, anywhere=anywhere):
            parts.append(f"{each.adapter}:{text}")
    if not view.quiet:
        parts += [*notes, summary(runs)]
    if view.durations:
        parts.append("\n".join(list_slowest(runs, view.durations)))
    return parts
