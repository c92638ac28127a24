"""The adapter that a new user starts from: for each framework, with every operation."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.adapters.head import read_head
from conformance.commands import new_adapter
from conformance.errors import UnknownNameError, UsageError
from conformance.operations import load_operations
from conformance.records import read
from conformance.specification.declaration import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    Command = Callable[..., CompletedProcess[str]]

FUNCTIONS = [each.function for each in load_operations().values()]
TRAPS = {
    "torch": ("bfloat16 tensors have no .numpy()", "pass ~mask"),
    "tensorflow": ("dtype=x.dtype", 'recurrent_initializer="zeros"'),
    "jax": ("is recompiled every time", ".apply(parameters, x, mask)"),
    "numpy": ("pass ~mask", ".astype(x.dtype)"),
}


def uncommented(text: str) -> str:
    """Return the text with the functions that stand in it as comments."""
    kept = text.partition("# The other operations")[2].partition("\n")[2]
    return "\n".join(line.removeprefix("# ") for line in kept.splitlines()[1:])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_its_head_says_what_planning_needs(framework: str, tmp_path: Path) -> None:
    path = tmp_path / "masking.py"
    new_adapter.new_adapter(path, framework)
    (found,) = read_head(path).values()
    assert (found.name, found.framework) == ("masking", framework)
    assert found.functions == new_adapter.READY
    assert found.routes == (FRAMEWORKS[framework].primary,)
    assert found.empty_row("masked_mean") == "nan"
    assert found.dependencies[0].startswith(framework)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_operation_is_in_it_with_its_arguments(framework: str) -> None:
    text = new_adapter.text(Path("masking.py"), framework)
    tree = ast.parse(text.partition("# The other operations")[0])
    others = ast.parse(re.sub(r"^#", "", uncommented(text), flags=re.MULTILINE))
    every = [*tree.body, *others.body]
    named = [each.name for each in every if isinstance(each, ast.FunctionDef)]
    assert sorted(named) == sorted(FUNCTIONS)
    loss = next(e for e in every if getattr(e, "name", "") == "masked_loss")
    assert isinstance(loss, ast.FunctionDef)
    assert [arg.arg for arg in loss.args.args] == ["predictions", "targets", "mask"]
    assert [arg.arg for arg in loss.args.kwonlyargs] == ["kind", "reduction"]


@pytest.mark.parametrize(("framework", "traps"), TRAPS.items())
def test_it_warns_of_the_frameworks_traps(
    framework: str, traps: tuple[str, ...]
) -> None:
    text = new_adapter.text(Path("masking.py"), framework)
    assert [trap for trap in traps if trap not in text] == []
    assert "True where a position COUNTS" in text
    assert f"such as {framework}.py" in text
    assert max(map(len, text.splitlines())) <= 88


def test_it_runs_as_it_is_and_says_what_is_not_filled_in(
    tmp_path: Path, command: Command
) -> None:
    path = tmp_path / "masking.py"
    written = command("new-adapter", path, "--framework", "numpy")
    assert written.returncode == 0
    assert "fill in masked_mean and masked_max" in written.stdout
    tried = command("smoke", path)
    assert tried.returncode == 1
    said = "masked_mean is not filled in: call your library here, or delete it"
    assert f"raises NotImplementedError: {said}" in tried.stdout
    ended = command("run", path, "--level", "core", "-o", tmp_path / "out")
    assert ended.returncode == 1
    run = read(tmp_path / "out" / "masking.jsonl")
    assert run.complete
    assert {result.outcome for result in run.results} == {"errored", "unsupported"}
    assert {r.message for r in run.results if "masked_mean/" in r.check} >= {
        f"raised NotImplementedError: {said}"
    }


def test_it_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "masking.py"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="already exists; choose another name"):
        new_adapter.new_adapter(path, "torch")
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("masking", "got no suffix, expected a Python file"),
        ("torch.py", "shadows the module torch; give a name such as"),
        ("nowhere/masking.py", "folder .*nowhere does not exist; create it first"),
    ],
)
def test_a_place_that_cannot_be_is_refused(
    name: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        new_adapter.new_adapter(tmp_path / name, "torch")
    assert list(tmp_path.iterdir()) == []


def test_a_framework_that_there_is_not_lists_the_choices(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'torch'\?"):
        new_adapter.new_adapter(tmp_path / "masking.py", "torhc")
