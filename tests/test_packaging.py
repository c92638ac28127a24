"""What is shipped, and that the shared folders are found where they lie."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance import loading
from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FRAMEWORKS = {"torch", "tensorflow", "jax", "keras"}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Make the engine believe that it lies in a folder with the given ones."""

    def make(*folders: str) -> Path:
        for folder in ("conformance", *folders):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.setattr(loading, "__file__", str(tmp_path / "conformance/a.py"))
        return tmp_path

    return make


def test_adapters_and_cases_are_packaged_under_a_private_name() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["only-include"] == ["conformance", "adapters", "cases"]
    assert wheel["sources"] == {
        "adapters": "conformance/_shared/adapters",
        "cases": "conformance/_shared/cases",
    }


def test_a_checkout_has_no_packaged_copy() -> None:
    assert not (ROOT / "conformance" / "_shared").exists()
    assert loading.shared("adapters") == ROOT / "adapters"


def test_no_dependency_names_a_framework() -> None:
    project = PROJECT["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["run"]]
    assert {name for name in FRAMEWORKS for line in lines if name in line} == set()


def test_the_packaged_folder_wins(installed: Callable[..., Path]) -> None:
    root = installed("conformance/_shared/adapters", "adapters")
    (root / "pyproject.toml").touch()
    assert loading.shared("adapters") == root / "conformance/_shared/adapters"


def test_a_checkouts_folder_counts_beside_its_project_file(
    installed: Callable[..., Path],
) -> None:
    root = installed("adapters")
    (root / "pyproject.toml").touch()
    assert loading.shared("adapters") == root / "adapters"


def test_somebody_elses_adapters_are_never_taken(
    installed: Callable[..., Path],
) -> None:
    root = installed("adapters")
    with pytest.raises(UsageError) as caught:
        loading.shared("adapters")
    packaged = root / "conformance/_shared/adapters"
    assert str(caught.value) == (
        f"no 'adapters' folder: looked in {packaged} and, as a checkout, in {root}"
    )
