"""Find an adapter by name, file or object, and load it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from conformance.adapters.head import read_head
from conformance.adapters.installed import (
    list_requirements,
    shared_folder,
)
from conformance.adapters.published import list_published, resolve_published
from conformance.errors import AdapterError, UnknownNameError, UsageError, describe
from conformance.operations import load_operations
from conformance.specification.declaration import Declaration
from conformance.specification.device import UNPLACED, Placement, kind_of
from conformance.specification.disk import is_file
from conformance.trial.adapter import Adapter
from conformance.trial.frameworks import load_framework

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def read_declarations() -> dict[str, Declaration]:
    """Return every built-in adapter's declaration, by name."""
    found: dict[str, Declaration] = {}
    for path in sorted(shared_folder("adapters").glob("*.py")):
        found |= read_head(path, listing=True)
    return found


def read_declaration(reference: str) -> Declaration:
    """Return what an adapter declares.

    Args:
        reference: A built-in adapter's name, the path of an adapter file (with
            ``:variant`` where it has some), or ``package.module:object``.

    Raises:
        AdapterError: It does not exist, or is not an adapter.
    """
    reference = resolve(reference)
    # The last colon: a path may hold others, such as C:\mine.py:torch.
    name, _, variant = reference.rpartition(":")
    if not name or reference.endswith(".py"):
        name, variant = reference, ""
    if name.endswith(".py"):
        return _choose(read_head(Path(name)), Path(name).stem, variant, name)
    path = shared_folder("adapters") / f"{name}.py"
    if is_file(path):
        return _choose(read_head(path), name, variant, str(path))
    if variant:
        return _object(reference)[0]
    if is_file(Path(f"{reference}.py")):
        msg = f"unknown adapter {reference!r}; did you mean the file {reference}.py?"
        raise AdapterError(msg)
    names = [*read_declarations(), *list_published()]
    raise UnknownNameError("adapter", reference, names)


def resolve(reference: str) -> str:
    """Return a reference with a published name replaced by what it stands for.

    Built-in names and files come first: nothing that is installed changes them.

    Raises:
        AdapterError: The name is published, and what it stands for is not there.
    """
    name = reference.partition(":")[0]
    builtin = is_file(shared_folder("adapters") / f"{name}.py")
    if builtin or reference.endswith(".py"):
        return reference
    return resolve_published(reference)


def list_variants(reference: str) -> list[str]:
    """Return an adapter, or all its variants where it has nothing but variants.

    Raises:
        AdapterError: Its file is missing, or is not an adapter.
    """
    whole = resolve(reference)
    path = Path(whole)
    if path.suffix != ".py":
        path = shared_folder("adapters") / f"{reference}.py"
        if not is_file(path):
            return [reference]
    heads = read_head(path)
    if path.stem in heads:
        return [reference]
    return [f"{reference}:{name.partition(':')[2]}" for name in heads]


def is_object(reference: str) -> bool:
    """Tell whether an adapter has to be imported for what it declares.

    >>> is_object("mine.py:torch"), is_object("numpy_ma"), is_object("mylib:adapter")
    (False, False, True)
    """
    reference = resolve(reference)
    name, _, variant = reference.rpartition(":")
    if reference.endswith(".py") or name.endswith(".py"):
        return False
    ours = shared_folder("adapters") / f"{name}.py"
    return bool(variant and name) and not is_file(ours)


def load_adapter(reference: object, placement: Placement = UNPLACED) -> Adapter:
    """Return an adapter, ready to be called.

    Args:
        reference: As for :func:`read_declaration`, or an object with a
            ``declaration`` and the functions.
        placement: Where its tensors and layers are.

    Raises:
        AdapterError: It cannot be imported, or has no operation to check.
        UsageError: There is no such device, or the adapter is on another one.
    """
    if not isinstance(reference, str):
        wrapped = _wrap_object(reference)
        _place(wrapped.declaration, placement)
        return wrapped
    found = read_declaration(reference)
    _need_function(found)
    list_requirements(found)
    os.environ.update(found.variables)
    # Before the file is imported: Keras and its like choose a device then.
    _place(found, placement)
    if Path(found.file).suffix == ".py":
        module: object = _file(Path(found.file))
    else:
        module = _object(resolve(reference))[1]
    functions = {name: getattr(module, name, None) for name in found.functions}
    return Adapter(
        declaration=found,
        functions=cast("dict[str, Callable[..., Any]]", functions),
    )


def known_file(found: Declaration) -> Path:
    """Return the TOML file of an adapter's known differences, next to the adapter.

    A variant may have its own file, ``keras_builtin.torch.toml``, which then lists all
    of its differences. The file of ``package.module:object`` is ``module.object.toml``
    next to the module, unless the declaration names another file.
    """
    if found.known:
        return Path(found.known)
    if found.file.endswith(".py"):
        common = Path(found.file).with_suffix(".toml")
        variant = found.name.partition(":")[2]
        own = common.with_suffix(f".{variant}.toml")
        return own if variant and own.is_file() else common
    module, _, name = found.file.partition(":")
    source = getattr(sys.modules.get(module), "__file__", None)
    # An object that was made on the spot lies nowhere: its test's folder has to do.
    beside = Path(source or f"{found.name}.py")
    return beside.with_name(
        f"{beside.stem}.{name}.toml" if name else f"{beside.stem}.toml"
    )


