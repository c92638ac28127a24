"""The process of a run: its environment, its death and what it said last."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.errors import IncompleteRunError, UsageError
from conformance.launch import Order, _death, _environment, _planned, _said, launch
from conformance.running import _arguments

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RIGHT = """
def masked_max(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, -np.inf).max(axis=1).astype(x.dtype)
"""


def order(path: Path, *options: str) -> Order:
    record = path.with_name("out") / "wrong.jsonl"
    return Order(reference=str(path), record=record, options=options)


def ignore(finished: int, planned: int) -> None:
    """Follow nothing."""


def test_a_run_is_followed_to_its_end(written: Callable[..., Path]) -> None:
    seen: list[tuple[int, int]] = []
    path = written(RIGHT)
    stale = path.with_name("out") / "wrong.jsonl.current"
    stale.parent.mkdir()
    stale.write_text("masked_max/value:float32:eager", encoding="utf-8")
    options = "--mask-check", "masked_max/*:float32:eager"

    run = launch(order(path, *options), lambda *state: seen.append(state))

    assert run.complete
    assert {result.outcome for result in run.results} == {"passed", "unsupported"}
    assert seen[-1] == (len(run.results), len(run.results))
    assert seen == sorted(seen, key=lambda state: state[0])
    assert not stale.exists()


def test_what_pytest_refuses_is_bad_use(written: Callable[..., Path]) -> None:
    with pytest.raises(UsageError) as caught:
        launch(order(written(RIGHT), "--mask-level", "cor"), ignore)
    assert str(caught.value) == (
        "unknown level 'cor'; did you mean 'core'? choose from: core, extended, robust"
    )


def test_a_death_while_loading_shows_the_last_lines(
    written: Callable[..., Path],
) -> None:
    path = written(f"import os\nprint('almost', flush=True)\nos._exit(7)\n{RIGHT}")
    with pytest.raises(IncompleteRunError) as caught:
        launch(order(path), ignore)
    log = path.with_name("out") / "wrong.log"
    assert str(caught.value) == (
        f"{path}: the process ended with exit status 7 before its first check; see "
        f"{log}\nalmost"
    )


def test_options_for_a_users_own_tests_do_not_reach_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--nonsense")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    mine = Order(reference="x", record=tmp_path / "x.jsonl", variables={"A": "b"})
    found = _environment(mine)
    assert "PYTEST_ADDOPTS" not in found
    assert (found["A"], found["TF_CPP_MIN_LOG_LEVEL"]) == ("b", "0")


def test_a_death_is_named_by_its_signal_or_its_status() -> None:
    assert _death(-9) == "the process was ended by SIGKILL"
    assert _death(3) == "the process ended with exit status 3"


@pytest.mark.parametrize(
    ("line", "planned"),
    [
        (json.dumps({"planned": 7}), 7),
        ("{}", 0),
        ("[]", 0),
        ("nonsense", 0),
        ('{"planned": null}', 0),
    ],
)
def test_the_planned_count_is_read_from_whatever_is_there(
    line: str, planned: int
) -> None:
    assert _planned(line.encode()) == planned


def test_the_log_gives_the_reason_or_its_end(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("noise\nERROR: first\nsecond\n", encoding="utf-8")
    assert _said(log) == "first\nsecond"
    log.write_bytes(b"\xff\x1b[31m" + b"".join(b"%d\n" % n for n in range(50)))
    assert _said(log).splitlines() == [str(n) for n in range(30, 50)]


def test_options_are_handed_on_by_name() -> None:
    options = {
        "level": "core",
        "operations": ("masked_mean", "birnn"),
        "dtypes": (),
        "routes": ("eager",),
        "checks": (),
        "examples": None,
        "seed": 3,
        "explore": 0,
    }
    assert _arguments(options) == [
        *("--mask-level", "core"),
        *("--mask-operation", "masked_mean", "--mask-operation", "birnn"),
        *("--mask-route", "eager", "--mask-seed", "3", "--mask-explore", "0"),
    ]
