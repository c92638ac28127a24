"""Check an adapter from Python, and show the answer in a terminal or a notebook."""

from __future__ import annotations

import html
import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conformance.adapters.load import load_adapter
from conformance.commands.terminal import complaints, summary
from conformance.errors import UsageError
from conformance.gate import Judgement, judge
from conformance.records import Run, read
from conformance.run import catalogue
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.plain import disarm
from conformance.specification.selection import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records import Result


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of :func:`check_adapter`; it shows itself.

    Attributes:
        run: The record: a header, and a result for each check.
    """

    run: Run

    @property
    def judgement(self) -> Judgement:
        """What the record means: new failures, known ones, stale entries."""
        return judge(self.run)

    @property
    def failures(self) -> tuple[Result, ...]:
        """The failed and errored checks that are not recorded as known."""
        return self.judgement.new

    @property
    def clean(self) -> bool:
        """Whether something was asked, and everything asked passed or is known."""
        found = self.judgement
        return bool(self.run.counts["passed"]) and not (
            found.new or found.stale or found.problems
        )

    def __bool__(self) -> bool:
        return self.clean

    def __str__(self) -> str:
        file = self.run.header.file
        parts = [complaints(self.judgement, file, anywhere=True), summary([self.run])]
        return disarm("\n\n".join(part.strip("\n") for part in parts if part))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        colour = "#2e6b0e" if self.clean else "#a40000"
        style = f"border-left: 4px solid {colour}; padding-left: 1em"
        return f'<pre style="{style}">{html.escape(str(self))}</pre>'


def check_adapter(
    adapter: str | Path | object,
    *,
    level: str = "core",
    operations: Sequence[str] | str = (),
    dtypes: Sequence[str] | str = (),
    checks: Sequence[str] | str = (),
    keywords: str = "",
    seed: int = 0,
    examples: int = EXAMPLES,
) -> Checked:
    """Run the checks of an adapter in this process, and return what came of them.

    A check that ends the process ends yours: `mask-conformance run` has one of its own.

    Args:
        adapter: A built-in or installed adapter's name, an adapter file's path,
            ``package.module:object``, or the object itself: anything with a
            :class:`conformance.Declaration` as ``declaration`` and functions named
            after the operations.
        level: ``core``, ``robust`` or ``extended``; each includes those before it.
        operations: Operations to check; by default all that it offers.
        dtypes: Dtypes to check; by default all that it declares.
        checks: Globs of check ids.
        keywords: Words of check ids, with ``and``, ``or``, ``not`` and brackets.
        seed: The seed of the generated batches.
        examples: Generated rows for each law.

    Raises:
        UsageError: The adapter cannot be loaded, a name does not exist, or no check is
            selected.
    """
    given = str(adapter) if isinstance(adapter, Path) else adapter
    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        # As in a run: what a library warns of is no verdict.
        warnings.simplefilter("ignore")
        loaded = load_adapter(given)
        own = loaded.declaration
        settings = Settings(
            reference=given if isinstance(given, str) else own.file or own.name,
            selection=catalogue.selection(
                level=level,
                operations=_list(operations),
                dtypes=_list(dtypes),
                checks=_list(checks),
                keywords=keywords,
            ),
            seed=seed,
            examples=examples,
            record=Path(folder) / "record.jsonl",
        )
        session = Session(settings, loaded)
        if all(check.unsupported for check in session.every):
            msg = f"{settings.reference}: no check is selected that can run"
            raise UsageError(msg)
        for check in session.left:
            session.run(check)
        session.close()
        return Checked(read(Path(folder) / "record.jsonl"))


def _list(given: Sequence[str] | str) -> Sequence[str]:
    return (given,) if isinstance(given, str) else given
