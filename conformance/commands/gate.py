"""`gate`: what records mean for a build, as text and an exit status."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from conformance import gate as gates
from conformance.commands.options import PATH, RESULTS, tell
from conformance.commands.terminal import complaints, summary
from conformance.errors import IncompleteRunError, ResultError
from conformance.records.gather import gather
from conformance.specification.disk import is_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.records.gather import Gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """What a gate says.

    Attributes:
        text: For people.
        commands: For GitHub, a line each.
        status: The exit status.
    """

    text: str
    commands: tuple[str, ...] = ()
    status: int = 0


def gate(
    paths: Sequence[Path],
    old: Path | None = None,
    *,
    github: bool = False,
    complete: bool = False,
) -> GateAnswer:
    """Return what stored records mean, and the exit status.

    Args:
        paths: Records, or folders of them.
        old: The records of an older run: then only what changed matters.
        github: Whether to say what is new as annotations of a GitHub job too.
        complete: Whether a run of a part of the plan is incomplete.
    """
    found = gather(paths)
    if old is not None:
        folders = any(map(is_folder, paths))
        return _against(found, gather([old]), github=github, whole=folders)
    judged = [(run, gates.judge(run, complete=complete)) for run in found.runs]
    parts = [f"error: {text}" for text in found.complaints]
    parts += [
        f"{each.adapter}:{text}" for _, each in judged if (text := complaints(each))
    ]
    parts += [
        f"{each.adapter}: INCOMPLETE: {problem}"
        for run, each in judged
        for problem in each.problems
        if problem not in gates.problems(run)
    ]
    status = gates.exit_status([each for _, each in judged])
    return GateAnswer(
        text="\n\n".join([*parts, summary(found.runs)]),
        commands=tuple(gates.workflow_commands(judged, found.complaints))
        if github
        else (),
        status=max(status, found.status),
    )


def _against(new: Gathered, old: Gathered, *, github: bool, whole: bool) -> GateAnswer:
    """Judge by an older run.

    Args:
        new: The newer records.
        old: The older ones.
        github: Whether to annotate.
        whole: Whether every adapter of the older run has to be there.
    """
    wrong = [*new.complaints, *old.complaints]
    try:
        found = gates.compare_runs(new.runs, old.runs)
    except ResultError as error:
        # That an older record cannot be read may be why there is none.
        raise ResultError("\nerror: ".join([*wrong, str(error)])) from None
    lines = [f"error: {text}" for text in wrong]
    lines += [f"{each.run.header.adapter}:\n{each}" for each in found]
    status = max([each.status for each in found], default=0)
    lost = [
        f"{name}: the old run has a record of it, this one has none"
        for name in gates.missing(new.runs, old.runs)
    ]
    lines += [f"INCOMPLETE: {text}" if whole else f"note: {text}" for text in lost]
    if lost and whole:
        status = IncompleteRunError.exit_status
    judged = [(each.run, each.judgement) for each in found]
    missing = lost if whole else []
    commands = gates.workflow_commands(judged, [*wrong, *missing]) if github else ()
    return GateAnswer(
        text="\n\n".join(lines),
        commands=tuple(commands),
        status=max(status, new.status, old.status),
    )


@click.command("gate")
@click.argument("results", nargs=-1, type=PATH)
@click.option(
    "--against",
    type=PATH,
    help="Records of an older run: judge only what is new or fixed since then.",
)
@click.option(
    "--github", is_flag=True, help="Also annotate the GitHub job with what is new."
)
@click.option(
    "--complete", is_flag=True, help="Count a run of only some checks as incomplete."
)
def command(
    results: tuple[Path, ...], *, against: Path | None, github: bool, complete: bool
) -> None:
    """Judge records; the exit status is for CI.

    New failures, stale known entries and incomplete runs fail. RESULTS are record files
    or folders of them (default: reports/results).
    """
    answer = gate(results or (RESULTS,), against, github=github, complete=complete)
    tell(answer.text)
    for line in answer.commands:
        click.echo(line)  # ours, and meant for the service
    sys.exit(answer.status)
