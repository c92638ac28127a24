"""The pytest options of ``conformance.suite``.

pytest loads this module in every project that has the suite installed, so it imports
nothing until an adapter is named.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from conformance.errors import ConformanceError
    from conformance.run.session import Session
    from conformance.run.settings import Settings

SESSION: pytest.StashKey[Session] = pytest.StashKey()
STALE: pytest.StashKey[list[str]] = pytest.StashKey()
WORD: pytest.StashKey[str] = pytest.StashKey()
FAILED: pytest.StashKey[bool] = pytest.StashKey()

STOPPED = 74
"""Exit status of a run whose record cannot be written, as in BSD's sysexits.h."""


OPTIONS: dict[str, dict[str, Any]] = {
    "results": {"help": "write the record to this file"},
    "level": {"default": "", "help": "core, robust or extended"},
    "operation": {"action": "append", "default": [], "help": "only this operation"},
    "dtype": {"action": "append", "default": [], "help": "only this dtype"},
    "route": {"action": "append", "default": [], "help": "only this route"},
    "check": {"action": "append", "default": [], "help": "only ids of this glob"},
    "corpus": {"default": "", "help": "only cases and laws up to this version"},
    "examples": {"type": int, "help": "generated rows per law"},
    "seed": {"type": int, "default": 0, "help": "seed of the generated batches"},
    "explore": {"type": int, "default": 0, "help": "further batches per law"},
    "shard": {"default": "1/1", "help": "run only part K of N, e.g. 2/4"},
    "resume": {"action": "append", "default": [], "help": "continue this record"},
    "device": {"default": "", "help": "run on cpu, cuda, cuda:N, gpu or mps"},
    "deterministic": {"action": "store_true", "help": "the framework's own mode"},
    "drawn": {"action": "store_true", "help": "run only laws"},
}
"""The options besides `--mask-adapter`, the same as of ``mask-conformance run``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run, the same as of ``mask-conformance run``."""
    group = parser.getgroup("mask-conformance")
    group.addoption(
        "--mask-adapter",
        help="adapter to check; without it the plugin does nothing",
    )
    for name, how in OPTIONS.items():
        group.addoption(f"--mask-{name}", **how)
    group.addoption("--mask-settings", help="all settings as JSON, from a parent run")


def pytest_configure(config: pytest.Config) -> None:
    """Load the adapter and plan its checks before anything is collected."""
    child = config.getoption("mask_settings")
    if not child and not config.getoption("mask_adapter"):
        return
    open_session(config)


def open_session(config: pytest.Config) -> None:
    """Load the adapter that is named, or the project's, and plan its checks.

    Raises:
        pytest.UsageError: It cannot be loaded, or no adapter is named at all.
    """
    from conformance.errors import ConformanceError, UsageError
    from conformance.run.child import Upkeep, become_child
    from conformance.run.session import Session
    from conformance.run.settings import decode_settings

    upkeep, child = None, config.getoption("mask_settings")
    if child:
        config.stash[WORD] = become_child()
        upkeep = Upkeep()
    try:
        session = Session(decode_settings(child) if child else _settings(config))
        if upkeep is not None:
            upkeep.mend()  # after the import
            session.begin()
    except ConformanceError as error:
        if child or error.exit_status != UsageError.exit_status:
            _stop(config, error)
        raise pytest.UsageError(str(error)) from error
    session.upkeep = upkeep
    config.stash[SESSION] = session


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Stop behind the first new failure, where a run asks for that."""
    run = item.config.stash.get(SESSION, None)
    if run is not None and run.stopped:
        item.session.shouldfail = "stopped at the first new failure"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the footer; a stale known difference fails the run."""
    run = session.config.stash.get(SESSION, None)
    if run is None or (run.planned and not run.outcomes):
        return
    from conformance.errors import ConformanceError

    if session.config.stash.get(FAILED, False):
        return
    if run.left and WORD in session.config.stash:
        return  # another process goes on
    if exitstatus == pytest.ExitCode.INTERRUPTED and run.left:
        return  # without footer the record says that it is not complete, and where
    try:
        stale = run.close()
    except ConformanceError as error:
        _stop(session.config, error)
    session.config.stash[STALE] = stale
    if stale and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(tryfirst=True)
def pytest_exception_interact(node: pytest.Item, call: pytest.CallInfo[object]) -> None:
    """Stop where the record cannot be written: no further result could be kept."""
    if node.config.stash.get(SESSION, None) is None or call.excinfo is None:
        return
    from conformance.errors import ConformanceError

    if isinstance(call.excinfo.value, ConformanceError):
        _stop(node.config, call.excinfo.value)


def _stop(config: pytest.Config, error: ConformanceError) -> NoReturn:
    """End the run: what is written stays as it is."""
    from conformance.run.child import refuse

    word = config.stash.get(WORD, "")
    if word:
        refuse(word, error)
    config.stash[FAILED] = True
    sys.stderr.write(f"ERROR: {error}\n")
    sys.stderr.flush()
    pytest.exit(str(error), returncode=STOPPED)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what failed alike, in one line each, and which differences no longer hold."""
    run = config.stash.get(SESSION, None)
    for fold in run.failures.found.values() if run is not None else ():
        if fold.others:
            terminalreporter.write_line(f"{fold.operation}: {fold.line}")
    for complaint in config.stash.get(STALE, []):
        terminalreporter.write_line(f"STALE {complaint}")


def _settings(config: pytest.Config) -> Settings:
    from pathlib import Path

    from conformance.run import catalogue
    from conformance.run.project import read_project
    from conformance.run.settings import Settings
    from conformance.specification.device import Placement, read_device
    from conformance.specification.selection import EXAMPLES
    from conformance.specification.shard import Shard

    given = {name: config.getoption(f"mask_{name}") for name in ("adapter", *OPTIONS)}
    project = read_project(config.rootpath)
    reference = given["adapter"] or project.need_adapter()
    usual = "" if given["check"] else project.level
    return Settings(
        reference=reference,
        known=project.choose_known(reference),
        selection=catalogue.selection(
            level=given["level"] or usual,
            operations=given["operation"],
            dtypes=given["dtype"],
            routes=given["route"],
            checks=given["check"],
            corpus=given["corpus"],
        ),
        seed=given["seed"],
        examples=EXAMPLES if given["examples"] is None else given["examples"],
        explore=given["explore"],
        record=Path(given["results"]) if given["results"] else None,
        shard=Shard.parse(given["shard"]),
        resume=tuple(map(Path, given["resume"])),
        placement=Placement(
            device=read_device(given["device"]) if given["device"] else project.device,
            deterministic=given["deterministic"],
        ),
        drawn=given["drawn"],
    )
