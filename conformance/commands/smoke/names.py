"""What an adapter's text says before it is imported: misnamed and hidden functions."""

from __future__ import annotations

import ast
import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.adapters.head import read_source
from conformance.operations import load_operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.specification.declaration import Declaration

CLOSE = 0.75
"""How alike two names are, of 1, for one to be taken for the other misspelt."""


def find_misnamed(declaration: Declaration) -> list[str]:
    """Return a complaint for each name in an adapter file that is not what it seems."""
    path = Path(declaration.file)
    if path.suffix != ".py":
        return []
    tree = ast.parse(read_source(path))
    wanted = [each.function for each in load_operations().values()]
    found = [*_functions(path, tree, wanted), *_find_hidden(path, tree, wanted)]
    return [*found, *_find_shadowed(path, tree, declaration)]


def _functions(path: Path, tree: ast.Module, wanted: list[str]) -> Iterator[str]:
    """Yield functions whose names are nearly those of an operation."""
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    missing = [name for name in wanted if name not in defined]
    for node in tree.body:
        where = f"{path}, line {node.lineno}"
        if isinstance(node, ast.AsyncFunctionDef) and node.name in wanted:
            yield (
                f"{where}: {node.name} is async, expected a plain function; write "
                f"`def {node.name}(...)`"
            )
        if not isinstance(node, ast.FunctionDef) or node.name in wanted:
            continue
        close = difflib.get_close_matches(node.name, missing, n=1, cutoff=CLOSE)
        if close and not node.name.startswith("_"):
            yield (
                f"{where}: {node.name} is no operation's function; did you mean "
                f"{close[0]}? Rename it, or start its name with _ if it is a helper"
            )


def _find_hidden(path: Path, tree: ast.Module, wanted: list[str]) -> Iterator[str]:
    """Yield operations that are there by name but not as functions of this file."""
    for node in tree.body:
        names: list[str] = []
        if isinstance(node, ast.Assign):
            names = [each.id for each in node.targets if isinstance(each, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        elif isinstance(node, ast.ImportFrom):
            names = [each.asname or each.name for each in node.names]
        elif isinstance(node, ast.ClassDef):
            names = [node.name]
        for name in names:
            if name in wanted:
                yield (
                    f"{path}, line {node.lineno}: {name} is not defined with `def`, so "
                    f"it is not seen; write `def {name}(...)` and call yours in it"
                )


def _find_shadowed(
    path: Path, tree: ast.Module, declaration: Declaration
) -> Iterator[str]:
    """Yield files here that would be imported instead of what is meant."""
    needed = {re.split(r"[^\w]", each)[0] for each in declaration.dependencies}
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    }
    for name in sorted(imported):
        here = path.with_name(f"{name}.py")
        own = name == path.stem
        if own or (name in {*needed, declaration.framework} and here.is_file()):
            yield (
                f"{path}: imports {name}, and {here} has that name; a reproducer would "
                f"import the wrong one: rename {here.name}"
            )
