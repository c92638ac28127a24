"""The head of a record: what was asked for, of whom, and where it ran."""

from __future__ import annotations

import os
import platform
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conformance.adapters.installed import shared_folder, suite_version
from conformance.adapters.load import displayed_path
from conformance.cases import digest
from conformance.records import Header
from conformance.run import catalogue
from conformance.specification.selection import EXAMPLES, Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.run.settings import Settings
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check
    from conformance.trial.frameworks import Framework


def write_header(
    settings: Settings,
    declaration: Declaration,
    every: Sequence[Check],
    *,
    planned: int,
    versions: Mapping[str, str],
    framework: Framework,
) -> Header:
    """Return a record's header.

    Args:
        settings: What the run is asked for.
        declaration: What the adapter declares.
        every: The checks of all parts of the run.
        planned: How many of them this part has.
        versions: Versions that matter for a result, by distribution.
        framework: The adapter's framework.
    """
    cases = {(c.variant.name, c.item) for c in every if c.case}
    shard = settings.shard
    return Header(
        suite=suite_version(),
        # The version of cases and laws that is pinned, if one is.
        specification=settings.selection.corpus
        or declaration.corpus
        or suite_version(),
        adapter=declaration.name,
        framework=declaration.framework,
        file=displayed_path(declaration),
        versions=dict(versions),
        environment={
            "python": platform.python_version(),
            "platform": f"{platform.system()}-{platform.machine()}",
            **framework.environment(),
        },
        level=settings.selection.level,
        seed=settings.seed,
        examples=settings.examples,
        explore=settings.explore,
        planned=planned,
        whole=0 if shard.whole else len(every),
        shard="" if shard.whole else str(shard),
        operations=list(dict.fromkeys(check.operation for check in every)),
        declared=list_declared(declaration),
        cases=len(cases),
        cases_digest=digest(shared_folder("cases")),
        started=write_time(),
        selection=settings.selection.partial,
        of=_count_plan(settings, declaration),
        selected=settings.selection.options,
        commit=os.environ.get("GITHUB_SHA", ""),
        command=_write_command(settings),
        system=declaration.system,
        library=declaration.library,
        family=declaration.family,
        role=declaration.role,
        device=framework.device(),
    )


def _write_command(settings: Settings) -> str:
    """Return the command that runs the same again."""
    given = {"seed": settings.seed, "examples": settings.examples}
    usual = {"seed": 0, "examples": EXAMPLES}
    options = [
        f"--{name} {given[name]}" for name in given if given[name] != usual[name]
    ]
    options += [f"--explore {settings.explore}"] if settings.explore else []
    for name, value in settings.placement.options.items():
        options += [f"--{name}"] if value is True else [f"--{name} {value}"]
    words = shlex.split(" ".join([*settings.selection.options, *options]))
    start = ["mask-conformance", "run", settings.reference]
    return shlex.join([*start, "--level", settings.selection.level, *words])


def _count_plan(settings: Settings, declaration: Declaration) -> int:
    """Return how many checks there were to select from; 0 if all are asked for."""
    asked = settings.selection
    if not asked.partial:
        return 0
    level = Selection(level=asked.level, corpus=asked.corpus)
    return len(catalogue.plan_checks(declaration, level))


def list_declared(declaration: Declaration) -> dict[str, str]:
    """Return the implementation-defined behaviour that an adapter states."""
    told = {
        "dtypes": ", ".join(declaration.dtypes),
        "routes": ", ".join(declaration.routes),
        "placements": ", ".join(declaration.placements),
        "mask forms": ", ".join(declaration.mask_forms),
    }
    tables = {
        "empty row": declaration.empty,
        "padding of the answer": declaration.padding,
        "T = 0": declaration.zero_time,
        "B = 0": declaration.zero_batch,
        "subnormals": declaration.subnormals,
    }
    told |= {
        f"{name}: {glob}": what
        for name, table in tables.items()
        for glob, what in table.items()
    }
    told |= {
        f"requires: {glob}": ", ".join(names)
        for glob, names in declaration.requires.items()
    }
    return told | {
        f"unsupported: {glob}": why for glob, why in declaration.unsupported.items()
    }


def write_time() -> str:
    """Return the present time as records have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
