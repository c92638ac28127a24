"""Adapters by name, file and object; frameworks that are not there."""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from conformance.adapters import installed as installed_module
from conformance.adapters.installed import find_missing, find_versions, shared_folder
from conformance.adapters.load import known_file, load_adapter, read_declaration
from conformance.errors import AdapterError, UnknownNameError, UsageError
from conformance.operations import load_operations
from conformance.specification.declaration import Declaration
from conformance.trial.adapter import Adapter
from conformance.trial.frameworks import load_framework

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Written = Callable[..., Path]

VARIANTS = """\
# /// script
# [tool.mask-conformance]
# variants = { one = { framework = "numpy", variables = { MASK_TEST = "1" } } }
# ///
def masked_max(x, mask):
    return x
"""


class Object:
    declaration: Any = Declaration(
        name="own", framework="numpy", file="own:x", functions=("masked_max",)
    )

    def masked_max(self, x: Any, mask: Any) -> Any:
        return mask, x


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return an importable module to put objects in."""
    module = ModuleType("own")
    monkeypatch.setitem(sys.modules, "own", module)
    return module


def refused(reference: str) -> str:
    with pytest.raises(AdapterError) as caught:
        load_adapter(reference)
    return str(caught.value)


def test_a_built_in_adapter_is_found_by_its_name() -> None:
    found = load_adapter("numpy_reference")
    assert found.declaration.name == "numpy_reference"
    assert set(found.functions) == set(found.declaration.functions)


def test_an_unknown_name_lists_the_choices() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'numpy_reference'\?"):
        read_declaration("nunpy_reference")


def test_a_file_is_loaded_under_a_private_name(written: Written) -> None:
    path = written("def masked_max(x, mask):\n    return x\n", name="tempfile.py")
    found = load_adapter(str(path))
    assert found.function("masked_max").__module__ == "conformance._loaded.tempfile"
    assert getattr(sys.modules.get("tempfile"), "__file__", "") != str(path)


def test_what_is_mended_within_a_second_is_loaded(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    found = []
    for answer in ("1", "2"):
        path = written(
            f"NUMBER = {answer}\ndef masked_max(x, mask):\n    return NUMBER"
        )
        os.utime(path, (1, 1))
        found.append(load_adapter(str(path)).functions["masked_max"](0, 0))

    assert found == [1, 2]


def test_a_variant_is_named_and_its_variables_are_set(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MASK_TEST", raising=False)
    path = written(VARIANTS)
    assert load_adapter(f"{path}:one").declaration.name == "wrong:one"
    assert os.environ["MASK_TEST"] == "1"
    assert refused(f"{path}:two") == (
        f"unknown variant '{path}:two'; did you mean '{path}:one'? "
        f"choose from: {path}:one"
    )
    assert f"choose from: {path}:one" in refused(str(path))


def test_a_variant_may_have_a_file_of_known_differences_of_its_own(
    written: Written,
) -> None:
    path = written(VARIANTS)
    declaration = read_declaration(f"{path}:one")
    assert known_file(declaration) == path.with_suffix(".toml")

    own = path.with_suffix(".one.toml")
    own.touch()

    assert known_file(declaration) == own


def test_an_object_with_a_declaration_is_an_adapter(own: ModuleType) -> None:
    own.x = Object()  # type: ignore[attr-defined]
    assert load_adapter("own:x").function("masked_max")(1, 2) == (2, 1)


def test_an_object_without_a_declaration_is_refused(own: ModuleType) -> None:
    own.x = 3  # type: ignore[attr-defined]
    assert refused("own:x") == (
        "adapter 'own:x': declaration is NoneType, expected conformance.Declaration; "
        "give the object one"
    )


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("own:nothing", "AttributeError: module 'own' has no attribute 'nothing'"),
        ("no_such_module:x", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
@pytest.mark.usefixtures("own")
def test_an_object_that_is_not_there_is_refused(reference: str, why: str) -> None:
    assert refused(reference) == (
        f"adapter {reference!r} cannot be loaded: {why}; give a built-in adapter's "
        "name, a file, or package.module:object"
    )


def test_a_file_without_any_operation_is_refused(written: Written) -> None:
    path = written("def masked_meen(x, mask):\n    return x\n")
    found = [operation.function for operation in load_operations().values()]
    assert {"masked_mean", "build_birnn"} < set(found)
    assert refused(str(path)) == (
        f"{path}: defines masked_meen, expected at least one of {', '.join(found)}; "
        "define one with `def`, as docs/adapters.md shows"
    )


@pytest.mark.parametrize("text", ["raise SystemExit(0)", "1 / 0"])
def test_whatever_an_import_raises_is_named(text: str, written: Written) -> None:
    path = written(f"{text}\ndef masked_max(x, mask):\n    return x\n")
    assert refused(str(path)).startswith(f"{path}: cannot be imported: ")


def test_what_an_adapter_needs_is_named_with_how_to_get_it(written: Written) -> None:
    path = written("import nothing_\ndef masked_max(x, mask):\n    return x\n")
    assert refused(str(path)) == (
        f"{path}: needs nothing_, which is not installed; install the dependencies in "
        "its head"
    )


def test_a_dependency_that_is_no_requirement_is_refused(written: Written) -> None:
    head = '# dependencies = ["not ! one"]\n# [tool.mask-conformance]\n'
    path = written(
        f'# /// script\n{head}# framework = "numpy"\n# ///\n'
        "def masked_max(x, mask):\n    return x\n"
    )
    assert refused(str(path)) == (
        f"{path}: dependencies in the head has 'not ! one', expected a requirement "
        "such as 'numpy==2.4.6'; correct the head"
    )


def test_a_path_may_hold_a_colon(tmp_path: Path, written: Written) -> None:
    folder = tmp_path / "C:"
    folder.mkdir()
    path = folder / "mine.py"
    path.write_bytes(written("def masked_max(x, mask):\n    return x\n").read_bytes())
    assert read_declaration(str(path)).name == "mine"


def test_a_name_that_is_no_function_is_told_so() -> None:
    adapter = Adapter(
        declaration=Object.declaration,
        functions={"masked_max": 3},  # type: ignore[dict-item]
    )
    with pytest.raises(AdapterError, match="masked_max is of type int, expected a"):
        adapter.function("masked_max")


def test_a_framework_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "conformance.trial.frameworks.jax", None)
    with pytest.raises(
        UsageError, match=r"framework 'jax' cannot be imported: .*install it, or"
    ):
        load_framework("jax")


def test_what_is_missing_is_named_by_distribution() -> None:
    declaration = Declaration(
        name="x", framework="numpy", dependencies=("numpy>=2", "no-such-thing==1")
    )
    assert find_missing(declaration) == ["no-such-thing"]
    assert set(find_versions(declaration)) == {"numpy"}


def test_operations_stand_in_the_order_of_the_specification() -> None:
    found = list(load_operations().values())
    assert [each.name for each in found[:5]] == [
        "masked_mean",
        "masked_max",
        "masked_softmax",
        "masked_loss",
        "birnn",
    ]
    assert [each.number for each in found] == sorted({each.number for each in found})


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Make the engine believe that it lies in a folder with the given ones."""

    def make(*folders: str) -> Path:
        for folder in ("conformance", *folders):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        file = tmp_path / "conformance/adapters/installed.py"
        monkeypatch.setattr(installed_module, "__file__", str(file))
        return tmp_path

    return make


def test_the_packaged_folder_wins(installed: Callable[..., Path]) -> None:
    root = installed("conformance/_shared/adapters", "adapters")
    (root / "pyproject.toml").touch()
    assert shared_folder("adapters") == root / "conformance/_shared/adapters"


def test_a_checkouts_folder_counts_beside_its_project_file(
    installed: Callable[..., Path],
) -> None:
    root = installed("adapters")
    (root / "pyproject.toml").touch()
    assert shared_folder("adapters") == root / "adapters"


def test_somebody_elses_adapters_are_never_taken(
    installed: Callable[..., Path],
) -> None:
    root = installed("adapters")
    with pytest.raises(UsageError) as caught:
        shared_folder("adapters")
    packaged = root / "conformance/_shared/adapters"
    assert str(caught.value) == (
        f"no 'adapters' folder: looked in {packaged} and, as a checkout, in {root}; "
        "install mask-conformance again"
    )
