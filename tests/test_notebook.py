"""conformance.check(adapter), and adapters that libraries publish."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np
import pytest

import conformance
from conformance.adapters import load, published
from conformance.errors import AdapterError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
WRONG = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return (np.where(wide, x, 0).sum(axis=1) / x.shape[1]).astype(x.dtype)
"""


class Layers:
    """What mylib offers."""

    declaration = conformance.Declaration(name="a&b mylib", framework="numpy")

    @staticmethod
    def masked_max(x: Any, mask: Any) -> Any:
        keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
        return np.where(keep, x, -np.inf).max(axis=1).astype(x.dtype)


def test_an_object_is_checked_and_shows_itself_escaped() -> None:
    found = conformance.check(Layers(), keywords="value or layout")
    assert found
    assert found.clean
    assert found.failures == ()
    assert "passed" in str(found)
    page = found._repr_html_()
    assert "a&amp;b mylib" in page
    assert "#2e6b0e" in page


def test_a_file_s_failures_are_shown_with_their_line(
    written: Callable[..., Path],
) -> None:
    path = written(WRONG)
    found = conformance.check(path, operations="masked_mean", checks="*/value:*:eager")
    assert not found
    (failure,) = found.failures
    assert failure.check == "masked_mean/value:float32:eager"
    assert f"  at {path}:8" in str(found)
    assert "divides by T" in repr(found)
    assert "#a40000" in found._repr_html_()


def test_nothing_asked_is_no_green_answer() -> None:
    with pytest.raises(UsageError, match="no check is selected that can run"):
        conformance.check(Layers(), operations="birnn")
    with pytest.raises(UsageError, match="unknown operation"):
        conformance.check(Layers(), operations="masked_maximum")


def test_the_room_of_the_same_name_is_called_too() -> None:
    code = (
        "import conformance.check.runner, conformance\n"
        "found = conformance.check('numpy_reference', keywords='masked_mean/value')\n"
        "print(bool(found))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT
    )
    assert ended.stdout.strip() == b"True"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a library that publishes an adapter file and an object."""
    package = tmp_path / "mylib_of_a_test"
    package.mkdir()
    head = (
        '# /// script\n# dependencies = ["numpy"]\n# [tool.mask-conformance]\n'
        '# framework = "numpy"\n# ///\nimport numpy as np\n'
    )
    (package / "__init__.py").write_text("raise RuntimeError\n", encoding="utf-8")
    (package / "masking.py").write_text(head + WRONG, encoding="utf-8")
    info = tmp_path / "mylib-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: mylib\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        f"[{published.GROUP}]\nmy-lib = mylib_of_a_test.masking\n"
        "gone = mylib_of_a_test.nothing\nobject = tests_object:adapter\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return package / "masking.py"


def test_a_published_name_stands_for_a_file_that_is_not_imported(library: Path) -> None:
    assert published.list_published()["my-lib"] == "mylib_of_a_test.masking"
    assert load.resolve("my-lib") == str(library)
    assert load.resolve("my-lib:torch") == f"{library}:torch"
    assert load.resolve("object") == "tests_object:adapter"
    assert load.is_object("object")
    assert not load.is_object("my-lib")
    assert load.list_variants("my-lib") == ["my-lib"]
    declared = load.read_declaration("my-lib")
    assert (declared.name, declared.functions) == ("masking", ("masked_mean",))
    assert "mylib_of_a_test" not in sys.modules
    assert conformance.check("my-lib", keywords="masked_mean/value").failures


def test_built_in_names_and_files_cannot_be_taken_over(
    library: Path, tmp_path: Path
) -> None:
    info = tmp_path / "mylib-1.0.dist-info" / "entry_points.txt"
    info.write_text(f"[{published.GROUP}]\nnumpy_ma = mylib_of_a_test.masking\n")
    assert library.is_file()
    assert load.resolve("numpy_ma") == "numpy_ma"
    assert load.resolve("masking.py") == "masking.py"
    assert load.resolve("mylib.masking:adapter") == "mylib.masking:adapter"


@pytest.mark.usefixtures("library")
def test_a_published_module_that_is_gone_says_so() -> None:
    with pytest.raises(AdapterError) as caught:
        load.read_declaration("gone")
    assert "names the module mylib_of_a_test.nothing" in str(caught.value)
    with pytest.raises(UsageError, match="my-lib"):
        load.read_declaration("my-lip")


def test_a_library_in_a_zip_file_publishes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "mylib.zip"
    with ZipFile(archive, "w") as file:
        file.writestr("mylib-1.0.dist-info/METADATA", "Name: mylib\nVersion: 1.0\n")
        entry = f"[{published.GROUP}]\nzipped = mylib.masking\n"
        file.writestr("mylib-1.0.dist-info/entry_points.txt", entry)
    monkeypatch.syspath_prepend(str(archive))
    assert published.list_published() == {"zipped": "mylib.masking"}


def test_where_nobody_publishes_nothing_is_asked_of_the_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[console_scripts]\nother = other:main\n")
    (tmp_path / "silent-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "gone")])
    monkeypatch.setattr("importlib.metadata.entry_points", None)
    assert published.list_published() == {}
