"""A run in several processes, and on several machines, is one run."""

from __future__ import annotations

import json
from concurrent.futures import wait
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from conformance.adapters.load import read_declaration
from conformance.errors import IncompleteRunError
from conformance.records import read
from conformance.run import catalogue, parts
from conformance.run.launch import Order
from conformance.run.parts import Division, run_parts
from conformance.run.settings import Settings
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from subprocess import CompletedProcess

    from conformance.records import Run

    Command = Callable[..., CompletedProcess[str]]
    Written = Callable[..., Path]

ADAPTER = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return (np.where(wide, x, 0).sum(axis=1) / x.shape[1]).astype(x.dtype)

def masked_loss(predictions, targets, mask, *, kind, reduction):
    raise RuntimeError(kind)
"""
OPTIONS = ("--level", "core", "--dtype", "float32")


def lines(path: Path) -> list[dict[str, Any]]:
    """Return a record's lines without their times."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        plain = json.loads(line)
        for time in ("ms", "started", "ended"):
            plain.pop(time, None)
        found.append(plain)
    return found


def in_any_order(path: Path) -> list[str]:
    return sorted(json.dumps(line, sort_keys=True) for line in lines(path))


def test_four_shards_merged_and_two_processes_are_the_undivided_run(
    written: Written, command: Command, tmp_path: Path
) -> None:
    path = written(ADAPTER)
    whole = command("run", path, "-o", tmp_path / "whole", *OPTIONS)
    assert whole.returncode == 1
    want = tmp_path / "whole" / "wrong.jsonl"
    for number in range(1, 5):
        shard = ("--shard", f"{number}/4")
        command("run", path, "-o", tmp_path / "shards", *OPTIONS, *shard)
    records = sorted((tmp_path / "shards").glob("*.jsonl"))
    merged = tmp_path / "merged.jsonl"
    ended = command("merge", *records, "-o", merged)

    assert [record.name for record in records] == [
        f"wrong.{number}-of-4.jsonl" for number in range(1, 5)
    ]
    assert all(len(read(record).results) > 20 for record in records)
    assert ended.returncode == 0
    count = len(read(want).results)
    assert ended.stdout == f"{merged}: {count} of {count} checks\n"
    assert in_any_order(merged) == in_any_order(want)

    some = command("merge", *records[1:], "-o", merged)
    assert some.returncode == 3
    assert "INCOMPLETE: shard 1/4 is missing" in some.stdout
    assert not read(merged).complete
    assert command("gate", merged).returncode == 3

    both = command("run", path, "-o", tmp_path / "two", *OPTIONS, "-n", 2)
    assert both.returncode == 1
    assert lines(tmp_path / "two" / "wrong.jsonl")[:-1] == lines(want)[:-1]
    assert in_any_order(tmp_path / "two" / "wrong.jsonl") == in_any_order(want)
    assert sorted(each.name for each in (tmp_path / "two").iterdir()) == [
        "wrong.1-of-2.log",
        "wrong.2-of-2.log",
        "wrong.jsonl",
    ]


def ordered(path: Path, tmp_path: Path, *checks: str) -> tuple[Order, Any]:
    selection = catalogue.selection(checks=checks)
    every = catalogue.plan_checks(read_declaration(str(path)), selection)
    record = tmp_path / "out" / "wrong.jsonl"
    settings = Settings(reference=str(path), record=record, selection=selection)
    return Order(settings=settings), every


def nobody(finished: int, planned: int) -> None:
    """Follow nothing."""


def test_a_shard_of_nothing_is_a_complete_record_of_nothing(
    written: Written, tmp_path: Path
) -> None:
    order, every = ordered(
        written(ADAPTER), tmp_path, "masked_mean/value:float32:eager"
    )
    (number,) = [k for k in range(1, 4) if Shard(k, 3).holds(every[0])]
    division = Division(shard=Shard(number % 3 + 1, 3))
    run = run_parts(order, division, every, nobody, Event())

    assert run.complete
    assert run.results == ()
    assert (run.header.planned, run.header.whole) == (0, 1)


def test_a_shard_in_two_processes_stays_a_shard(
    written: Written, tmp_path: Path
) -> None:
    order, every = ordered(written(ADAPTER), tmp_path, "masked_loss*/value:float32:*")
    seen: list[tuple[int, int]] = []
    division = Division(shard=Shard(1, 2), parts=2)
    run = run_parts(order, division, every, lambda *at: seen.append(at), Event())
    mine = [check.id for check in every if Shard(1, 2).holds(check)]

    assert run.complete
    assert run.header.shard == "1/2"
    assert (run.header.planned, run.header.whole) == (len(mine), len(every))
    assert [result.check for result in run.results] == mine
    assert seen[-1] == (len(mine), len(mine))


def test_the_first_error_ends_the_other_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def launch(order: Order, _follow: object, stop: Event) -> Run:
        if order.settings.reference == "dies":
            msg = "died"
            raise IncompleteRunError(msg)
        assert stop.wait(30)
        msg = "stopped"
        raise IncompleteRunError(msg)

    monkeypatch.setattr(parts, "launch", launch)
    orders = [Order(settings=Settings(reference=name)) for name in ("dies", "waits")]
    with pytest.raises(IncompleteRunError, match="died"):
        parts._all(orders, nobody, Event())


def test_an_interrupt_stops_every_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[str] = []

    def launch(order: Order, _follow: object, stop: Event) -> str:
        assert stop.wait(30)
        stopped.append(order.settings.reference)
        return order.settings.reference

    def interrupted(_futures: Sequence[Any], **_how: object) -> Any:
        monkeypatch.setattr(parts, "wait", waited)
        raise KeyboardInterrupt

    waited = wait
    monkeypatch.setattr(parts, "launch", launch)
    monkeypatch.setattr(parts, "wait", interrupted)
    orders = [Order(settings=Settings(reference=name)) for name in ("one", "two")]
    stop = Event()

    given: Any = parts._all(orders, nobody, stop)
    assert given == ["one", "two"]
    assert stop.is_set()
    assert sorted(stopped) == ["one", "two"]
