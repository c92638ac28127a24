"""The action, the examples for CI and the pre-commit hooks: well formed, and run."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from conformance.adapters.load import read_declarations
from conformance.commands.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

yaml = pytest.importorskip("ruamel.yaml", reason="comes with check-jsonschema")

ROOT = Path(__file__).parents[1]
SCHEMAS = {
    "action.yml": "vendor.github-actions",
    ".github/workflows/release.yml": "vendor.github-workflows",
    ".github/workflows/nightly.yml": "vendor.github-workflows",
    "examples/seqlayers/.github/workflows/masking.yml": "vendor.github-workflows",
    "examples/gitlab-ci.yml": "vendor.gitlab-ci",
}
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
COMMAND = "from conformance.commands.cli import main; main()"
MEAN = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    with np.errstate(all="ignore"):
        total = np.where(wide, x, 0).sum(axis=1)
        return (total / {divisor}).astype(x.dtype)
"""


def load(name: str) -> Any:
    return yaml.YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))


def scripts(value: Any) -> list[str]:
    """Return every shell command of a file."""
    if isinstance(value, dict):
        own = [v for k, v in value.items() if k == "run" and isinstance(v, str)]
        own += [e for k, v in value.items() if k.endswith("script") for e in v]
        return own + [each for v in value.values() for each in scripts(v)]
    if isinstance(value, list):
        return [each for item in value for each in scripts(item)]
    return []


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_it_has_the_form_that_its_service_asks_for(name: str, schema: str) -> None:
    command = ["check_jsonschema", "--builtin-schema", schema, str(ROOT / name)]
    ended = subprocess.run(
        [sys.executable, "-m", *command], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("name", SCHEMAS)
def test_its_commands_are_ours_and_take_the_options_that_are_given(name: str) -> None:
    given = re.findall(
        r"mask-conformance ([a-z-]+)([^&\n]*)", "\n".join(scripts(load(name)))
    )
    assert given
    for command, rest in given:
        found = main.get_command(click.Context(main), command)
        assert found is not None
        known = {option for each in found.params for option in each.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known


def test_no_input_is_pasted_into_a_script() -> None:
    told = load("action.yml")["runs"]["steps"]
    assert [step for step in told if "${{" in step.get("run", "")] == []


def test_the_nightly_page_has_every_environment_and_every_history() -> None:
    jobs = load(".github/workflows/nightly.yml")["jobs"]
    declared = read_declarations()
    asked = jobs["newest"]["strategy"]["matrix"]["environment"]
    assert asked == sorted({each.environment for each in declared.values()})
    asked = jobs["history"]["strategy"]["matrix"]["adapter"]
    assert asked == sorted(name for name, each in declared.items() if each.releases)


def test_the_nightly_page_is_made_of_nox_sessions_that_there_are() -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    told = load(".github/workflows/nightly.yml")
    found = re.findall(r"nox -s \"?([a-z]+)", "\n".join(scripts(told)))
    assert set(found) == {"newest", "history", "docs"}
    for name in found:
        assert f"def {name}(session: nox.Session" in noxfile
    pasted = [text for text in scripts(told) if "${{" in text]
    assert pasted == []


def test_the_nightly_page_joins_what_earlier_nights_found(tmp_path: Path) -> None:
    told = load(".github/workflows/nightly.yml")["jobs"]["site"]["steps"]
    (step,) = [each for each in told if each.get("name") == "The page"]
    kept = shutil.copytree(ROOT / "reports", tmp_path / "reports")
    history = kept / "history.jsonl"
    before = history.read_text(encoding="utf-8")
    (kept / "nights" / "earlier").mkdir(parents=True)
    newer = before.splitlines()[0].replace('"version":"', '"version":"99.')
    more = kept / "nights" / "earlier" / "history.jsonl"
    more.write_text(f"{newer}\n", encoding="utf-8")
    (kept / "newest").mkdir()
    shutil.copy(ROOT / "tests" / "golden" / "torch.jsonl", kept / "newest")
    script = step["run"].replace("python -m pip install --quiet nox -e .\n", "")
    script = re.sub(r"(history join)", rf"\1 --history {history}", script)
    script = script.replace("python -m conformance.commands.history write\n", "")
    script = script.replace("python ", f"{sys.executable} ")
    script = script.replace("mask-conformance", f'{sys.executable} -c "{COMMAND}"')
    ended = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ended.returncode == 0, ended.stderr
    after = history.read_text(encoding="utf-8").splitlines()
    assert {*after} == {*before.splitlines(), newer}
    assert 'id="history"' in (kept / "index.html").read_text(encoding="utf-8")


def test_the_hooks_call_us_for_the_files_that_we_read() -> None:
    hooks = {hook["id"]: hook for hook in load(".pre-commit-hooks.yaml")}
    assert set(hooks) == {"mask-cases", "mask-known"}
    assert {hook["entry"] for hook in hooks.values()} == {"mask-conformance validate"}
    assert {hook["language"] for hook in hooks.values()} == {"python"}
    cases, known = hooks["mask-cases"], hooks["mask-known"]
    assert re.search(cases["files"], "cases/masked_mean.json")
    assert re.search(cases["exclude"], "cases/schema.json")
    assert re.search(known["files"], "adapters/numpy_ma.toml")
    assert re.search(known["files"], "masking.toml")
    assert not re.search(known["files"], "pyproject.toml")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_the_form_that_github_asks_for(path: Path) -> None:
    kind = "config" if path.stem == "config" else "forms"
    command = ["check_jsonschema", "--builtin-schema", f"vendor.github-issue-{kind}"]
    ended = subprocess.run(
        [sys.executable, "-m", *command, str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout


def test_the_issue_forms_ask_for_the_three_things_that_people_come_with() -> None:
    assert {path.stem for path in FORMS} == {
        *("config", "failing-check", "wrong-check", "new-operation-or-adapter"),
    }


def test_our_own_hooks_have_the_ruff_of_the_lint_session() -> None:
    ruff, own = load(".pre-commit-config.yaml")["repos"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (pinned,) = project["dependency-groups"]["lint"]
    assert pinned == f"ruff=={ruff['rev'].removeprefix('v')}"
    assert [hook["id"] for hook in ruff["hooks"]] == ["ruff-check", "ruff-format"]
    assert own["repo"] == "local"


def test_our_own_hooks_match_files_and_their_commands_pass() -> None:
    _, own = load(".pre-commit-config.yaml")["repos"]
    hooks = {hook["id"]: hook for hook in own["hooks"]}
    rooms = ("adapters", "cases", "conformance", "docs", "examples")
    paths = [path for room in rooms for path in (ROOT / room).rglob("*.*")]
    listed = [str(path.relative_to(ROOT)) for path in paths]
    for name in ("mask-cases", "mask-known", "specification", "commands"):
        hook = hooks[name]
        given = [each for each in listed if re.search(hook["files"], each)]
        assert given, name
        if hook["entry"].startswith("python"):
            command = [sys.executable, *hook["entry"].split()[1:]]
            assert subprocess.run(command, check=False, cwd=ROOT).returncode == 0


def test_the_gitlab_job_of_the_guide_is_the_one_of_the_examples() -> None:
    page = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
    text = (ROOT / "examples" / "gitlab-ci.yml").read_text(encoding="utf-8")
    assert text.partition("\n")[2] in page


@pytest.fixture
def act(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Run the action's script as its runner would, in a folder of its own."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "mask-conformance"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{COMMAND}" "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    (step,) = [s for s in load("action.yml")["runs"]["steps"] if s.get("id") == "gate"]

    def run(**inputs: str) -> dict[str, str]:
        files = {key: tmp_path / key for key in ("STEP_SUMMARY", "OUTPUT")}
        given = {key: inputs.get(key, "") for key in step["env"]}
        environment = {
            **os.environ,
            **given,
            **{f"GITHUB_{key}": str(path) for key, path in files.items()},
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        )
        assert ended.returncode == 0, ended.stderr
        told = {key: p.read_text("utf-8") for key, p in files.items() if p.exists()}
        for path in files.values():
            path.unlink(missing_ok=True)
        return {"said": ended.stdout, "STEP_SUMMARY": "", **told}

    return run


def test_the_action_annotates_what_is_new_and_writes_the_summary(
    act: Callable[..., dict[str, str]], written: Callable[..., Path]
) -> None:
    path = written(MEAN.format(divisor="x.shape[1]"), name="mine.py")
    options = "--level core --operation masked_mean"
    red = act(ADAPTER=str(path), OPTIONS=options)
    assert red["OUTPUT"] == "status=1\n"
    assert f"::error file={path},line=8,title=failed" in red["said"]
    assert red["said"].count("::error ") == 10
    assert red["STEP_SUMMARY"].startswith("# Mask conformance")
    written(MEAN.format(divisor="wide.sum(axis=1)"), name="mine.py")
    green = act(ADAPTER=str(path), OPTIONS=options)
    assert green["OUTPUT"] == "status=0\n"
    assert "::error" not in green["said"]


def test_the_action_says_when_there_is_nothing_to_run(
    act: Callable[..., dict[str, str]],
) -> None:
    told = act(ADAPTER="no_such_adapter")
    assert told["OUTPUT"] == "status=2\n"
    assert told["STEP_SUMMARY"] == ""


RIGHT = MEAN.format(divisor="wide.sum(axis=1)")
CORE = "--level core --operation masked_mean"


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        ("import os\nos._exit(0)\n", 3),
        ("raise SystemExit(0)\n", 2),
        ("def nothing_of_ours(x):\n    return x\n", 2),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_adapter_that_never_ran_is_not_forgotten_over_one_that_did(
    act: Callable[..., dict[str, str]],
    written: Callable[..., Path],
    broken: str,
    status: int,
    first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    good = written(RIGHT, name="mine.py")
    bad = written(
        broken + RIGHT if status > 1 and "def" not in broken else broken, name="dead.py"
    )
    pair = (bad, good) if first else (good, bad)
    told = act(ADAPTER=" ".join(map(str, pair)), OPTIONS=CORE)
    assert told["OUTPUT"] == f"status={status}\n"
    assert told["STEP_SUMMARY"].startswith("# Mask conformance")


def test_the_action_reads_every_line_of_an_input(
    act: Callable[..., dict[str, str]], written: Callable[..., Path]
) -> None:
    good = written(RIGHT, name="mine.py")
    wrong = written(MEAN.format(divisor="x.shape[1]"), name="other.py")
    told = act(
        ADAPTER=f"{good}\n{wrong}\n", OPTIONS="--level core\n--operation masked_mean"
    )
    assert told["OUTPUT"] == "status=1\n"


def test_an_action_without_adapter_is_bad_use(
    act: Callable[..., dict[str, str]],
) -> None:
    told = act(ADAPTER=" \n ")
    assert told["OUTPUT"] == "status=2\n"
    assert "::error title=mask-conformance::no adapter is named" in told["said"]


def test_records_that_lie_about_are_not_judged_instead(
    act: Callable[..., dict[str, str]], written: Callable[..., Path], tmp_path: Path
) -> None:
    path = written(RIGHT, name="mine.py")
    assert act(ADAPTER=str(path), OPTIONS=CORE)["OUTPUT"] == "status=0\n"
    written(MEAN.format(divisor="x.shape[1]"), name="mine.py")
    away = f"{CORE} -o {tmp_path / 'elsewhere'}"
    assert act(ADAPTER=str(path), OPTIONS=away)["OUTPUT"] == "status=1\n"


def test_the_action_judges_against_an_older_run(
    act: Callable[..., dict[str, str]], written: Callable[..., Path], tmp_path: Path
) -> None:
    path = written(MEAN.format(divisor="x.shape[1]"), name="mine.py")
    assert act(ADAPTER=str(path), OPTIONS=CORE)["OUTPUT"] == "status=1\n"
    (tmp_path / "reports" / "results").rename(tmp_path / "baseline")
    same = act(ADAPTER=str(path), OPTIONS=CORE, AGAINST="baseline")
    assert same["OUTPUT"] == "status=0\n"
    written("import os\nos._exit(0)\n" + RIGHT, name="dead.py")
    both = f"{path} {tmp_path / 'dead.py'}"
    told = act(ADAPTER=both, OPTIONS=CORE, AGAINST="baseline")
    assert told["OUTPUT"] == "status=3\n"


@pytest.mark.parametrize("against", ["", "baseline"])
@pytest.mark.parametrize("judged", [0, 1, 2, 3])
@pytest.mark.parametrize("ran", [0, 1, 2, 3])
def test_the_action_is_as_red_as_what_it_called(
    ran: int, judged: int, against: str, tmp_path: Path
) -> None:
    told = script(tmp_path, ran=ran, judged=judged, against=against)
    # What did not run, the gate never hears of; what failed, it may know.
    want = ran if ran >= 2 else judged if against else max(ran, judged)
    assert told == f"status={want}\n"


@pytest.mark.parametrize("ran", [0, 1, 2, 3])
def test_an_action_without_a_record_is_never_green(ran: int, tmp_path: Path) -> None:
    told = script(tmp_path, ran=ran, judged=0, record=False)
    assert told == f"status={ran if ran >= 2 else 3}\n"


def script(
    folder: Path, *, ran: int, judged: int, against: str = "", record: bool = True
) -> str:
    """Run the action's script with a command that only has exit statuses."""
    command = folder / "bin" / "mask-conformance"
    command.parent.mkdir()
    command.write_text(
        '#!/bin/sh\ncase "$1" in\n'
        'run) [ "$2 $3 $4 $5 $6" = "a.py b.py --level core -o" ] || exit 8\n'
        "for last; do :; done\n"
        f'{"touch" if record else ":"} "$last/a.jsonl"; exit {ran};;\n'
        f'gate) case "$*" in *"{("--against " + against) if against else "--github"}"*)'
        f" exit {judged};; esac; exit 9;;\n"
        "report) exit 2;;\nesac\n",
        encoding="utf-8",
    )
    command.chmod(0o755)
    (step,) = [s for s in load("action.yml")["runs"]["steps"] if s.get("id") == "gate"]
    output = folder / "output"
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        check=True,
        capture_output=True,
        cwd=folder,
        env={
            "PATH": f"{command.parent}:{os.environ['PATH']}",
            "ADAPTER": "a.py\nb.py\n",
            "OPTIONS": "--level\ncore",
            "AGAINST": against,
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        },
    )
    return output.read_text(encoding="utf-8")


def test_the_action_ends_with_what_its_gate_said() -> None:
    (step,) = [s for s in load("action.yml")["runs"]["steps"] if s["name"] == "Verdict"]
    assert "if" not in step
    for status in ("0", "1", "3"):
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step["run"]],
            check=False,
            env={"STATUS": status},
        )
        assert done.returncode == int(status)


def test_the_gitlab_job_allows_no_failure() -> None:
    (job,) = load("examples/gitlab-ci.yml").values()
    assert "allow_failure" not in job
    assert not [line for line in job["script"] if "||" in line or ";" in line]
    assert any(line.startswith("mask-conformance run ") for line in job["script"])
