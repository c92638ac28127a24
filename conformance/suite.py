"""Checks as pytest items: the module that ``run`` runs, and a decorator for others.

pytest --pyargs conformance.suite --mask-adapter NAME
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pytest

from conformance.adapters.load import load_adapter
from conformance.errors import ConformanceError, UsageError
from conformance.records import describe, gist
from conformance.run import catalogue
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.selection import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from conformance.records import Result
    from conformance.specification import Level
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter


class CheckFailed(AssertionError):  # noqa: N818 - pytest prints the name
    """A check failed or errored, and the difference is not known.

    Attributes:
        result: The check's result with its evidence.
    """

    def __init__(self, result: Result, like: str = "") -> None:
        super().__init__(repeated(result, like) if like else described(result))
        self.result = result


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
        result = self.session.run(self.check)
        if result.outcome == "unsupported":
            pytest.skip(result.message)
        if result.outcome == "passed":
            return
        if result.known is not None:
            pytest.xfail(f"known: {result.known.reason} {result.known.url}".strip())
        first = self.session.failures.add(result).first.check
        same = gist(result) and first != self.check.id
        raise CheckFailed(result, first if same else "")


def parametrize_checks(
    adapter: str | Path | object,
    *,
    level: Level = "robust",
    operations: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    seed: int = 0,
    examples: int | None = None,
    corpus: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a test one check of an adapter at a time.

    Args:
        adapter: A built-in adapter's name, an adapter file's path,
            ``package.module:object``, or the object itself: anything with a
            :class:`conformance.Declaration` as ``declaration`` and functions named
            after the operations.
        level: The level to check; each includes those below.
        operations: Operations to check; by default all it offers.
        dtypes: Dtypes to check; by default all it declares.
        seed: The seed of the generated batches.
        examples: Generated rows per law.
        corpus: The version of cases and laws to check against; by default all.

    The test takes an argument ``check`` and calls it.

    Raises:
        UsageError: The adapter cannot be loaded, or no check is selected.
    """
    named = isinstance(adapter, str | PurePath)
    loaded = load_adapter(str(adapter) if named else adapter)
    settings = Settings(
        reference=str(adapter) if named else _reference(loaded),
        selection=catalogue.selection(
            level=level, operations=operations, dtypes=dtypes, corpus=corpus
        ),
        seed=seed,
        examples=EXAMPLES if examples is None else examples,
    )
    return pytest.mark.parametrize("check", parameters(Session(settings, loaded)))


def _reference(adapter: Adapter) -> str:
    """Return the closest thing to a command-line name for an object."""
    return adapter.declaration.file or adapter.declaration.name


def parameters(session: Session) -> list[Any]:
    """Return a session's checks as pytest parameters with check ids."""
    if not session.every:
        # An empty list would be a green run of nothing.
        msg = f"{session.settings.reference}: no check is selected; nothing would run"
        raise UsageError(msg)
    return [
        pytest.param(BoundCheck(session, check), id=check.id) for check in session.left
    ]


def described(result: Result) -> str:
    """Return a failed check as text: what, where, which clause, how to see it again."""
    clause = catalogue.every_clause().get(result.clause)
    sentence, catches = (clause.text, clause.why) if clause else ("", "")
    said = describe(result, sentence=sentence, catches=catches)
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
    from conformance.pytest_plugin import SESSION

    session = metafunc.config.stash.get(SESSION, None)
    if session is None:
        msg = (
            "conformance.suite: no adapter under test; add --mask-adapter NAME, a file "
            "or package.module:object"
        )
        raise pytest.UsageError(msg)
    try:
        metafunc.parametrize("check", parameters(session))
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error


def test_masking(check: BoundCheck) -> None:
    """Run one check of the adapter under test."""
    check()
