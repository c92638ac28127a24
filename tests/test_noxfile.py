"""What plain nox promises, read from the noxfile itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.load import read_declarations
from conformance.operations import load_operations
from conformance.specification import DTYPES

ROOT = Path(__file__).parents[1]
FIVE = {"masked_mean", "masked_max", "masked_softmax", "masked_loss", "birnn"}


@pytest.fixture(scope="module")
def noxfile() -> dict[str, Any]:
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    (constants,) = re.findall(r"(?ms)^TOGETHER = .*?(?=^PROJECT)", text)
    spaces: dict[str, Any] = {"source": text}
    exec(constants, spaces)  # noqa: S102 - our own file
    return spaces


def test_plain_nox_runs_the_five_operations_and_more_on_the_four_references(
    noxfile: dict[str, Any],
) -> None:
    operations = set(noxfile["QUICK_OPERATIONS"])
    assert operations > FIVE
    assert operations <= set(load_operations())
    adapters = set(noxfile["QUICK_ADAPTERS"])
    assert adapters <= set(read_declarations())
    frameworks = ("numpy", "torch", "tensorflow", "jax")
    assert {f"{name}_reference" for name in frameworks} < adapters
    assert 'nox.options.sessions = ["quick"]' in noxfile["source"]


def test_plain_nox_has_all_of_it_in_one_environment(noxfile: dict[str, Any]) -> None:
    heads = {
        name: re.search(r'(?m)^# environment = "(\w+)"', text)
        for name in noxfile["QUICK_ADAPTERS"]
        if (text := (ROOT / "adapters" / f"{name.partition(':')[0]}.py").read_text())
    }
    found = {each.group(1) for each in heads.values() if each}
    assert found <= set(noxfile["TOGETHER"])


def test_the_gate_runs_readme_s_commands_and_every_adapter() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "$nox -s systems -- --level core" in gate
    assert re.search(r"(?m)^ *\$nox \|\| ", gate)
    first, second = re.findall(r"(?m)^\$ python3 -m venv .*?bin/(nox[^#\n]*)", readme)
    assert first.strip() == "nox"
    assert second.strip() == "nox -s tests"
    assert "$nox -s tests" in gate


def test_the_gate_leaves_out_no_session_that_judges() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    given = " ".join(re.findall(r"(?m)^ *\$nox -s ((?:.*\\\n)*.*)$", gate))
    found = set(re.findall(r"[\w()]+", given))
    assert found >= {
        *("lint", "types", "cases", "mutants", "docs", "tests", "examples"),
        *("systems", "findings", "models", "frameworks", "browser"),
        *(f"conform({name}_reference)" for name in ("numpy", "torch", "tensorflow")),
        "conform(jax_reference)",
    }
    # Both lanes are waited for, and either can fail the gate.
    assert re.search(r'(?m)^wait "\$adapters" \|\| failed=1$', gate)
    commands = re.findall(r"(?m)^ *\$nox(?: (?:.*\\\n)*.*)?$", gate)
    assert len(commands) >= 10
    assert [each for each in commands if not re.search(r"\|\| \w+=1$", each)] == []
    assert gate.endswith('exit "$failed"\n')


def test_what_the_systems_leave_out_the_gate_runs_in_every_dtype(
    noxfile: dict[str, Any],
) -> None:
    (systems,) = re.findall(r"(?ms)^def systems\(.*?(?=^def |^@)", noxfile["source"])
    assert 'references = {f"{framework}_reference" for framework in FRAMEWORKS}' in (
        systems
    )
    assert "if name not in references:" in systems
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8").replace("\\\n", " ")
    runs = {
        name: " ".join(
            line.partition(" -- ")[2]
            for line in gate.splitlines()
            if f"conform({name}_reference)" in line
        )
        for name in ("numpy", "torch", "tensorflow", "jax")
    }
    assert "--dtype" not in runs.pop("numpy")
    for asked in runs.values():
        assert set(re.findall(r"--dtype (\w+)", asked)) == set(DTYPES)


def test_interpreters_find_byte_code_and_build_one_at_a_time(
    noxfile: dict[str, Any],
) -> None:
    source = noxfile["source"]
    assert 'os.environ.pop("PYTHONDONTWRITEBYTECODE", None)' in source
    (install,) = re.findall(r"(?ms)^def install\(.*?(?=^def |^@)", source)
    assert install.index("with alone(folder):") < install.index("is_current(")
