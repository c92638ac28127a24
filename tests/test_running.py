"""Several adapters in one command."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.commands import run
from conformance.errors import AdapterError, IncompleteRunError, UsageError
from conformance.run.parts import Division
from conformance.run.process import Limits
from conformance.run.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ASKED = (Settings(reference=""), Division(), Limits())
RIGHT = "def masked_mean(x, mask):\n    return x\n"


def ended(name: str) -> Any:
    return SimpleNamespace(header=SimpleNamespace(adapter=name))


def test_a_second_adapter_of_one_name_would_replace_the_record(
    written: Callable[[str], Path],
) -> None:
    path = written(RIGHT)
    assert run._read_unrun(str(path), [ended("other")]).name == "wrong"
    with pytest.raises(UsageError) as caught:
        run._read_unrun(str(path), [ended("wrong")])
    assert str(caught.value) == (
        f"{path}: its record would replace that of another adapter 'wrong'; run it "
        "separately with another -o, or rename it"
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [(AdapterError("broken"), 2), (IncompleteRunError("died"), 3)],
)
def test_what_goes_wrong_with_one_adapter_is_said_and_decides_the_status(
    error: Exception, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def launch(*_given: object) -> None:
        raise error

    monkeypatch.setattr(run, "run_parts", launch)
    said: list[str] = []
    names = ("numpy_reference", "nothing_like_it")
    found = run.run(names, tmp_path, *ASKED, said.append)

    assert found == status
    assert said[0] == f"error: {error}"
    assert said[1].startswith("error: unknown adapter 'nothing_like_it'; choose from:")


def test_after_an_interrupt_no_further_adapter_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*given: Any) -> None:
        given[-1].set()
        msg = "the run was stopped"
        raise IncompleteRunError(msg)

    monkeypatch.setattr(run, "run_parts", stopped)
    said: list[str] = []
    names = ("numpy_reference", "numpy_ma")
    assert run.run(names, tmp_path, *ASKED, said.append) == 3
    assert said == [
        "error: the run was stopped",
        "error: numpy_ma: not run, stopped before",
    ]


def test_without_the_extra_a_run_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "conformance.adapters.installed.find_release",
        lambda name: "1" * (name == "numpy"),
    )
    with pytest.raises(UsageError) as caught:
        run.run((), tmp_path, *ASKED, print)
    assert str(caught.value) == (
        "running needs hypothesis, ml-dtypes, pytest; install them with "
        '`pip install "mask-conformance[run]"`'
    )


def test_adapters_that_cannot_run_here_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "conformance.adapters.installed.find_release",
        lambda name: "1" * (name in {"numpy", "ml_dtypes"}),
    )
    said: list[str] = []
    assert run._find_installed(said.append) == ["numpy_ma", "numpy_reference"]
    assert "left out: torch_reference (torch not installed)" in said

    monkeypatch.setattr("conformance.adapters.installed.find_release", lambda _name: "")
    with pytest.raises(UsageError, match="no adapter can run: no framework is inst"):
        run._find_installed(said.append)
