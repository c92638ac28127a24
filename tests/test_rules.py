"""What the engine may import and do, held by its own source."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance.operations import load_operations
from conformance.specification.laws import LAWS

ROOT = Path(__file__).parents[1]
ENGINE = Path(conformance.__file__).parent
FRAMEWORKS = {"torch", "tensorflow", "jax", "keras"}
HEAVY = {*FRAMEWORKS, "numpy", "hypothesis", "pytest", "mpmath", "ml_dtypes"}
ROOMS = (
    *("errors", "specification", "records", "trial", "operations", "adapters"),
    *("cases", "gate", "strategies", "check", "report", "run", "probe"),
    *("pytest_plugin", "suite", "commands", "__init__"),
)
"""The rooms from the ground up: imports run down only."""

WITHOUT_NUMPY = ("specification/", "records/", "gate/", "report/", "errors.py")
"""What imports nothing heavy, not even inside a function."""

DYNAMIC = {"importlib", "importlib.util", "runpy", "imp", "pkgutil"}
LIGHT = (
    *WITHOUT_NUMPY,
    *("commands/__init__", "commands/cli", "commands/terminal", "commands/mistakes"),
    *("commands/run", "commands/report", "commands/gate", "commands/diff"),
    *(
        "commands/probe",
        "commands/merge",
        "commands/known",
        "commands/explain",
        "commands/validate",
    ),
    *("commands/new_adapter/", "commands/smoke/__init__", "commands/smoke/names"),
    *("commands/pages/commands", "commands/pages/specification"),
    *("adapters/", "trial/__init__", "trial/adapter", "operations/__init__"),
    *("cases/__init__", "cases/model", "cases/files", "cases/validate"),
    *("run/__init__", "run/catalogue", "run/replay", "run/resume", "run/launch"),
)
"""What imports nothing heavy at its top, so that commands work and start without."""

SPECIFICATION = re.compile(r"operations/[a-z]\w*/__init__\.py")
ENTRIES = 17
"""Entries of the package at most, beside the marker py.typed."""
COMMANDS = f"""
import sys
from conformance.commands.cli import main
golden = {str(ROOT / "tests" / "golden" / "torch.jsonl")!r}
for arguments in (
    ["adapters"],
    ["checks", "torch_reference", "--level", "extended"],
    ["explain", "masked_mean.value"],
    ["report", golden, "-o", sys.argv[1]],
    ["gate", golden],
    ["gate", golden, "--against", golden, "--github"],
    ["validate", golden],
    ["new-adapter", sys.argv[1] + "/masking.py", "--framework", "torch"],
    ["diff", golden, golden],
    ["diff", golden, golden, "--format", "html"],
    ["known", "torch_reference"],
):
    try:
        main(arguments, standalone_mode=False)
    except SystemExit:
        pass
