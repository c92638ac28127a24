"""Checks as pytest items: the module that ``run`` runs, and a decorator for others.

pytest --pyargs conformance.suite --mask-adapter NAME
"""

from __future__ import annotations

import inspect
import os
import warnings
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pytest

from conformance.adapters.load import load_adapter
from conformance.errors import ConformanceError, UsageError
from conformance.gate import locate
from conformance.operations import load_operations
from conformance.records import describe, gist
from conformance.run import catalogue
from conformance.run.project import Project, read_project
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.device import Placement, read_device
from conformance.specification.disk import is_file
from conformance.specification.selection import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.records import Result
    from conformance.specification import Level
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter


class CheckFailed(AssertionError):  # noqa: N818 - pytest prints the name
    """A check failed or errored, and the difference is not known.

    Attributes:
        result: The check's result with its evidence.
    """

    def __init__(self, result: Result, like: str = "", where: str = "") -> None:
        super().__init__(repeated(result, like) if like else described(result, where))
        self.result = result


class StaleKnown(AssertionError):  # noqa: N818 - pytest prints the name
    """A record of known differences says what is not so."""


class KnownFile:
    """An adapter's known differences, to be called inside a test as a check is."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def __repr__(self) -> str:
        return "<known differences>"

    def __call__(self) -> None:
        """Hold the file to account, as far as that takes no check's outcome.

        Raises:
            StaleKnown: An entry matches no check, is past its date, or has no reason.
        """
        __tracebackhide__ = True
        wrong = self.session.mistakes()
        if wrong:
            raise StaleKnown("\n".join(wrong))


class BoundCheck:
    """One check of one adapter, to be called inside a test."""

    def __init__(self, session: Session, check: Check) -> None:
        self.session = session
        self.check = check

    def __repr__(self) -> str:
        return f"<check {self.check.id}>"

    def __call__(self) -> None:
        """Run the check.

        Raises:
            CheckFailed: It failed, and is not recorded as known.
        """
        __tracebackhide__ = True
        with warnings.catch_warnings():
            # As in a run: what a library warns of is no verdict.
            warnings.simplefilter("ignore")
            result = self.session.run(self.check)
        stale = self.session.contradictions(result)
        if stale:
            raise StaleKnown("\n".join(stale))
        if result.outcome == "unsupported":
            pytest.skip(result.message)
        if result.outcome == "passed":
            return
        if result.known is not None and result.accepted:
            pytest.xfail(f"known: {result.known.reason} {result.known.url}".strip())
        first = self.session.failures.add(result).first.check
        same = gist(result) and first != self.check.id
        file = self.session.adapter.declaration.file
        where = locate(file, self.check.id, anywhere=True)
        raise CheckFailed(result, first if same else "", where)


def parametrize_checks(
    adapter: str | Path | object = None,
    *,
    level: Level | None = None,
    operations: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    seed: int = 0,
    examples: int | None = None,
    corpus: str = "",
    device: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a test one check of an adapter at a time.

    Args:
        adapter: A built-in adapter's name, an adapter file's path,
            ``package.module:object``, or the object itself: anything with a
            :class:`conformance.Declaration` as ``declaration`` and functions named
            after the operations. None is the adapter of ``[tool.mask-conformance]`` in
            pyproject.toml.
        level: The level to check; each includes those below. By default the
            project's, else robust.
        operations: Operations to check; by default all it offers.
        dtypes: Dtypes to check; by default all it declares.
        seed: The seed of the generated batches.
        examples: Generated rows per law.
        corpus: The version of cases and laws to check against; by default all.
        device: cpu, cuda, cuda:N, gpu or mps; by default the
            project's, else the framework's own choice.

    The test takes an argument ``check`` and calls it.

    Raises:
        UsageError: The adapter cannot be loaded, there is no such device, or no check
            is selected.
    """
    frame = inspect.currentframe()
    caller = frame.f_back if frame is not None else None
    beside = Path(caller.f_code.co_filename if caller is not None else "").parent
    project = read_project(beside) if beside.is_dir() else Project()
    if adapter is None:
        adapter = project.need_adapter()
    named = isinstance(adapter, str | PurePath)
    if named:
        adapter = _found(str(adapter), beside)
    placement = Placement(device=read_device(device) if device else project.device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = load_adapter(adapter, placement)
    settings = Settings(
        reference=str(adapter) if named else _reference(loaded),
        known=project.choose_known(str(adapter)) if named else None,
        selection=catalogue.selection(
            level=level or project.level,
            operations=operations,
            dtypes=dtypes,
            corpus=corpus,
        ),
        seed=seed,
        examples=EXAMPLES if examples is None else examples,
        placement=placement,
    )
    session = Session(settings, loaded)
    checks = parameters(session, offered=not operations)
    return pytest.mark.parametrize("check", checks)


def _found(reference: str, beside: Path) -> str:
    """Return an adapter file's path as seen from the file that names it.

    pytest is started in any folder, by an editor too; a path that only holds from
    there is still taken.
    """
    path, joint, variant = reference, "", ""
    if not reference.endswith(".py"):
        path, joint, variant = reference.rpartition(":")
    if not path.endswith(".py") or Path(path).is_absolute():
        return reference
    there = beside / path
    if not is_file(there):
        return reference
    return f"{os.path.relpath(there)}{joint}{variant}"


def _reference(adapter: Adapter) -> str:
    """Return the closest thing to a command-line name for an object."""
    return adapter.declaration.file or adapter.declaration.name


def parameters(session: Session, *, offered: bool = False) -> list[Any]:
    """Return a session's checks as pytest parameters, their ids the check ids.

    Args:
        session: The session.
        offered: Whether to leave out operations of which the adapter has no function,
            instead of skipping each of their checks.
    """
    if not session.every:
        # An empty list would be a green run of nothing.
        msg = f"{session.settings.reference}: no check is selected; nothing would run"
        raise UsageError(msg)
    functions = session.adapter.declaration.functions
    operations = load_operations()
    own = session.upkeep is not None  # a run's process: its footer says what is stale
    checks = [
        pytest.param(BoundCheck(session, check), id=check.id)
        for check in (session.asked if own else session.left)
        if not offered or operations[check.operation].function in functions
    ]
    if session.expected.known and not own:
        checks.append(pytest.param(KnownFile(session), id="known-differences"))
    return checks


def described(result: Result, where: str = "") -> str:
    """Return a failed check as text: what, where, which clause, how to see it again."""
    clause = catalogue.all_clauses().get(result.clause)
    sentence, catches = (clause.text, clause.why) if clause else ("", "")
    said = describe(result, sentence=sentence, catches=catches, where=where)
    first, *rest = said.lines()
    return "\n".join([f"{said.check}: {first}", *rest])


def repeated(result: Result, first: str) -> str:
    """Return a failed check that says the same as an earlier one, as text.

    Args:
        result: The check's result.
        first: The earlier check, which says it in full.
    """
    said = describe(result)
    lines = [f"{said.check}: {said.message}", f"{gist(result)}, as in {first}"]
    return "\n".join([*lines, *said.reproducer])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give :func:`test_masking` the checks of the session that the plugin opened.

    Raises:
        UsageError: No adapter was named.
    """
    from conformance.pytest_plugin import SESSION, open_session

    config = metafunc.config
    session = config.stash.get(SESSION, None)
    if session is None and not read_project(config.rootpath).adapter:
        msg = (
            "conformance.suite: no adapter under test; add --mask-adapter NAME, a file "
            "or package.module:object"
        )
        raise pytest.UsageError(msg)
    if session is None:
        open_session(config)
        session = config.stash[SESSION]
    try:
        metafunc.parametrize("check", parameters(session))
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error


def test_masking(check: BoundCheck) -> None:
    """Run one check of the adapter under test."""
    check()
