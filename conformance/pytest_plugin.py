"""The pytest options of ``conformance.suite``; loaded only when asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.errors import ConformanceError
from conformance.selection import Selection
from conformance.session import Session, Settings

SESSION = pytest.StashKey[Session]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run, those of ``mask-conformance run``."""
    group = parser.getgroup("mask-conformance")
    group.addoption("--mask-adapter", help="adapter under test")
    group.addoption("--mask-results", help="record file to write")
    group.addoption("--mask-level", default="robust")
    group.addoption("--mask-operation", action="append", default=[])
    group.addoption("--mask-dtype", action="append", default=[])
    group.addoption("--mask-route", action="append", default=[])
    group.addoption("--mask-check", action="append", default=[])
    group.addoption("--mask-examples", type=int)
    group.addoption("--mask-seed", type=int, default=0)
    group.addoption("--mask-explore", type=int, default=0)


def pytest_configure(config: pytest.Config) -> None:
    """Load the adapter and plan its checks before anything is collected."""
    if not config.getoption("mask_adapter"):
        return
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
    if run.close() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _settings(config: pytest.Config) -> Settings:
    option = config.getoption
    record = option("mask_results")
    selection = Selection(
        level=option("mask_level"),
        operations=tuple(option("mask_operation")),
        dtypes=tuple(option("mask_dtype")),
        routes=tuple(option("mask_route")),
        checks=tuple(option("mask_check")),
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
