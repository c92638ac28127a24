"""Find what is to be probed, by the text that names it."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.probe.frameworks import (
    ProbeFramework,
    framework_of,
    is_known,
    made_by_prefix,
)
from conformance.probe.infer import TargetError
from conformance.specification.disk import is_file

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something to probe.

    Attributes:
        name: The text that names it.
        model: The module, layer, model or function.
        framework: Calls it.
        file: Where it is written; empty when that is not known.
        code: Lines that make it, for a stand-alone script; they end with ``model = ``.
        notes: What a reader should know of how it was made.
        besides: Versions of distributions that count beside the framework's.
    """

    name: str
    model: Any
    framework: ProbeFramework
    file: str = ""
    code: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    besides: Mapping[str, str] = field(default_factory=dict)

    @property
    def versions(self) -> dict[str, str]:
        """The versions that matter for what comes of it, by distribution."""
        return {**self.framework.versions(), **self.besides}

    @property
    def slug(self) -> str:
        """The name as it stands in check ids and file names."""
        return slug(self.name)


def slug(name: str) -> str:
    """Return a target's name as a check id can have it.

    >>> slug("mylib.models:encoder")
    'mylib.models.encoder'
    """
    where, colon, what = name.partition(":")
    if where.endswith(".py"):
        where = Path(where).stem
    plain = re.sub(r"[^A-Za-z0-9_.-]+", ".", f"{where}{colon}{what}").strip(".-")
    return re.sub(r"^[^A-Za-z0-9]+", "", plain) or "target"


def find(name: str, framework: str = "") -> Target:
    """Return what a text names.

    Args:
        name: ``package.module:object``, ``file.py:object``, ``hf:TYPE``,
            ``torch:LAYER`` or ``keras:LAYER``.
        framework: The framework's name, where a plain function does not show it.

    Raises:
        TargetError: There is no such thing, or nothing that can be called.
    """
    prefix, colon, rest = name.partition(":")
    maker = made_by_prefix(prefix) if colon else None
    if maker is not None:
        made = maker(rest)
        return Target(name=name, **made)
    if not colon or not rest:
        msg = (
            f"{name!r} names no object; write package.module:object, file.py:object, "
            "hf:TYPE, torch:LAYER or keras:LAYER"
        )
        raise TargetError(msg)
    module = load_module(prefix)
    found = _attribute(module, prefix, rest)
    model, made_here = _make(found, name)
    code = _code(prefix, rest, made=made_here)
    return wrap(model, name, framework, file=_file(found, module), code=code)


def wrap(
    model: Any,
    name: str = "",
    framework: str = "",
    *,
    file: str = "",
    code: tuple[str, ...] = (),
) -> Target:
    """Return an object as a target.

    Raises:
        TargetError: It cannot be called, or no framework takes it.
    """
    if not callable(model) and not is_known(model):
        msg = f"{name}: is a {type(model).__name__}, which cannot be called"
        raise TargetError(msg)
    shown = name or getattr(model, "__name__", type(model).__name__)
    return Target(
        name=shown,
        model=model,
        framework=framework_of(model, framework),
        file=file,
        code=code,
    )


def load_module(name: str) -> Any:
    """Import a module or a file.

    Raises:
        TargetError: It cannot be imported.
    """
    try:
        if name.endswith(".py"):
            return _load_file(Path(name))
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(name)
    except TargetError:
        raise
    except ModuleNotFoundError as error:
        msg = f"{name}: there is no module {error.name!r}; run it where it is installed"
        raise TargetError(msg) from error
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        text = " ".join(str(error).split())[:300]
        msg = f"{name}: importing it raised {type(error).__name__}: {text}"
        raise TargetError(msg) from error


def _load_file(path: Path) -> Any:
    if not is_file(path):
        msg = f"{path}: there is no such file"
        raise TargetError(msg)
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        msg = f"{path}: is no Python file"
        raise TargetError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def _attribute(module: Any, where: str, name: str) -> Any:
    found = module
    for part in name.split("."):
        if not hasattr(found, part):
            import difflib

            names = [each for each in dir(found) if not each.startswith("_")]
            close = difflib.get_close_matches(part, names, n=1)
            guess = f"; did you mean {close[0]!r}?" if close else ""
            msg = f"{where} has no {part!r}{guess}"
            raise TargetError(msg)
        found = getattr(found, part)
    return found


def _make(found: Any, name: str) -> tuple[Any, bool]:
    """Return the model; a factory is a callable that needs no argument."""
    if is_known(found) and not callable(found):
        return found, False
    if not callable(found):
        msg = f"{name}: is a {type(found).__name__}, which cannot be called"
        raise TargetError(msg)
    if not (inspect.isclass(found) or inspect.isfunction(found)):
        return found, False
    try:
        parameters = inspect.signature(found).parameters
    except (TypeError, ValueError):
        return found, False
    if needed := _needed_names(parameters):
        if inspect.isclass(found):
            msg = (
                f"{name}: is a class that needs {', '.join(needed)}; name an object, "
                f"or a function without arguments that makes one"
            )
            raise TargetError(msg)
        return found, False
    try:
        return found(), True
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        msg = f"{name}: making it raised {type(error).__name__}: {text}"
        raise TargetError(msg) from error


def _needed_names(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        each.name
        for each in parameters.values()
        if each.default is inspect.Parameter.empty and each.kind not in kinds
    ]


def _file(found: Any, module: Any) -> str:
    try:
        return inspect.getsourcefile(found) or ""
    except TypeError:
        return getattr(module, "__file__", "") or ""


def _code(prefix: str, name: str, *, made: bool) -> tuple[str, ...]:
    """Return the lines of a script that make the model."""
    call = f"{name}()" if made else name
    first = name.partition(".")[0]
    if not prefix.endswith(".py"):
        path = 'import sys; sys.path.insert(0, "")'
        return (path, f"from {prefix} import {first}", f"model = {call}")
    file = Path(prefix)
    return (
        f"import sys; sys.path.insert(0, {str(file.resolve().parent)!r})",
        f"from {file.stem} import {first}",
        f"model = {call}",
    )
