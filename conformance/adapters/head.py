"""Read the head of an adapter file without importing the file.

PEP 723 (https://peps.python.org/pep-0723/) puts TOML into a comment block, which nox
and other tools read too; function names come from the syntax tree.
"""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from conformance.errors import AdapterError, UnknownNameError, UsageError
from conformance.operations import load_operations
from conformance.specification import (
    DTYPES,
    EMPTY_ROWS,
    MASK_FORMS,
    PADDINGS,
    PLACEMENTS,
    ROUTES,
)
from conformance.specification.corpus import parse_version
from conformance.specification.declaration import FRAMEWORKS, Declaration
from conformance.specification.device import read_device
from conformance.specification.disk import read_text
from conformance.specification.requirements import REQUIREMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_BLOCK = re.compile(
    r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$", re.MULTILINE
)
_TABLE = "tool.mask-conformance"

NAME = 40
"""Characters of a system's, a library's or a family's name."""

USUAL = "usual"
"""What an adapter declares that gives what the specification calls usual."""


def read_head(path: Path, *, listing: bool = False) -> dict[str, Declaration]:
    """Return what an adapter file declares, by name, one for each of its variants.

    Args:
        path: The file.
        listing: Whether to find names and the summary line by line. That takes a tenth
            of the time of the syntax tree, but does not check the syntax.

    Raises:
        AdapterError: The file or its head is invalid.
    """
    text = read_source(path)
    try:
        functions, summary = (_lines if listing else _tree)(text)
    except (SyntaxError, ValueError) as error:
        msg = f"{path}: cannot be read as Python: {error}; correct the file"
        raise AdapterError(msg) from None
    block = read_block(path, text)
    tools = _mapping(path, block.get("tool", {}), "tool")
    own = _mapping(path, tools.get("mask-conformance"), _TABLE)
    variants = _mapping(path, own.pop("variants", {}), f"{_TABLE}.variants")
    common = {"requires-python": ">=3.11", "dependencies": []}
    base = common | {key: block[key] for key in common if key in block} | own
    heads = {path.stem: base}
    if variants:
        heads = {
            f"{path.stem}:{name}": base
            | _mapping(path, head, f"{_TABLE}.variants.{name}")
            for name, head in variants.items()
        }
    return {
        name: _declaration(path, name, head, functions, summary)
        for name, head in heads.items()
    }


def read_source(path: Path) -> str:
    """Return an adapter file's text.

    Raises:
        AdapterError: It is missing, or cannot be read.
    """
    try:
        return read_text(path)
    except FileNotFoundError:
        msg = f"{path}: no such adapter file; give a path that exists"
        raise AdapterError(msg) from None
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read as Python: {error}; correct the file"
        raise AdapterError(msg) from None


@lru_cache(maxsize=8)  # by the text itself, so that what has changed is read anew
def _tree(text: str) -> tuple[tuple[str, ...], str]:
    """Return the public functions and the docstring's first line."""
    import ast  # not needed for listing

    tree = ast.parse(text)
    functions = tuple(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    )
    return functions, (ast.get_docstring(tree) or "").partition("\n")[0]


def _lines(text: str) -> tuple[tuple[str, ...], str]:
    """Return the same from the text, assuming formatted code."""
    functions = re.findall(r"(?m)^def ([a-zA-Z]\w*)\(", text)
    summary = re.search(r'(?m)^"""(.*?)(?:"""|$)', text)
    return tuple(functions), summary.group(1) if summary else ""


def read_block(path: Path, text: str) -> dict[str, Any]:
    """Return the ``# /// script`` block at the head of a file.

    Raises:
        AdapterError: There is none, or several, or it is not TOML.
    """
    blocks = list(_BLOCK.finditer(text.replace("\r\n", "\n")))
    if not blocks and "# /// script" in text:
        msg = (
            f"{path}: the `# /// script` head has no end, expected comment lines up to "
            f"`# ///`; start each of its lines with `#`"
        )
        raise AdapterError(msg)
    if len(blocks) != 1:
        msg = (
            f"{path}: {len(blocks)} `# /// script` heads, expected 1; start the file "
            f"with one that has a [{_TABLE}] table (see docs/adapters.md)"
        )
        raise AdapterError(msg)
    lines = blocks[0].group("content").splitlines()
    text = "\n".join(line.removeprefix("# ").removeprefix("#") for line in lines)
    try:
        return tomllib.loads(text)
    except RecursionError:
        msg = f"{path}: the head is nested too deep; correct the comment block"
        raise AdapterError(msg) from None
    except ValueError as error:
        msg = f"{path}: the head is not TOML: {error}; correct the comment block"
        raise AdapterError(msg) from None


def _declaration(
    path: Path,
    name: str,
    head: Mapping[str, Any],
    functions: tuple[str, ...],
    summary: str,
) -> Declaration:
    known = _READERS.keys()
    for key in head:
        if key not in known:
            msg = f"{path}: [{_TABLE}]: {UnknownNameError('key', key, known)}"
            raise AdapterError(msg)
    if "framework" not in head:
        msg = f"{path}: [{_TABLE}] has no framework; add one of {', '.join(FRAMEWORKS)}"
        raise AdapterError(msg)
    values = {
        key.replace("-", "_"): _READERS[key](path, key, value)
        for key, value in head.items()
    }
    values.setdefault("environment", name)
    offered = FRAMEWORKS[values["framework"]].routes
    for route in values.get("routes", ()):
        if route not in offered:
            what = f"{values['framework']} route"
            msg = f"{path}: routes: {UnknownNameError(what, route, offered)}"
            raise AdapterError(msg)
    declaration = Declaration(
        name=name, file=str(path), summary=summary, functions=functions, **values
    )
    if declaration.usual_form == "lengths" and declaration.placements != ("right",):
        told = f"{list(declaration.placements)}, but its masks are lengths alone"
        msg = (
            f"{path}: placements in the head is {told}, which say nothing of padding "
            'before a row\'s end; declare ["right"], or a boolean mask as well'
        )
        raise AdapterError(msg)
    return declaration


