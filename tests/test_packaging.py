"""What is built and installed: one import package, adapters and cases inside it."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]


def test_adapters_never_become_a_package() -> None:
    assert list((ROOT / "adapters").rglob("__init__.py")) == []
    assert list((ROOT / "cases").rglob("*.py")) == []


def test_a_checkout_has_no_packaged_copies() -> None:
    # They would win over the checkout's own, and hide what is being worked on.
    assert not (ROOT / "conformance" / "_shared").exists()


def test_the_wheel_takes_adapters_and_cases_into_the_package() -> None:
    rooms = ["conformance", "adapters", "cases"]
    assert WHEEL["only-include"] == rooms
    assert WHEEL["sources"] == {
        "adapters": "conformance/_shared/adapters",
        "cases": "conformance/_shared/cases",
    }


def test_no_framework_is_required() -> None:
    project = PROJECT["project"]
    extras = [
        each for group in project["optional-dependencies"].values() for each in group
    ]
    names = " ".join([*project["dependencies"], *extras])
    for framework in ("torch", "tensorflow", "jax", "keras"):
        assert framework not in names


def test_listing_needs_no_numpy() -> None:
    assert not [need for need in PROJECT["project"]["dependencies"] if "numpy" in need]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and return the names of its files."""
    building = pytest.importorskip("hatchling.builders.wheel")
    folder = tmp_path_factory.mktemp("wheel")
    builder = building.WheelBuilder(str(ROOT))
    (built,) = builder.build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_one_import_package(wheel: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"conformance"}


def test_the_wheel_holds_every_adapter_case_and_template(wheel: set[str]) -> None:
    for room in ("adapters", "cases"):
        own = [path for path in (ROOT / room).rglob("*") if path.suffix in KEPT]
        want = {
            f"conformance/_shared/{path.relative_to(ROOT).as_posix()}" for path in own
        }
        assert own
        assert want - wheel == set()
    report = ROOT / "conformance" / "report"
    files = [
        path for path in report.rglob("*") if path.suffix in {".html", ".css", ".js"}
    ]
    assert files
    assert {path.relative_to(ROOT).as_posix() for path in files} - wheel == set()
    assert "conformance/py.typed" in wheel
    assert "conformance/commands/mistakes.json" in wheel


KEPT = {".py", ".json", ".toml"}
