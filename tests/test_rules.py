"""What the engine may import and do, held by its own source."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import conformance

ROOT = Path(__file__).parents[1]
ENGINE = Path(conformance.__file__).parent
SOURCES = {
    str(path.relative_to(ENGINE)): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(ENGINE.rglob("*.py"))
    if "_shared" not in path.parts
}
FRAMEWORKS = {"torch", "tensorflow", "jax", "keras"}
HEAVY = {*FRAMEWORKS, "numpy", "hypothesis", "pytest", "mpmath", "ml_dtypes"}
LIGHT = ("results/", "gate/", "report/", "cases/__init__", "cases/model", "cases/files")
ALONE = {
    f"{name}.py"
    for name in (
        *("cli", "plan", "listing", "loading", "heads", "adapter", "specification"),
        *("terminal", "running", "launch", "reporting", "errors"),
        *("explaining", "mistakes", "records"),
        *("corpus", "installed", "validation", "replay", "commands_text"),
        *("scaffold/__init__", "smoke/__init__", "smoke/names"),
    )
}
SPECIFICATION = re.compile(r"(operations/(\w+/)?|laws/)__init__\.py")
ABOVE = {
    "laws/": "cli runner session suite plan gate report loading",
    "operations/": "cli runner session suite plan gate report loading",
    "frameworks/": "cli runner session suite plan laws operations loading",
    "results/": "cli runner session suite plan gate report loading",
    "gate/": "cli runner session suite report loading",
    "report/": "cli runner session suite plan loading",
    "subject.py": "cli runner session suite plan",
    "heads.py": "cli runner session suite plan loading",
    "runner.py": "cli session suite",
}
COMMANDS = f"""
import sys
from conformance.cli import main
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


def test_importing_the_package_loads_none_of_its_modules() -> None:
    code = (
        "import sys, conformance\n"
        "print(*[name for name in sys.modules if name.startswith('conformance.')])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT
    )
    assert ended.stdout.strip() == b""


def test_a_framework_is_imported_in_its_own_module_only() -> None:
    found = {name: packages(tree) & FRAMEWORKS for name, tree in SOURCES.items()}
    own = {f"frameworks/{name}.py": {name} for name in ("torch", "tensorflow", "jax")}
    assert {name: names for name, names in found.items() if names} == own


def test_what_works_without_numpy_imports_nothing_heavy() -> None:
    light = {name for name in SOURCES if name.startswith(LIGHT) or name in ALONE}
    light |= {name for name in SOURCES if SPECIFICATION.fullmatch(name)}
    heavy = {name: packages(SOURCES[name], top=True) & HEAVY for name in light}
    assert {name: names for name, names in heavy.items() if names} == {}


def test_results_gate_and_report_never_import_numpy() -> None:
    rooms = [name for name in SOURCES if name.startswith(LIGHT[:3])]
    assert {name for name in rooms if packages(SOURCES[name]) & HEAVY} == set()


def test_only_loading_imports_by_name() -> None:
    dynamic = {"importlib", "importlib.util", "runpy", "imp", "pkgutil"}
    assert {n for n, tree in SOURCES.items() if imports(tree) & dynamic} == {
        "loading.py"
    }


def test_nothing_is_evaluated_unpickled_or_asserted() -> None:
    unsafe = {"eval", "exec", "compile", "__import__"}
    pickles = {"pickle", "marshal", "shelve", "dill"}
    assert {name for name, tree in SOURCES.items() if called(tree) & unsafe} == set()
    assert {n for n, tree in SOURCES.items() if packages(tree) & pickles} == set()
    asserts = {
        (name, node.lineno)
        for name, tree in SOURCES.items()
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


@pytest.mark.parametrize(("room", "above"), ABOVE.items())
def test_arrows_never_turn(room: str, above: str) -> None:
    rooms = {name: tree for name, tree in SOURCES.items() if name.startswith(room)}
    turned = {
        (name, module)
        for name, tree in rooms.items()
        for module in imports(tree)
        if module.startswith("conformance.") and module.split(".")[1] in above.split()
    }
    assert rooms
    assert turned == set()
