"""The pytest options of ``conformance.suite``.

pytest loads this module in every project that has the suite installed, so it imports
nothing until an adapter is named.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from conformance.errors import ConformanceError
    from conformance.run.session import Session, Settings

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
    group.addoption("--mask-shard", default="1/1", help="K/N: a part of the checks")
    group.addoption("--mask-resume", action="append", default=[], help="earlier record")
    group.addoption("--mask-drawn", action="store_true", help="laws only")
    group.addoption("--mask-child", action="store_true", help="started by a run")


def pytest_configure(config: pytest.Config) -> None:
    """Load the adapter and plan its checks before anything is collected."""
    if not config.getoption("mask_adapter"):
        return
    from conformance.errors import ConformanceError, UsageError
    from conformance.run.child import Streams, become_child
    from conformance.run.session import Session

    child = config.getoption("mask_child")
    if child:
        become_child()
    try:
        session = Session(_settings(config))
    except ConformanceError as error:
        if error.exit_status != UsageError.exit_status:
            _stop(error)
        raise pytest.UsageError(str(error)) from error
    if child:
        session.mend = Streams().mend
    config.stash[SESSION] = session


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the footer; a stale known difference fails the run."""
    run = session.config.stash.get(SESSION, None)
    if run is None or (run.planned and not run.outcomes):
        return
    from conformance.errors import IncompleteRunError
    from conformance.run.child import FULL

    if exitstatus == FULL:
        return
    if exitstatus == pytest.ExitCode.INTERRUPTED and run.left:
        return  # without footer the record says that it is not complete, and where
    try:
        stale = run.close()
    except IncompleteRunError as error:
        _stop(error)
    session.config.stash[STALE] = stale
    if stale and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(tryfirst=True)
def pytest_exception_interact(node: pytest.Item, call: pytest.CallInfo[object]) -> None:
    """Stop where the record cannot be written: no further result could be kept."""
    if node.config.stash.get(SESSION, None) is None or call.excinfo is None:
        return
    from conformance.errors import IncompleteRunError

    if isinstance(call.excinfo.value, IncompleteRunError):
        _stop(call.excinfo.value)


def _stop(error: ConformanceError) -> NoReturn:
    """End the run: what is written stays as it is."""
    from conformance.run.child import FULL

    sys.stderr.write(f"ERROR: {error}\n")
    sys.stderr.flush()
    pytest.exit(str(error), returncode=FULL)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which known differences no longer hold, and so why the run failed."""
    for complaint in config.stash.get(STALE, []):
        terminalreporter.write_line(f"STALE {complaint}")


def _settings(config: pytest.Config) -> Settings:
    from dataclasses import replace
    from pathlib import Path

    from conformance.run import catalogue
    from conformance.run.session import Settings
    from conformance.specification.shard import Shard

    option = config.getoption
    record = option("mask_results")
    selection = catalogue.selection(
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
        shard=Shard.parsed(option("mask_shard")),
        resume=tuple(map(Path, option("mask_resume"))),
        drawn=option("mask_drawn"),
    )
    examples: int | None = option("mask_examples")
    return settings if examples is None else replace(settings, examples=examples)
