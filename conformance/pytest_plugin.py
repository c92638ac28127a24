"""The pytest options of ``conformance.suite``; loaded only when asked for."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from conformance.child import FULL, Streams, become_child
from conformance.errors import ConformanceError, IncompleteRunError, UsageError
from conformance.selection import Selection
from conformance.session import Session, Settings
from conformance.shard import Shard

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
    group.addoption("--mask-shard", default="1/1", help="K/N: a part of the checks")
    group.addoption("--mask-resume", action="append", default=[], help="earlier record")
    group.addoption("--mask-drawn", action="store_true", help="laws only")
    group.addoption("--mask-child", action="store_true", help="started by a run")


def pytest_configure(config: pytest.Config) -> None:
    """Load the adapter and plan its checks before anything is collected."""
    if not config.getoption("mask_adapter"):
        return
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
    if run is None or (run.planned and not run.outcomes) or exitstatus == FULL:
        return
    if exitstatus == pytest.ExitCode.INTERRUPTED and run.left:
        return  # without footer the record says that it is not complete, and where
    try:
        stale = run.close()
    except IncompleteRunError as error:
        _stop(error)
    if stale and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(tryfirst=True)
def pytest_exception_interact(call: pytest.CallInfo[object]) -> None:
    """Stop where the record cannot be written: no further result could be kept."""
    if call.excinfo is not None and isinstance(call.excinfo.value, IncompleteRunError):
        _stop(call.excinfo.value)


def _stop(error: ConformanceError) -> NoReturn:
    """End the run: what is written stays as it is."""
    sys.stderr.write(f"ERROR: {error}\n")
    sys.stderr.flush()
    pytest.exit(str(error), returncode=FULL)


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
        shard=Shard.parsed(option("mask_shard")),
        resume=tuple(map(Path, option("mask_resume"))),
        drawn=option("mask_drawn"),
    )
    examples: int | None = option("mask_examples")
    return settings if examples is None else replace(settings, examples=examples)
