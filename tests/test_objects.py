"""A library's own object as adapter: by its name, or handed over."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import conformance
from conformance.adapters.load import known_file, load_adapter, read_declaration
from conformance.errors import AdapterError
from conformance.suite import CheckFailed

if TYPE_CHECKING:
    from pathlib import Path


class Layers:
    """What a library offers.

    More of it.
    """

    declaration: Any = conformance.Declaration(name="layers", framework="numpy")

    def masked_max(self, x: Any, mask: Any) -> Any:
        keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
        return np.where(keep, x, -np.inf).max(axis=1).astype(x.dtype)

    def masked_sum(self, x: Any, mask: Any) -> Any:
        del mask
        return x.sum(axis=1)

    def helper(self) -> None:
        """Do nothing that is asked for."""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return an importable module with such an object in it."""
    made = ModuleType("mylib.testing")
    made.__file__ = str(tmp_path / "testing.py")
    made.layers = Layers()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mylib", ModuleType("mylib"))
    monkeypatch.setitem(sys.modules, "mylib.testing", made)
    return made


def checks(adapter: object, **options: Any) -> dict[str, Any]:
    mark: Any = conformance.parametrize_checks(adapter, level="core", **options)
    bound = [parameter.values[0] for parameter in mark.mark.args[1]]
    return {each.check.id: each for each in bound if hasattr(each, "check")}


def test_what_it_offers_is_read_from_the_object() -> None:
    found = load_adapter(Layers()).declaration
    assert found.functions == ("masked_max", "masked_sum")
    assert found.summary == "What a library offers."


def test_the_object_itself_is_checked() -> None:
    found = checks(Layers())
    found["masked_max/value:float32:eager"]()
    with pytest.raises(CheckFailed, match="again: mask-conformance run layers --check"):
        found["masked_sum/value:float32:eager"]()


def test_a_loaded_adapter_is_taken_as_it_is() -> None:
    adapter = load_adapter("numpy_reference")
    found = checks(adapter, operations=["masked_max"])
    found["masked_max/value:float32:eager"]()


@pytest.mark.usefixtures("module")
def test_by_its_name_it_can_be_run_again() -> None:
    found = checks("mylib.testing:layers")
    with pytest.raises(CheckFailed, match=r"run mylib.testing:layers --check"):
        found["masked_sum/value:float32:eager"]()


@pytest.mark.usefixtures("module")
def test_its_known_differences_stand_beside_the_module(tmp_path: Path) -> None:
    found = read_declaration("mylib.testing:layers")
    file = known_file(found)
    assert file == tmp_path / "testing.layers.toml"
    file.write_text(
        '[[known]]\nchecks = ["masked_sum/value:*"]\nkind = "failed"\nreason = "so"\n',
        encoding="utf-8",
    )
    with pytest.raises(pytest.xfail.Exception, match="known: so"):
        checks("mylib.testing:layers")["masked_sum/value:float32:eager"]()


def test_a_declaration_may_name_the_file() -> None:
    named = conformance.Declaration(
        name="layers", framework="numpy", known="tests/masking.toml"
    )
    assert str(known_file(named)) == "tests/masking.toml"


def test_an_object_that_lies_nowhere_has_its_file_in_the_tests_folder() -> None:
    assert str(known_file(Layers.declaration)) == "layers.toml"


@pytest.mark.parametrize("thing", [object(), 3])
def test_what_has_no_declaration_is_refused(thing: object) -> None:
    with pytest.raises(AdapterError, match=r"expected conformance.Declaration; give"):
        conformance.parametrize_checks(thing)


def test_an_object_without_operations_is_refused() -> None:
    class Empty:
        declaration = Layers.declaration

    with pytest.raises(AdapterError, match="expected at least one of masked_mean"):
        conformance.parametrize_checks(Empty())
