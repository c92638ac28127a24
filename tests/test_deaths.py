"""What a run's processes died in: the next ones bury it, and every run has an end."""

from __future__ import annotations

import json
import os
from threading import Event
from typing import TYPE_CHECKING

import msgspec
import pytest

from conformance.adapters.load import read_declaration
from conformance.records import Footer, Header, Result, Writer
from conformance.records.text import OBSERVING
from conformance.records.writing import current_file
from conformance.run import catalogue
from conformance.run.deaths import Deaths
from conformance.run.launch import Order, _in_order, launch
from conformance.run.resume import death_file, read_deaths
from conformance.run.settings import Settings
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


PLAN = [f"masked_mean/{name}:float32:eager" for name in "abcd"]
MAX = ("masked_max/value:float32:eager", "masked_max/full-mask:float32:eager")


HEADER = Header(
    suite="0.1.0",
    specification="0.1.0",
    adapter="demo",
    framework="numpy",
    file="demo.py",
    versions={"numpy": "2.0.0"},
    environment={},
    level="core",
    seed=0,
    examples=1,
    planned=len(PLAN),
    operations=["masked_mean"],
    cases=0,
    cases_digest="",
    started="",
)


@pytest.fixture
def begun(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that begins a record and announces something in it."""

    def begin(done: Sequence[str], said: str | None) -> Path:
        path = tmp_path / "x.jsonl"
        with Writer(path) as writer:
            writer.header(HEADER)
            for each in done:
                writer.result(Result(check=each, outcome="passed"))
        if said is not None:
            current_file(path).write_text(said, encoding="utf-8")
        return path

    return begin


@pytest.mark.parametrize(
    ("done", "said", "blamed"),
    [
        (0, PLAN[0], PLAN[0]),
        (1, PLAN[1], PLAN[1]),
        (1, PLAN[2], PLAN[2]),  # what is announced may be any that is open
        (2, PLAN[1], ""),  # the last result: it died between two checks
        (2, PLAN[0], PLAN[2]),  # a lie
        (2, "nonsense", PLAN[2]),
        (2, "masked_max/a:float32:eager", PLAN[2]),
        (2, f"{OBSERVING}T = 0: masked_mean", PLAN[2]),
        (2, "", PLAN[2]),
        (2, None, ""),  # nothing was announced yet
        (4, f"{OBSERVING}T = 0: masked_mean", f"{OBSERVING}T = 0: masked_mean"),
        (4, "nonsense", ""),
    ],
)
def test_a_death_is_that_of_a_check_of_the_plan(
    done: int, said: str | None, blamed: str, begun: Callable[..., Path]
) -> None:
    path = begun(PLAN[:done], said)
    deaths = Deaths(path, lambda: PLAN)
    assert deaths.add("gone", "here") == blamed
    assert len(deaths) == bool(blamed)
    deaths.hand_over()
    assert [each.what for each in read_deaths(path)] == [blamed] * bool(blamed)


def test_what_was_announced_is_missed_where_a_process_has_begun(
    begun: Callable[..., Path],
) -> None:
    path = begun(PLAN[:1], None)
    deaths = Deaths(path, lambda: PLAN)
    assert deaths.add("at import", "") == ""
    assert deaths.add("it spoilt the record", "", harmed=True) == PLAN[1]
    begun(PLAN[:2], None)  # the error of the second
    assert deaths.add("at import", "") == ""
    begun(PLAN[:3], None)
    assert deaths.add("behind the third", "") == PLAN[3]


def test_without_a_plan_the_announced_name_is_believed(
    begun: Callable[..., Path],
) -> None:
    deaths = Deaths(begun(PLAN[:1], PLAN[3]), tuple)
    assert deaths.add("gone", "") == PLAN[3]
    assert deaths.add("gone again", "") == ""
    assert str(deaths) == f"{PLAN[3]}: gone"


def test_deaths_are_remembered_and_no_others_handed_over(
    begun: Callable[..., Path],
) -> None:
    path = begun([], PLAN[0])
    deaths = Deaths(path, lambda: PLAN)
    deaths.add("one", "")
    current_file(path).write_text(PLAN[1], encoding="utf-8")
    deaths.add("two", "")
    os.mkfifo(death_file(path))
    assert read_deaths(path) == ()
    deaths.hand_over()
    assert [each.message for each in read_deaths(path)] == ["one", "two"]
    assert len(Deaths(path, lambda: PLAN)) == 2
    death_file(path).write_text("[", encoding="utf-8")
    none = Deaths(path, lambda: PLAN)
    none.hand_over()
    assert not death_file(path).exists()


FORGES = """
import os

def masked_max(x, mask):
    {forge}
    os._exit(0)
"""


@pytest.mark.parametrize(
    ("forge", "planned"),
    [
        ("open({record!r} + '.current', 'w').write(str(os.getpid()))", True),
        ("open({record!r} + '.current', 'w').write(str(os.getpid()))", False),
        ("open({record!r} + '.current', 'w').write({check!r})", True),
        ("open({record!r}, 'w').write('{{')", True),
    ],
)
def test_who_lies_in_every_call_does_not_go_on_for_ever(
    forge: str,
    planned: bool,  # noqa: FBT001 - a parameter of the test
    written: Callable[..., Path],
) -> None:
    out = written("").with_name("out") / "wrong.jsonl"
    lie = forge.format(record=str(out), check=MAX[0])
    path = written(FORGES.format(forge=lie))
    settings = Settings(
        reference=str(path), record=out, selection=Selection(checks=MAX)
    )
    declaration = read_declaration(str(path))
    order = Order(
        settings=settings,
        plan=(lambda: catalogue.plan_run(declaration, settings)) if planned else tuple,
    )

    run = launch(order, lambda _finished, _planned: None, Event())

    assert {each.outcome for each in run.results} <= {"errored"}
    if planned:
        assert len(run.results) == 2
        assert run.complete
        assert not death_file(out).exists()
    else:
        assert run.problems


def test_a_process_that_dies_between_two_checks_is_mentioned(
    written: Callable[..., Path],
) -> None:
    path = written(
        """
import os
from conformance.run import session

def masked_max(x, mask):
    if not os.path.exists(__file__ + ".done"):
        open(__file__ + ".done", "w").close()
        after = session.Session._save
        def end(*arguments):
            session.Session._save = after
            session.Writer.announce = lambda *_: os._exit(9)
        session.Session._save = end
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, -np.inf).max(axis=1).astype(x.dtype)
"""
    )
    heard: list[str] = []
    settings = Settings(
        reference=str(path),
        record=path.with_name("out") / "wrong.jsonl",
        selection=Selection(checks=MAX),
    )
    order = Order(settings=settings, note=heard.append)
    run = launch(order, lambda _finished, _planned: None, Event())
    assert run.complete
    assert {each.outcome for each in run.results} == {"passed"}
    (said,) = heard
    assert said.endswith("exit status 9 between two checks; the run went on")
    assert json.loads(run.path.read_text(encoding="utf-8").splitlines()[-1])["complete"]


def test_a_lost_device_costs_the_check_that_lost_it_alone(
    written: Callable[..., Path],
) -> None:
    # As CUDA does after a kernel's failed assertion: it answers nothing any more.
    path = written(
        """
