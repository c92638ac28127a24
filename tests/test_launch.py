"""The process of a run: its environment, its death and what it said last."""

from __future__ import annotations

import os
from threading import Event
from typing import TYPE_CHECKING

import pytest

from conformance.errors import IncompleteRunError, UsageError
from conformance.run.launch import Order, clean_environment, launch
from conformance.run.settings import Settings
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RIGHT = """
def masked_max(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, -np.inf).max(axis=1).astype(x.dtype)
"""


def order(path: Path, *checks: str) -> Order:
    settings = Settings(
        reference=str(path),
        record=path.with_name("out") / "wrong.jsonl",
        selection=Selection(checks=checks),
    )
    return Order(settings=settings)


def ignore(finished: int, planned: int) -> None:
    """Follow nothing."""


def test_a_run_is_followed_to_its_end(written: Callable[..., Path]) -> None:
    seen: list[tuple[int, int]] = []
    path = written(RIGHT)
    stale = path.with_name("out") / "wrong.jsonl.current"
    stale.parent.mkdir()
    stale.write_text("masked_max/value:float32:eager", encoding="utf-8")

    run = launch(
        order(path, "masked_max/*:float32:eager"),
        lambda *state: seen.append(state),
        Event(),
    )

    assert run.complete
    assert {result.outcome for result in run.results} == {"passed", "unsupported"}
    offered = [each for each in run.results if each.outcome != "unsupported"]
    assert seen[-1] == (len(offered), len(run.results))
    assert 1 < len(offered) < len(run.results)
    assert seen == sorted(seen, key=lambda state: state[0])
    assert not stale.exists()


def test_what_pytest_refuses_is_bad_use(written: Callable[..., Path]) -> None:
    with pytest.raises(UsageError) as caught:
        launch(order(written("x = 1\n")), ignore, Event())
    assert "defines no function, expected at least one of" in str(caught.value)


SPOILS = """
from pathlib import Path

def masked_max(x, mask):
    mark = Path(__file__ + ".done")
    if not mark.exists():
        mark.touch()
        Path({record!r}).write_text({text!r})
        os._exit(0)
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(wide, x, -np.inf).max(axis=1).astype(x.dtype)
"""


@pytest.mark.parametrize("text", ["", "{", "{}\n"])
def test_a_record_spoilt_before_it_was_read_costs_one_check(
    text: str,
    written: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The first look at the record is after the process has ended.
    monkeypatch.setattr(
        "conformance.run.process.sleep",
        lambda _seconds: os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT),
    )
    record = order(tmp_path / "wrong.py").record
    path = written("import os\n" + SPOILS.format(record=str(record), text=text))

    run = launch(order(path), ignore, Event())

    assert run.complete
    (bad,) = [result for result in run.results if result.outcome == "errored"]
    assert "exit status 0; it had changed or removed" in bad.message
    assert sum(result.outcome == "passed" for result in run.results) > 10


def test_a_death_while_loading_shows_the_last_lines(
    written: Callable[..., Path],
) -> None:
    path = written(f"import os\nprint('almost', flush=True)\nos._exit(7)\n{RIGHT}")
    with pytest.raises(IncompleteRunError) as caught:
        launch(order(path), ignore, Event())
    log = path.with_name("out") / "wrong.log"
    assert str(caught.value) == (
        f"{path}: the process ended with exit status 7 before its first check; see "
        f"{log}\nalmost"
    )


def test_options_for_a_users_own_tests_do_not_reach_a_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--nonsense")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.setenv("PYTEST_PLUGINS", "nonsense")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "")
    found = clean_environment()
    assert not {"PYTEST_ADDOPTS", "PYTEST_PLUGINS"} & set(found)
    assert found["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] == "1"
    assert found["TF_CPP_MIN_LOG_LEVEL"] == "0"
