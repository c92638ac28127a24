"""Probing from Python: in a notebook, in a test, in a suite."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.errors import ConformanceError, UsageError
from conformance.probe.answer import BAD, CLEAN
from conformance.probe.describe import describe
from conformance.probe.examine import Report, examine
from conformance.probe.record import check_id, footer, header, results
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import find, wrap
from conformance.records import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.locate import Location


class LeakError(ConformanceError, AssertionError):
    """Padding changes a model's answer."""

    exit_status = 1


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of a probe; it shows itself in a terminal and in a notebook.

    Attributes:
        report: The questions' answers and the places of leaks.
    """

    report: Report

    @property
    def answers(self) -> list[ProbeAnswer]:
        """An answer for each question and output."""
        return self.report.answers

    @property
    def leaks(self) -> list[ProbeAnswer]:
        """The answers that say that something does not hold."""
        return self.report.leaks

    @property
    def locations(self) -> dict[str, Location]:
        """Where leaks come in, by question."""
        return self.report.locations

    @property
    def clean(self) -> bool:
        """Whether something was asked and everything asked holds."""
        asked = any(each.kind in CLEAN for each in self.answers)
        return asked and not self.leaks

    def __str__(self) -> str:
        found = results(self.report)
        run = Run(
            path=_nowhere(),
            header=header(self.report, self.report.subject.settings),
            results=tuple(found),
            footer=footer(found),
        )
        return describe(run)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        colour = "#a40000" if self.leaks else "#2e6b0e"
        text = html.escape(str(self))
        style = f"border-left: 4px solid {colour}; padding-left: 1em"
        return f'<pre style="{style}">{text}</pre>'


def _nowhere() -> Any:
    from pathlib import Path

    return Path("probe")


def probe(
    model: Any,
    *,
    name: str = "",
    framework: str = "",
    **said: Any,
) -> Probed:
    """Ask whether padding changes a model's answer, by how much, and where.

    Args:
        model: A layer, a model, a function; or a text that names one.
        name: What to call it.
        framework: The framework of a plain function, where it does not show.
        **said: Fields of ``Settings``: ``masks={"mask": "padding"}``, ``features=8``,
            ``questions=("more-padding",)`` ...

    Raises:
        TargetError: The model cannot be called.
        UsageError: A device is given: move the model there before it is probed.
    """
    if said.get("device"):
        msg = (
            f"device is {said['device']!r}, expected none: a model is probed where it "
            "is; move it there, or use the command `mask-conformance probe --device`"
        )
        raise UsageError(msg)
    named = isinstance(model, str)
    target = find(model, framework) if named else wrap(model, name, framework)
    return Probed(examine(target, _settings(said)))


def _settings(said: dict[str, Any]) -> ProbeSettings:
    lists = ("questions", "routes", "inputs", "placements")
    made: dict[str, Any] = {
        key: (value,) if key in lists and isinstance(value, str) else value
        for key, value in said.items()
    }
    for key in lists:
        if key in made:
            made[key] = tuple(made[key])
    return ProbeSettings(**made)


def assert_invariant(model: Any, **said: Any) -> None:
    """Fail if padding changes a model's answer, or if nothing could be asked.

    Args:
        model: A layer, a model, a function; or a text that names one.
        **said: As for ``probe``.

    Raises:
        LeakError: It does; the message is what ``probe`` shows.
    """
    found = probe(model, **said)
    if found.leaks:
        raise LeakError(str(found))
    if not found.clean:
        msg = f"no question could be asked, so nothing was shown\n{found}"
        raise LeakError(msg)


def parametrize_probes(model: Any, **said: Any) -> Callable[..., Any]:
    """Return a decorator: one test for each question and output.

        @conformance.parametrize_probes(model)
        def test_padding(probe):
            probe()

    Args:
        model: A layer, a model, a function; or a text that names one.
        **said: As for ``probe``.
    """
    import pytest

    found = probe(model, **said)
    report = found.report
    items = [_Item(answer, found) for answer in report.answers]
    ids = [
        check_id(report.target.name, each, report.subject.dtype)
        for each in found.answers
    ]
    return pytest.mark.parametrize("probe", items, ids=_number(ids))


def _number(ids: Sequence[str]) -> list[str]:
    return list(ids)


@dataclass(frozen=True, slots=True)
class _Item:
    """One answer as a test."""

    answer: ProbeAnswer
    found: Probed

    def __call__(self) -> None:
        """Fail or skip as the answer says."""
        import pytest

        answer = self.answer
        text = f"{answer.kind}: {answer.text or answer.why}"
        if answer.kind in BAD:
            location = self.found.locations.get(answer.question)
            from conformance.probe.describe import place_text

            where = f"\n{place_text(location)}" if location else ""
            msg = f"{answer.question}: {text}{where}"
            raise LeakError(msg)
        if answer.kind not in CLEAN:
            pytest.skip(f"{answer.question}: {text}")
