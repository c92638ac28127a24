"""One adapter's run in several processes at once, and one record at its end.

Each process has a shard of the checks and a record of its own beside the run's,
`NAME.jsonl.1-of-4`; all of them become one when they have ended, or are stopped.
"""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from glob import escape
from threading import Event
from typing import TYPE_CHECKING

import msgspec

from conformance.records import Run, merge, read, write
from conformance.records.writing import forget
from conformance.run.launch import Order, launch
from conformance.run.lock import lock
from conformance.run.resume import death_file
from conformance.specification.disk import is_there
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from conformance.specification.selection import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """The division of a run into parts.

    Attributes:
        shard: Which part of it is run here.
        parts: How many processes share that.
        resume: Whether to go on where an earlier run ended.
    """

    shard: Shard = field(default_factory=Shard)
    parts: int = 1
    resume: bool = False


def run_parts(
    order: Order,
    division: Division,
    every: Sequence[Check],
    follow: Callable[[int, int], None],
    stop: Event,
) -> Run:
    """Run an order in some processes and return its one record.

    Args:
        order: What to run.
        division: How it is divided.
        every: All its checks, of all shards.
        follow: Called with finished and planned checks while the run goes on.
        stop: Set when the user wants no more; a keyboard interrupt sets it.

    Raises:
        ConformanceError: As `launch`; the other processes are stopped then.
    """
    with lock(order.record):
        return _run_parts(order, division, every, follow, stop)


def _run_parts(
    order: Order,
    division: Division,
    every: Sequence[Check],
    follow: Callable[[int, int], None],
    stop: Event,
) -> Run:
    earlier = _parts_of(order.record)
    if division.resume:
        found = [each for each in (order.record, *earlier) if is_there(each)]
        order = order.asking(resume=tuple(found))
    else:
        _remove(earlier)
    if division.parts == 1:
        (run,) = _all([order.asking(shard=division.shard)], follow, stop)
        _remove(earlier)
        return run
    mine = [check for check in every if division.shard.holds(check)]
    shards = [
        shard
        for shard in division.shard.divide(division.parts)
        if any(map(shard.holds, mine))
    ]
    order.record.parent.mkdir(parents=True, exist_ok=True)
    orders = [
        order.asking(shard=shard, record=_part(order.record, shard)) for shard in shards
    ]
    runs = _all(orders, follow, stop)
    whole = _join(runs, division.shard, [check.id for check in mine], len(every))
    _put(replace(whole, path=order.record))
    _remove(_parts_of(order.record))
    return read(order.record)


def _part(record: Path, shard: Shard) -> Path:
    return record.with_name(f"{record.name}.{shard.number}-of-{shard.of}")


def _parts_of(record: Path) -> list[Path]:
    found = record.parent.glob(f"{escape(record.name)}.*-of-*")
    return sorted(path for path in found if path.suffix[1:2].isdigit())


def _remove(parts: Sequence[Path]) -> None:
    for path in parts:
        forget(path)
        for each in (path, death_file(path)):
            each.unlink(missing_ok=True)


def _all(
    orders: Sequence[Order], follow: Callable[[int, int], None], stop: Event
) -> list[Run]:
    """Launch orders side by side and return their records."""
    states, halt = [(0, 0)] * len(orders), Event()

    def watch(number: int) -> Callable[[int, int], None]:
        def note(finished: int, planned: int) -> None:
            states[number] = finished, planned

        return note

    with ThreadPoolExecutor(len(orders)) as pool:
        futures = [
            pool.submit(launch, each, watch(number), halt)
            for number, each in enumerate(orders)
        ]
        cut = orders[0].settings.exitfirst
        while not _have_ended(futures, halt, stop, cut=cut):
            follow(sum(done for done, _ in states), sum(every for _, every in states))
    follow(sum(done for done, _ in states), sum(every for _, every in states))
    return [future.result() for future in futures]


def _have_ended(
    futures: Sequence[Future[Run]], halt: Event, stop: Event, *, cut: bool
) -> bool:
    """Wait a little; tell whether every launch has ended, or halt what goes on.

    Args:
        futures: The launches.
        halt: Set to end those that go on.
        stop: Set where the user wants no more.
        cut: Whether a run that a failure ended, as `-x` asks, ends the others.
    """
    try:
        ended, open_ = wait(futures, timeout=0.1, return_when=FIRST_EXCEPTION)
    except KeyboardInterrupt:
        stop.set()
        halt.set()
        return False
    if any(future.exception() or (cut and _is_cut(future)) for future in ended):
        halt.set()
    return not open_


def _is_cut(future: Future[Run]) -> bool:
    return not future.result().complete


def _join(runs: Sequence[Run], shard: Shard, order: Sequence[str], every: int) -> Run:
    """Return the parts' runs as one, its results in the order of the plan."""
    alone = [
        replace(run, header=msgspec.structs.replace(run.header, shard="", whole=0))
        for run in runs
    ]
    merged = merge(alone)
    place = {check: at for at, check in enumerate(order)}
    part = {} if shard.whole else {"shard": str(shard), "whole": every}
    return replace(
        merged,
        header=msgspec.structs.replace(merged.header, **part),
        results=tuple(sorted(merged.results, key=lambda each: place[each.check])),
    )


def _put(run: Run) -> None:
    """Write a run's record in one step."""
    fresh = run.path.with_name(run.path.name + ".new")
    try:
        write(run, fresh)
        fresh.replace(run.path)
    finally:
        fresh.unlink(missing_ok=True)
