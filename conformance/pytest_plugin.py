"""The pytest options of ``conformance.suite``.

pytest loads this module in every project that has the suite installed, so it imports
nothing until an adapter is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.session import Session, Settings

SESSION: pytest.StashKey[Session] = pytest.StashKey()
STALE: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run, those of ``mask-conformance run``."""
    group = parser.getgroup("mask-conformance")
    group.addoption("--mask-adapter", help="adapter under test; off without")
    group.addoption("--mask-results", help="record file to write")
    group.addoption("--mask-level", default="robust")
    group.addoption("--mask-operation", action="append", default=[])
    group.addoption("--mask-dtype", action="append", default=[])
    group.addoption("--mask-route", action="append", default=[])
    group.addoption("--mask-check", action="append", default=[])
    group.addoption("--mask-corpus", default="", help="version of cases and laws")
    group.addoption("--mask-examples", type=int)
    group.addoption("--mask-seed", type=int, default=0)
    group.addoption("--mask-explore", type=int, default=0)


def pytest_configure(config: pytest.Config) -> None:
    """Load the adapter and plan its checks before anything is collected."""
    if not config.getoption("mask_adapter"):
        return
    from conformance.errors import ConformanceError
    from conformance.session import Session

    try:
        config.stash[SESSION] = Session(_settings(config))
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the footer; a stale known difference fails the run."""
    run = session.config.stash.get(SESSION, None)
    if run is None or not run.outcomes:
        return
    session.config.stash[STALE] = run.close()
    if session.config.stash[STALE] and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which known differences no longer hold, and so why the run failed."""
    for complaint in config.stash.get(STALE, []):
        terminalreporter.write_line(f"STALE {complaint}")


def _settings(config: pytest.Config) -> Settings:
    from dataclasses import replace
    from pathlib import Path

    from conformance import listing
    from conformance.session import Settings

    option = config.getoption
    record = option("mask_results")
    selection = listing.selection(
        level=option("mask_level"),
        operations=option("mask_operation"),
        dtypes=option("mask_dtype"),
        routes=option("mask_route"),
        checks=option("mask_check"),
        corpus=option("mask_corpus"),
    )
    settings = Settings(
        reference=option("mask_adapter"),
        selection=selection,
        seed=option("mask_seed"),
        explore=option("mask_explore"),
        record=Path(record) if record else None,
    )
    examples: int | None = option("mask_examples")
    return settings if examples is None else replace(settings, examples=examples)
