"""What is built and installed: one import package, adapters and cases inside it."""

from __future__ import annotations

import re
import tarfile
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


def test_the_sdist_holds_what_builds_tests_and_explains_the_wheel(
    tmp_path: Path,
) -> None:
    building = pytest.importorskip("hatchling.builders.sdist")
    (built,) = building.SdistBuilder(str(ROOT)).build(
        directory=str(tmp_path), versions=["standard"]
    )
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"}
    assert names >= {"noxfile.py", "tests/conftest.py", "docs/index.md", "action.yml"}
    assert {name for name in names if name.startswith("reports/")} <= {
        *("reports/README.md", "reports/history.jsonl", "reports/bits.jsonl"),
    }
    assert not {name for name in names if name.startswith((".nox", ".venv", ".git/"))}


def test_the_project_s_own_address_is_set_once_and_used_everywhere() -> None:
    urls = PROJECT["project"]["urls"]
    own = urls["Repository"].removeprefix("https://github.com/")
    assert all(f"github.com/{own}" in each for each in urls.values())
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*.yml")]
    pages += [*(ROOT / "examples").rglob("*.md"), *(ROOT / "examples").rglob("*.yml")]
    whole = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    named = re.findall(r"(?:uses: |github\.com/)([\w.-]+/mask-conformance)\b", whole)
    assert len(named) >= 2
    assert set(named) == {own}
    assert "OWNER" not in whole


def test_what_pip_shows_is_complete() -> None:
    project = PROJECT["project"]
    assert project["license"] == "Apache-2.0"
    assert [
        name for name in project["license-files"] if not (ROOT / name).is_file()
    ] == []
    assert project["scripts"]["mask-conformance"] == "conformance.commands.cli:main"
    # `pipx run mask-conformance` starts the command of the distribution's name.
    assert project["name"] in project["scripts"]


KEPT = {".py", ".json", ".toml"}