def _text(path: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _error(path, key, value, "a string")
    return value


def _name(path: Path, key: str, value: object) -> str:
    """Read what the report writes into a narrow column."""
    text = _text(path, key, value)
    if len(text) > NAME or not text.isprintable():
        raise _error(path, key, value, f"up to {NAME} printable characters")
    return text


def _texts(path: Path, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _error(path, key, value, "a list of strings")
    return tuple(_text(path, key, item) for item in value)


def _version(path: Path, key: str, value: object) -> str:
    text = _text(path, key, value)
    try:
        parse_version(text, key)
    except UsageError as error:
        raise _error(path, key, value, "a version such as '0.1.0'") from error
    return text


def _device(path: Path, key: str, value: object) -> str:
    text = _text(path, key, value)
    try:
        return read_device(text)
    except UsageError as error:
        raise _error(path, key, value, "cpu, cuda, cuda:N, gpu or mps") from error


def _one_of(choices: Iterable[str]) -> Callable[[Path, str, object], str]:
    listed = tuple(choices)

    def reader(path: Path, key: str, value: object) -> str:
        text = _text(path, key, value)
        if text not in listed:
            msg = f"{path}: {UnknownNameError(key, text, listed)}"
            raise AdapterError(msg)
        return text

    return reader


def _some_of(choices: Iterable[str]) -> Callable[[Path, str, object], tuple[str, ...]]:
    one = _one_of(choices)

    def reader(path: Path, key: str, value: object) -> tuple[str, ...]:
        texts = _texts(path, key, value)
        if not texts or len(set(texts)) != len(texts):
            raise _error(path, key, value, "one or more distinct names")
        return tuple(one(path, key, text) for text in texts)

    return reader


def _table(
    read_value: Callable[[Path, str, object], str],
) -> Callable[[Path, str, object], dict[str, str]]:
    def reader(path: Path, key: str, value: object) -> dict[str, str]:
        table = _mapping(path, value, key)
        return {
            glob: read_value(path, f"{key}.{glob}", item)
            for glob, item in table.items()
        }

    return reader


def _table_or_text(
    read_value: Callable[[Path, str, object], str],
) -> Callable[[Path, str, object], dict[str, str]]:
    """Read a table by variant glob, or one text for every variant."""
    by_glob = _table(read_value)

    def reader(path: Path, key: str, value: object) -> dict[str, str]:
        if isinstance(value, str):
            return {"*": read_value(path, key, value)}
        return by_glob(path, key, value)

    return reader


def _declared(
    what: Literal["empty", "padding"], read_value: Callable[[Path, str, object], str]
) -> Callable[[Path, str, object], dict[str, str]]:
    """Read the same; ``usual`` stands for what each variant's specification says."""
    by_glob = _table_or_text(read_value)

    def reader(path: Path, key: str, value: object) -> dict[str, str]:
        table = by_glob(path, key, value)
        own = {glob: text for glob, text in table.items() if text != USUAL}
        usual = {
            name: text
            for glob in table.keys() - own.keys()
            for name, text in _usual(what)
            if fnmatchcase(name, glob)
        }
        return own | {name: text for name, text in usual.items() if name not in own}

    return reader


@cache
def _usual(what: Literal["empty", "padding"]) -> tuple[tuple[str, str], ...]:
    """Return the variants that leave a choice, and what is usual of them."""
    variants = [
        variant
        for operation in load_operations().values()
        for variant in operation.variants
    ]
    if what == "empty":
        chosen = [each for each in variants if each.empty == "declared"]
        return tuple((each.name, each.usual_empty) for each in chosen)
    chosen = [each for each in variants if each.padding == "declared"]
    return tuple((each.name, each.usual_padding) for each in chosen)


def _required(path: Path, key: str, value: object) -> dict[str, tuple[str, ...]]:
    """Read a list of requirements by variant glob, or one for every variant."""
    some = _some_of(REQUIREMENTS)
    if not isinstance(value, dict):
        return {"*": some(path, key, value)}
    return {glob: some(path, f"{key}.{glob}", names) for glob, names in value.items()}


def _mapping(path: Path, value: object, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _error(path, key, value, "a table")
    return dict(value)


def _error(path: Path, key: str, value: object, wanted: str) -> AdapterError:
    got = "nothing" if value is None else repr(value)
    msg = f"{path}: {key} in the head is {got}, expected {wanted}; correct the head"
    return AdapterError(msg)


_READERS: Mapping[str, Callable[[Path, str, object], Any]] = {
    "requires-python": _text,
    "dependencies": _texts,
    "releases": _texts,
    "framework": _one_of(FRAMEWORKS),
    "environment": _text,
    "dtypes": _some_of(DTYPES),
    "routes": _some_of(ROUTES),
    "placements": _some_of(PLACEMENTS),
    "mask-forms": _some_of(MASK_FORMS),
    "empty": _declared("empty", _one_of((*EMPTY_ROWS, USUAL))),
    "padding": _declared("padding", _one_of((*PADDINGS, USUAL))),
    "zero-time": _table_or_text(_one_of(("empty-rows", "error"))),
    "zero-batch": _table_or_text(_one_of(("empty", "error"))),
    "subnormals": _table_or_text(_one_of(("kept", "flushed"))),
    "unsupported": _table(_text),
    "requires": _required,
    "variables": _table(_text),
    "corpus": _version,
    "system": _name,
    "library": _name,
    "family": _name,
    "role": _one_of(("system", "reference", "variant")),
    "device": _device,
}
