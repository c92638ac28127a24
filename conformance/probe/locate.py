"""Find the module, the operation and the line where padding first comes in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.probe.arrangement import Match, match, place
from conformance.probe.compare import pairs
from conformance.probe.pattern import pattern_of
from conformance.probe.repair import Repair
from conformance.probe.runs import Origin, Runs
from conformance.probe.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.probe.answer import ProbeAnswer
    from conformance.probe.arrangement import Arrangement, Array
    from conformance.probe.compare import Output
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.subject import ProbedModel
    from conformance.probe.trace import Edit, Site, Trace

CLOSED = 1e-3
"""Share of a leak that may be left where it counts as closed."""

NECESSARY = 8
"""Places of which each is tried by itself whether the leak needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a leak comes in.

    Attributes:
        site: The first operation whose inputs agree and whose result does not.
        before: Where that cannot be told: the last operation that agreed; the place is
            between it and ``site``.
        others: Further places of the same question.
        pattern: Which positions it changes, in a word.
        text: The same in a sentence.
        checked: Whether the leak closes with the other run's numbers at these places.
        mended: Whether it closes with padding set to zero before them; None is not
            tried.
        unmended: Questions that leak at the same place, and still do with that.
        share: The difference there, as a share of the largest value.
        groups: Every operation and line where the runs began to differ.
    """

    site: Site
    before: Site | None = None
    others: tuple[Site, ...] = ()
    pattern: str = ""
    text: str = ""
    checked: bool = False
    mended: bool | None = None
    unmended: tuple[str, ...] = ()
    share: float = 0.0
    groups: frozenset[object] = frozenset()


def locate(
    subject: ProbedModel, answer: ProbeAnswer, known: Sequence[Location] = ()
) -> Location | None:
    """Return where a leak comes in; None where nothing can be said.

    Args:
        subject: The model.
        answer: A leak, with its pair of arrangements.
        known: Places of other questions: what was checked there is not checked again.
    """
    search = _LeakSearch.start(subject, answer)
    if search is None:
        return None
    walk, left = search.walk()
    if not walk.origins:
        return _between(walk)
    groups = _groups(walk.origins)
    closed = left <= CLOSED * search.size
    if not closed and (walk.blind or search.size - left < CLOSED * search.size):
        # What is left came in where the runs could not be compared.
        return _between(walk, walk.origins[0].site)
    lines = frozenset(group[0].site.place[1:] for group in groups)
    same = next((each for each in known if closed and each.groups == lines), None)
    if same is not None:
        pattern, text = pattern_of(subject, answer, groups[0][0])
        # What mends one question need not mend another: zeros at padding are no other
        # numbers, but still padding.
        mended = search.mended(walk.origins)
        return replace(same, pattern=pattern, text=text, mended=mended)
    needed = groups
    if closed and 1 < len(groups) <= NECESSARY:
        needed = [group for group in groups if search.needs(group)] or groups
    first = needed[0][0]
    pattern, text = pattern_of(subject, answer, first)
    return Location(
        site=first.site,
        # What follows in the same module mostly hands on what came in before.
        others=tuple(
            group[0].site
            for group in needed[1:]
            if group[0].site.path != first.site.path
        ),
        pattern=pattern,
        text=text,
        checked=closed,
        mended=search.mended([each for group in needed for each in group]),
        share=first.size / first.scale if first.scale else 1.0,
        groups=lines,
    )


def _groups(origins: Sequence[Origin]) -> list[list[Origin]]:
    """Return origins by operation and line, in the order in which they came."""
    found: dict[object, list[Origin]] = {}
    for each in origins:
        found.setdefault(each.site.place[1:], []).append(each)
    return list(found.values())


def _between(walk: Walk, origin: Site | None = None) -> Location | None:
    """Return a place between two operations that could be compared.

    Args:
        walk: The walk.
        origin: An operation that differs although its inputs seemed to agree.
    """
    if walk.lost is None and not walk.unknown:
        return None
    first = walk.unknown[0] if walk.unknown else walk.lost
    last = origin or walk.lost or walk.unknown[-1]
    text = "the axes of what stands between cannot be told"
    return Location(site=last, before=first, pattern="between", text=text)


@dataclass(slots=True, kw_only=True)
class _LeakSearch:
    """The runs that a search compares."""

    subject: ProbedModel
    answer: ProbeAnswer
    output: Output
    runs: Runs
    mode: Mode
    size: float

    @classmethod
    def start(cls, subject: ProbedModel, answer: ProbeAnswer) -> _LeakSearch | None:
        """Trace the first run and the one that tells axes apart."""
        output = subject.output(answer.output)
        if output is None or answer.pair is None or answer.mode is None:
            return None
        exact = subject.exact and answer.mode.route == "eager"
        high = subject.framework.high if subject.high else answer.mode.dtype
        mode = replace(answer.mode, dtype=high, route="eager")
        one, other = answer.pair
        rows = _row(subject, output, answer, one, other)
        if rows is None:
            return None
        here, there, places, places_there = rows
        trace = subject.framework.trace

        def outline(arrangement: Arrangement) -> Trace:
            given = subject.given(arrangement)
            return trace(subject.model, given, mode, outline=True)

        structure = _structure(subject, one, other)
        lone = place((one.rows[here],), (len(places),), len(places))
        runs = Runs(
            first=trace(subject.model, subject.given(one), mode),
            # Of these two, shapes alone are looked at.
            structure=outline(structure),
            alone=outline(lone),
            arrangements=(one, other),
            other=structure,
            rows=(here, there),
            places=(places, places_there),
            tolerance=_tolerance(answer, exact=exact),
            sizes=subject.facts.sizes,
        )
        search = cls(
            subject=subject,
            answer=answer,
            output=output,
            runs=runs,
            mode=mode,
            size=0.0,
        )
        search.size = search.left(runs.first.outputs, outline(other).outputs)
        return search if search.size > 0 else None

    def left(self, one: dict[str, Array], other: dict[str, Array]) -> float:
        """Return what is left of the difference in the row that is looked at."""
        first, second = one[self.output.name], other[self.output.name]
        wanted = self.runs.arrangements[0].rows[self.runs.rows[0]]
        worst = 0.0
        for content, a, b in pairs(self.output, first, second, self.runs.arrangements):
            if content in {wanted, -1}:
                gap = abs(a.astype(float) - b.astype(float))
                finite = gap[gap == gap]  # noqa: PLR0124 - all but NaN
                worst = max(worst, float(finite.max(initial=0)))
                worst = worst if finite.size == gap.size else float("inf")
        return worst

    def walk(self, leave: Sequence[object] = ()) -> tuple[Walk, float]:
        """Walk the second run beside the first; return what is left of the leak."""
        walk = Walk(self.runs, leave)
        found = self.outputs(self.runs.arrangements[1], walk.edit)
        return walk, self.left(self.runs.first.outputs, found)

    def outputs(self, arrangement: Arrangement, edit: Edit) -> dict[str, Array]:
        """Return what an edited run of an arrangement gives."""
        given = self.subject.given(arrangement)
        trace = self.subject.framework.trace
        made = trace(self.subject.model, given, self.mode, edit, outline=True)
        return made.outputs

    def needs(self, group: Sequence[Origin]) -> bool:
        """Tell whether the leak stays when this place alone is left as it is."""
        _, left = self.walk([group[0].site.place[1:]])
        return left > CLOSED * self.size

    def mended(self, origins: Sequence[Origin]) -> bool | None:
        """Tell whether the leak closes with padding set to zero before the origins.

        It is None where that was not tried on all that goes in.
        """
        repair = Repair.before(self.runs, origins)
        if not repair.layouts:
            return None
        try:
            one, other = (
                self.outputs(each, repair.editor(each))
                for each in self.runs.arrangements
            )
        except Exception:  # noqa: BLE001 - a model may refuse zeros; the place stands
            return None
        closed = self.left(one, other) <= CLOSED * self.size
        return closed if closed or repair.whole else None


def _row(
    subject: ProbedModel,
    output: Output,
    answer: ProbeAnswer,
    one: Arrangement,
    other: Arrangement,
) -> Match | None:
    """Return a row with a difference, as both arrangements have it.

    The longest one shows best which positions change: a window may cover a short row.
    """
    if answer.mode is None:
        return None
    found = list(match(one, other))
    sizes = dict(subject.difference(output, one, other, answer.mode).rows)
    shows = [
        each for each in found if sizes.get(one.rows[each[0]], 0) > answer.size * 0.01
    ]
    return max(shows or found, key=lambda each: len(each[2]), default=None)


def _structure(
    subject: ProbedModel, one: Arrangement, other: Arrangement
) -> Arrangement:
    """Return a batch that has other sizes than both arrangements."""
    made = subject.structure
    taken = {one.time, other.time}
    if made.time in taken:
        lengths = [len(places) for places in made.places]
        longer = max(*taken, made.time) + 2
        made = place(made.rows, lengths, longer)
    return made


def _tolerance(answer: ProbeAnswer, *, exact: bool) -> float:
    """Return the share of a value's scale below which two runs agree there."""
    share = answer.size / answer.signal if answer.signal else 1.0
    if exact:
        return min(1e-9, max(share * 1e-3, 1e-13))
    return min(1e-4, max(share * 1e-2, 1e-6))