import os
from conformance.trial.frameworks import numpy as framework

LOST = []
framework.is_lost = lambda: bool(LOST)

def masked_max(x, mask):
    if not LOST and not os.path.exists(__file__ + ".done"):
        open(__file__ + ".done", "w").close()
        LOST.append(True)
    if LOST:
        raise RuntimeError("device-side assert triggered")
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, -np.inf).max(axis=1).astype(x.dtype)
"""
    )
    settings = Settings(
        reference=str(path),
        record=path.with_name("out") / "wrong.jsonl",
        selection=Selection(checks=MAX),
    )
    order = Order(settings=settings, note=lambda _: None)
    run = launch(order, lambda _finished, _planned: None, Event())
    assert run.complete
    outcomes = [each.outcome for each in run.results]
    assert outcomes.count("errored") == 1
    assert set(outcomes) == {"errored", "passed"}


@pytest.mark.parametrize(
    ("complete", "planned", "in_order"),
    [(True, 1, True), (False, 1, False), (False, 2, False), (None, 1, False)],
)
def test_a_run_is_in_order_when_its_record_says_that_every_check_has_an_outcome(
    complete: bool | None,  # noqa: FBT001 - a parameter of the test
    planned: int,
    in_order: bool,  # noqa: FBT001 - as above
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.jsonl"
    assert not _in_order(path)
    with Writer(path) as writer:
        assert not _in_order(path)
        writer.header(msgspec.structs.replace(HEADER, planned=planned))
        writer.result(Result(check=PLAN[0], outcome="passed"))
        if complete is not None:
            writer.footer(Footer(counts={"passed": 1}, complete=complete))
    assert _in_order(path) is in_order
