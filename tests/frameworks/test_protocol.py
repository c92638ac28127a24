"""Every framework module has the functions of the protocol, in its order."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from conformance.specification.declaration import FRAMEWORKS

FOLDER = Path(__file__).parents[2] / "conformance" / "trial" / "frameworks"


def functions(body: list[ast.stmt]) -> list[str]:
    """Name the functions of a module: its own, and those it takes as they are."""
    names = []
    for node in body:
        match node:
            case ast.FunctionDef(name=name):
                names.append(name)
            case ast.Assign([ast.Name(name)], ast.Attribute(ast.Name("devices"), attr)):
                names.append(name if name == attr else f"{name} = {attr}")
    return [name for name in names if not name.startswith("_")]


def protocol() -> list[str]:
    tree = ast.parse((FOLDER / "__init__.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return functions(next(node for node in classes if node.name == "Framework").body)


def test_every_framework_has_a_module_and_no_other_has() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert files == set(FRAMEWORKS)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_module_has_the_functions_of_the_protocol_in_its_order(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    assert functions(tree.body) == protocol()


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_what_planning_believes_of_a_framework_is_so(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in {"NAME", "ROUTES", "GRADIENTS"}
    }
    traits = FRAMEWORKS[name]
    assert values["NAME"] == name
    assert values["ROUTES"] == traits.routes
    assert values["GRADIENTS"] == traits.gradient