def displayed_path(found: Declaration) -> str:
    """Return an adapter's file as a report shows it."""
    path = Path(found.file)
    if path.parent == shared_folder("adapters"):
        return f"adapters/{path.name}"
    return str(path)


def _place(found: Declaration, placement: Placement) -> None:
    """Have the framework put tensors where the run, or the adapter, wants them."""
    pinned, asked = found.device, placement.device
    if pinned and asked and kind_of(pinned) != kind_of(asked):
        msg = (
            f"{found.file}: the adapter pins device {pinned!r} in its head, so it "
            f"cannot run with --device {asked}; leave --device out for it"
        )
        raise UsageError(msg)
    where = asked or pinned
    if where or placement.deterministic:
        framework = load_framework(found.framework)
        framework.place(where, deterministic=placement.deterministic)


def _choose(
    found: dict[str, Declaration], stem: str, variant: str, file: str
) -> Declaration:
    if stem in found and not variant:
        return found[stem]
    name = f"{stem}:{variant}" if variant else stem
    if name not in found:
        places = [each.replace(stem, file, 1) for each in found]
        choices = UnknownNameError("variant", name.replace(stem, file, 1), places)
        raise AdapterError(str(choices))
    return found[name]


def _need_function(found: Declaration) -> None:
    """Reject an adapter without any operation: its run would check nothing."""
    wanted = [operation.function for operation in load_operations().values()]
    if set(wanted).isdisjoint(found.functions):
        own = ", ".join(found.functions) or "no function"
        msg = (
            f"{found.file}: defines {own}, expected at least one of "
            f"{', '.join(wanted)}; define one with `def`, as docs/adapters.md shows"
        )
        raise AdapterError(msg)


class _Source(SourceFileLoader):
    """Reads an adapter as it is, and keeps no byte code of it."""

    def path_stats(self, path: Any) -> Any:
        # Byte code is told from its file by size and second of change: what is mended
        # within a second would be judged as it was before.
        raise OSError(path)


def _file(path: Path) -> ModuleType:
    """Import an adapter file under a private name, never as ``path.stem``."""
    from importlib.util import module_from_spec, spec_from_file_location

    _reach(path.absolute().parent, Path.cwd())
    name = f"conformance._loaded.{path.stem}"
    loader = _Source(name, str(path)) if path.suffix == ".py" else None
    spec = spec_from_file_location(name, path, loader=loader)
    if spec is None or spec.loader is None:
        msg = f"{path}: cannot be imported; give a Python file"
        raise AdapterError(msg)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as error:
        msg = (
            f"{path}: needs {error.name}, which is not installed; install the "
            "dependencies in its head"
        )
        raise AdapterError(msg) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        msg = (
            f"{path}: cannot be imported: {describe(error)}; run "
            f"`python {path.name}` to see where"
        )
        raise AdapterError(msg) from error
    return module


def _reach(*folders: Path) -> None:
    """Let an adapter import what lies beside it, but nothing instead of a library."""
    for folder in map(str, folders):
        if folder not in sys.path:
            sys.path.append(folder)


def _object(reference: str) -> tuple[Declaration, object]:
    module, _, name = reference.partition(":")
    _reach(Path.cwd())
    try:
        found = getattr(import_module(module), name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        msg = (
            f"adapter {reference!r} cannot be loaded: {describe(error)}; "
            f"give a built-in adapter's name, a file, or package.module:object"
        )
        raise AdapterError(msg) from error
    return _complete_declaration(found, reference), found


def _wrap_object(found: object) -> Adapter:
    """Return an adapter made from a library's own object."""
    if isinstance(found, Adapter):
        return found
    declared = _complete_declaration(found, "")
    _need_function(declared)
    functions = {name: getattr(found, name, None) for name in declared.functions}
    return Adapter(
        declaration=declared,
        functions=cast("dict[str, Callable[..., Any]]", functions),
    )


def _complete_declaration(found: object, reference: str) -> Declaration:
    """Return an object's declaration, with missing fields filled in from the object."""
    declared = getattr(found, "declaration", None)
    if not isinstance(declared, Declaration):
        msg = (
            f"adapter {reference or found!r}: declaration is "
            f"{type(declared).__name__}, "
            f"expected conformance.Declaration; give the object one"
        )
        raise AdapterError(msg)
    offered = [each.function for each in load_operations().values()]
    has = tuple(name for name in offered if callable(getattr(found, name, None)))
    return replace(
        declared,
        file=reference or declared.file,
        functions=declared.functions or has,
        summary=declared.summary or (found.__doc__ or "").partition("\n")[0],
    )