print("loaded:", *sorted(set(sys.modules) & {HEAVY!r}))
"""


def imports(tree: ast.Module, *, top: bool = False) -> set[str]:
    """Return the modules that a file imports; at its top level only if asked."""
    found: set[str] = set()
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


def packages(tree: ast.Module, *, top: bool = False) -> set[str]:
    return {name.partition(".")[0] for name in imports(tree, top=top)}


def test_listing_explaining_and_reporting_load_no_numpy_and_no_framework(
    tmp_path: Path,
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", COMMANDS, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert ended.stdout.splitlines()[-1] == "loaded:"
    assert (tmp_path / "index.html").is_file()


def test_listing_imports_nothing_that_is_slow_to_import() -> None:
    slow = {"conformance.records", "importlib.metadata", "msgspec", "shutil"}
    code = (
        "import sys; before = set(sys.modules)\n"
        "from conformance.commands.cli import main\n"
        "main(['adapters'], standalone_mode=False)\n"
        f"print(*sorted((set(sys.modules) - before) & {slow!r}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert "numpy_reference" in ended.stdout
    assert ended.stdout.splitlines()[-1] == ""


def test_importing_the_package_loads_none_of_its_modules() -> None:
    code = (
        "import sys, conformance\n"
        "print(*[name for name in sys.modules if name.startswith('conformance.')])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT
    )
    assert ended.stdout.strip() == b""


def test_a_framework_is_imported_in_its_own_module_only(
    sources: dict[str, ast.Module],
) -> None:
    found = {name: packages(tree) & FRAMEWORKS for name, tree in sources.items()}
    room = "trial/frameworks"
    own = {
        f"{where}/{name}.py": {name}
        for where in (room, f"{room}/devices")
        for name in ("torch", "tensorflow", "jax")
    }
    probes = "probe/frameworks/"
    given = {name: names for name, names in found.items() if names}
    assert {n: names for n, names in given.items() if not n.startswith(probes)} == own
    for name in (each for each in given if each.startswith(probes)):
        # Keras has a file for each backend: keras/torch.py imports both.
        assert given[name] <= set(re.split("[/.]", name.removeprefix(probes)))


def test_what_works_without_numpy_imports_nothing_heavy(
    sources: dict[str, ast.Module],
) -> None:
    light = {name for name in sources if name.startswith(LIGHT)}
    light |= {name for name in sources if SPECIFICATION.fullmatch(name)}
    heavy = {name: packages(sources[name], top=True) & HEAVY for name in light}
    assert {name: names for name, names in heavy.items() if names} == {}


def test_specification_records_gate_and_report_never_import_numpy(
    sources: dict[str, ast.Module],
) -> None:
    rooms = [name for name in sources if name.startswith(WITHOUT_NUMPY)]
    assert {name for name in rooms if packages(sources[name]) & HEAVY} == set()


def test_only_seven_places_import_by_name(sources: dict[str, ast.Module]) -> None:
    assert {n for n, tree in sources.items() if imports(tree) & DYNAMIC} == {
        "__init__.py",  # public names, when they are asked for
        "commands/cli.py",  # the command that is asked for
        "adapters/load.py",  # somebody's adapter
        "operations/__init__.py",  # oracles, laws and mutants
        "trial/frameworks/__init__.py",  # a framework's module
        "probe/frameworks/__init__.py",  # the same, for what is probed
        "probe/target.py",  # somebody's model
    }


def test_nothing_is_evaluated_unpickled_or_asserted(
    sources: dict[str, ast.Module],
) -> None:
    unsafe = {"eval", "exec", "compile", "__import__"}
    pickles = {"pickle", "marshal", "shelve", "dill"}
    assert {name for name, tree in sources.items() if called(tree) & unsafe} == set()
    assert {n for n, tree in sources.items() if packages(tree) & pickles} == set()
    asserts = {
        (name, node.lineno)
        for name, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
    }
    assert asserts == set()


def called(tree: ast.Module) -> set[str]:
    """Return the plain names that a file calls."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {func.id for func in calls if isinstance(func, ast.Name)}


def test_no_template_takes_text_as_markup() -> None:
    templates = sorted((ENGINE / "report" / "templates").iterdir())
    assert templates
    trusting = [path.name for path in templates if "safe" in path.read_text("utf-8")]
    assert trusting == []


def test_the_house_has_few_rooms() -> None:
    entries = {
        path.name
        for path in ENGINE.iterdir()
        if path.name not in {"__pycache__", "_shared", "py.typed"}
    }
    assert {name.removesuffix(".py") for name in entries} == set(ROOMS)
    assert len(entries) <= ENTRIES


def test_every_import_runs_down(sources: dict[str, ast.Module]) -> None:
    assert turned(sources) == set()


def test_laws_are_imported_from_the_room_that_imports_them_by_name() -> None:
    own = [law for each in load_operations().values() for law in each.laws]
    rooms = {law.module.rpartition(".")[0] for law in (*LAWS, *own)}
    assert {
        name for name in rooms if not name.startswith("conformance.operations.")
    } == set()


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("records/files.py", "from conformance.cases import load_all"),
        ("trial/sample.py", "from conformance import check"),
        ("specification/plan.py", "import conformance.operations"),
        ("gate/known.py", "import importlib; importlib.x('conformance.run.replay')"),
        ("operations/__init__.py", "import importlib\nx = f'conformance.check.{y}'"),
        ("check/runner.py", "def f():\n    from conformance.run.resume import died"),
    ],
)
def test_an_import_that_runs_up_is_found(file: str, line: str) -> None:
    assert {name for name, _ in turned({file: ast.parse(line)})} == {file}


def turned(sources: dict[str, ast.Module]) -> set[tuple[str, str]]:
    """Return each file with a room that it imports and that is not below its own."""
    return {
        (name, other)
        for name, tree in sources.items()
        for other in rooms_of(tree)
        if other != room_of(name) and ROOMS.index(other) >= ROOMS.index(room_of(name))
    }


def room_of(name: str) -> str:
    return name.partition("/")[0].removesuffix(".py")


def rooms_of(tree: ast.Module) -> set[str]:
    """Return the rooms that a file imports, by name in a text where it can do that."""
    names: set[str] = set()
    by_name = bool(imports(tree) & DYNAMIC)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif by_name and isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= set(re.findall(r"(?<![\w.-])conformance\.[a-z_]+", node.value))
    parts = [name.split(".") for name in names if name.startswith("conformance.")]
    return {room for _, room, *_ in parts if room in ROOMS}
