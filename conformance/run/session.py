"""One run of one adapter: its plan, its record and what is known of it."""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from conformance.adapters.installed import find_versions, suite_version
from conformance.adapters.load import load_adapter
from conformance.check.runner import Runner
from conformance.gate import KINDS
from conformance.records import (
    OUTCOMES,
    Folds,
    Footer,
    Header,
    Result,
    Writer,
    read_observed,
    renew,
)
from conformance.run import catalogue, resume
from conformance.run.expected import Expected
from conformance.run.header import write_header, write_time
from conformance.run.variation import Variation

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.run.child import Upkeep
    from conformance.run.settings import Settings
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter


class Session:
    """The checks of one adapter, run one by one and written down as they end.

    Args:
        settings: What is asked for.
        adapter: The adapter itself, where it is an object and has no name.
    """

    def __init__(self, settings: Settings, adapter: Adapter | None = None) -> None:
        self.settings = settings
        self.adapter: Adapter = adapter or load_adapter(
            settings.reference, settings.placement
        )
        functions = self.adapter.declaration.functions
        self.cases = catalogue.select_cases(settings.selection, functions)
        self.every = catalogue.plan_run(self.adapter.declaration, settings)
        self.planned = tuple(filter(settings.shard.holds, self.every))
        self.runner = Runner(
            self.adapter,
            self.cases,
            reference=settings.reference,
            seed=settings.seed,
            examples=settings.examples,
            explore=settings.explore,
            placement=settings.placement,
        )
        if settings.drawn:
            # The same findings on a busy machine: calls are counted, not seconds.
            self.runner.patience = math.inf
        self.expected = Expected(
            self.adapter.declaration,
            # Not the method itself: that would import the framework here and now.
            lambda: self.runner.framework.device(),  # noqa: PLW0108
            settings.known,
        )
        self.outcomes: dict[str, str] = {}
        self.variation = Variation()
        self.failures = Folds()
        """New failures of this process, those that say the same together."""
        self.upkeep: Upkeep | None = None
        """Repairs what a check did to the process, where it is a run's own."""
        self._place = 0
        """How many of the planned checks a run's own process has come past."""
        self._process = os.getpid()
        self._versions: dict[str, str] | None = None
        self._writer: Writer | None = None
        self._seen: dict[str, str] = {}
        self.stopped = False
        """Whether a new failure has ended the run, as `-x` asks."""
        if settings.record is not None and settings.resume:
            self._take_over(settings.record)

    @property
    def versions(self) -> dict[str, str]:
        """Versions that matter for a result, by distribution."""
        if self._versions is None:
            own = suite_version()
            self._versions = self.runner.framework.versions() | {
                "mask-conformance": own
            }
            self._versions |= find_versions(self.adapter.declaration)
        return self._versions

    @property
    def left(self) -> tuple[Check, ...]:
        """The planned checks without an outcome; none once `-x` has stopped it."""
        if self.stopped:
            return ()
        return tuple(each for each in self.planned if each.id not in self.outcomes)

    @property
    def asked(self) -> tuple[Check, ...]:
        """What is left of the checks that the adapter offers; all where it offers none.

        A run's own process asks only these, and writes down the others as it passes.
        """
        left = self.left
        return tuple(each for each in left if not each.unsupported) or left

    def run(self, check: Check) -> Result:
        """Run a check, write its result down and return it."""
        self._open()
        self._pass_to(check)
        if self._writer is not None:
            self._writer.announce(check.id)
        recorded = self.expected.covers(check, self.versions)
        first = self.expected.first(check, self.versions) if recorded else None
        result = self.runner.run(check, shrinks=not recorded, first=first)
        if os.getpid() != self._process:
            os._exit(0)  # the check forked and let its copy go on
        harm = self._mend()
        if harm:
            result = self.runner.record_death(check, harm)
        result = self._keep(check, result)
        lost = result.outcome == "errored" and self.runner.framework.is_lost()
        if self.upkeep is None:
            return result
        if self.upkeep.spent or lost:
            os._exit(0)  # what is left to do is another process's
        if self._is_last():
            self._pass_to(None)
        return result

    def _is_last(self) -> bool:
        """Tell whether nothing that is offered is left behind the last check."""
        ahead = (self.planned[at] for at in range(self._place, len(self.planned)))
        return all(each.unsupported or each.id in self.outcomes for each in ahead)

    def _pass_to(self, check: Check | None) -> None:
        """Write down, in a run's own process, what is not offered before a check.

        Without a check, all that is left: as items of pytest the thousands of checks
        of operations that most adapters lack took a run most of its time.
        """
        if self.upkeep is None or self.stopped:
            return
        while self._place < len(self.planned):
            each = self.planned[self._place]
            self._place += 1
            if each is check:
                return
            if each.unsupported and each.id not in self.outcomes:
                if self._writer is not None:  # what dies now died in no check before
                    self._writer.announce(each.id)
                self._keep(each, self.runner.run(each))

    def _keep(self, check: Check, result: Result) -> Result:
        """Write a result down and return it, with why it was to be expected."""
        result = self.expected.mark(result, self.versions)
        self._save(check, result)
        if self._writer is not None:
            self._writer.result(result)
        self.outcomes[check.id] = result.outcome
        self.variation.take(check, result)
        self._heed(result)
        return result

    def _heed(self, result: Result) -> None:
        """Stop at a new failure, where that is asked for."""
        bad = result.outcome in KINDS and not result.accepted
        self.stopped = self.stopped or (self.settings.exitfirst and bad)

    def _mend(self) -> str:
        """Repair what a check did to the process and the record; say what it was."""
        if self.upkeep is None:
            return ""
        harm = self.upkeep.mend()
        return (self._writer.mend() if self._writer is not None else "") or harm

    def _take_over(self, record: Path) -> None:
        """Begin the record with what others hold of this run, deaths included."""
        header, settings = self._header(), self.settings
        earlier = resume.read_earlier(settings.resume, header, self.every)
        results = earlier.results
        deaths = resume.read_deaths(record)
        for check in self.left:
            for death in (each for each in deaths if each.what == check.id):
                error = self.runner.record_death(check, death.message, death.trace)
                results.setdefault(check.id, self.expected.mark(error, self.versions))
        mine = [each for each in self.planned if each.id in results]
        for check in mine:
            self.outcomes[check.id] = results[check.id].outcome
            self.variation.take(check, results[check.id])
            self._heed(results[check.id])
            if not self.expected.covers(check, self.versions):
                self.runner.remember(check, results[check.id])
        started = earlier.started or header.started
        header = msgspec.structs.replace(header, started=started)
        renew(record, header, [results[check.id] for check in mine])
        self._writer = Writer(record, resume=True)
        resume.bury(deaths, self._writer)
        self._seen = earlier.observed | read_observed(record)

    def _save(self, check: Check, result: Result) -> None:
        """Keep what exploring found as a case, ready to be looked at."""
        settings = self.settings
        if settings.explore and settings.record and result.outcome == "failed":
            from conformance.check.explore import save

            if result.failure is not None and not check.case:
                folder = settings.record.parent / "found"
                save(check, result.failure, folder, found=settings.seed)

    def stale(self) -> list[str]:
        """Return complaints about known differences that no longer hold.

        Nothing is stale in a run that left checks out or drew other batches; an entry
        is past its date, or without a reason, in any run.
        """
        whole = self.settings.usual and len(self.outcomes) == len(self.planned)
        return self.expected.complaints(self.versions, self.outcomes if whole else None)

    def mistakes(self) -> list[str]:
        """Return what is wrong with the known differences before any check has run."""
        return self.expected.complaints(
            self.versions, {} if self.settings.usual else None
        )

    def contradictions(self, result: Result) -> list[str]:
        """Return complaints about known differences that a result contradicts."""
        if not self.settings.usual:
            return []
        return self.expected.contradictions(result, self.versions)

    def close(self) -> list[str]:
        """Write the footer, and return what is stale."""
        self._open()
        complaints = self.stale()
        if self._writer is not None:
            found = Counter(self.outcomes.values())
            footer = Footer(
                counts={outcome: found[outcome] for outcome in OUTCOMES},
                stale=complaints,
                observed=self._observe() | self.variation.describe(),
                ended=write_time(),
                complete=len(self.outcomes) == len(self.planned),
            )
            self._writer.footer(footer)
            self._writer.close()
        return complaints

    def _observe(self) -> dict[str, str]:
        """Return what is seen of what the adapter does not declare."""
        partial = self.settings.selection.partial or self.left or self.stopped
        if self._writer is None or partial:
            return {}
        from conformance.check.observe import observe

        return observe(
            self.runner.fixtures,
            self.every,
            self._writer.announce,
            takes=self.settings.shard.holds,
            seen=self._seen,
            keep=self._writer.observed,
        )

    def _header(self) -> Header:
        return write_header(
            self.settings,
            self.adapter.declaration,
            self.every,
            planned=len(self.planned),
            versions=self.versions,
            framework=self.runner.framework,
        )

    def begin(self) -> None:
        """Write the header, so that what cannot begin says so before any check.

        Raises:
            UsageError: The framework cannot be imported.
            IncompleteRunError: There is no room on the disk.
        """
        self._open()

    def _open(self) -> None:
        if self.settings.record is None or self._writer is not None:
            return
        self._writer = Writer(self.settings.record)
        self._writer.header(self._header())
