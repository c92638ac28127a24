"""Every job of the project.

`nox` alone runs the four references and the frameworks' own functions at level core,
and writes the page. `nox -s everything` runs all adapters. Adapters are built from the
head of their own file, in an environment that adapters with an equal `environment` key
share. What follows `--` goes to `mask-conformance run`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nox

if TYPE_CHECKING:
    from collections.abc import Iterator

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True
# Thousands of interpreters are started here. Where byte code may not be written, each
# compiles the engine anew, and torch and TensorFlow as well: they are installed
# without any, see `install`.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

FRAMEWORKS = ("numpy", "torch", "tensorflow", "jax")
RESULTS = "reports/results"
QUICK = "reports/quick"
HISTORY = "reports/history"
NEWEST = "reports/newest"
# What the runs of the history came to; of all of this it alone is committed.
TOLD = "reports/history.jsonl"
# Whether rows keep their bits, by adapter and device; committed too.
BITS = "reports/bits.jsonl"
MEASURED = ("--history", TOLD, "--bits", BITS)
# What plain `nox` has in one environment.
TOGETHER = ("numpy", "torch", "tensorflow", "jax")
# The slowest first: two at a time then end together.
QUICK_ADAPTERS = (
    *("tensorflow_reference", "jax_reference", "keras_builtin:tensorflow"),
    *("tensorflow_builtin", "torch_reference", "jax_builtin", "torch_builtin"),
    *("numpy_reference", "numpy_ma"),
)
QUICK_OPERATIONS = (
    *("masked_mean", "masked_max", "masked_softmax", "masked_loss", "birnn"),
    *("attention", "masked_sum", "masked_min", "last_valid"),
)
# Tests in a row stay in one process as long as both are busy: neighbours share what
# they build. Eight processes are enough for the longest tests to be the rest.
PARALLEL = ("-n", "logical", "--maxprocesses", "8", "--dist", "worksteal")
PROJECT: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]


def heads(folder: str) -> dict[str, dict[str, Any]]:
    """Return the head of each file, by name, one for each of its variants."""
    found = {}
    for path in sorted(Path(folder).glob("*.py")):
        block = nox.project.load_toml(path)
        own = block["tool"]["mask-conformance"]
        variants = own.pop("variants", {}) or {"": {}}
        for variant, more in variants.items():
            name = f"{path.stem}:{variant}" if variant else path.stem
            base = {"dependencies": block.get("dependencies", []), "environment": name}
            found[name] = base | own | more
    return found


HEADS = heads("adapters")
ENVIRONMENTS = sorted({head["environment"] for head in HEADS.values()})
MODELS = heads("models")


def build(session: nox.Session, name: str, instead: tuple[str, ...] = ()) -> Path:
    """Build or bring up to date an adapter's environment; return its scripts' folder.

    Not one of nox's own environments: those belong to one session, and an environment
    with a framework in it is large enough to be shared. What plain `nox` has installed
    in one environment is taken from there. Requirements in `instead` take the place of
    those of the same name, in an environment of their own.
    """
    every = {**HEADS, **MODELS}
    environment = every[name]["environment"]
    if not instead and environment in TOGETHER:
        folder = locate("together")
        with alone(folder):
            if is_current(folder, gather(TOGETHER)):
                return scripts_of(folder)
    key = "-".join((environment, *map(slug, instead)))
    replaced = {distribution(requirement) for requirement in instead}
    shared = gather((environment,)) if not instead else every[name]["dependencies"]
    kept = {each for each in shared if distribution(each) not in replaced}
    return install(session, locate(key), {*kept, *instead})


def build_together(session: nox.Session) -> Path:
    """Build the one environment of plain `nox`; return its scripts' folder."""
    return install(session, locate("together"), gather(TOGETHER))


def gather(environments: tuple[str, ...]) -> set[str]:
    """Return what all adapters and models of some environments run on."""
    return {
        requirement
        for head in (*HEADS.values(), *MODELS.values())
        if head["environment"] in environments
        for requirement in head["dependencies"]
    }


def install(session: nox.Session, folder: Path, requirements: set[str]) -> Path:
    """Install requirements and the suite, unless a folder has them already."""
    scripts = scripts_of(folder)
    with alone(folder):
        # What is in place is left alone: another adapter may be running on it.
        if is_current(folder, requirements):
            return scripts
        if not scripts.exists():
            session.run(sys.executable, "-m", "venv", str(folder), external=True)
        # Byte code is written for what is imported, which is a third of it.
        pip = [str(scripts / "python"), "-m", "pip", "install", "--quiet"]
        pip += ["--no-compile"]
        session.run(*pip, *order(requirements), external=True)
        session.run(*pip, "-e", ".[run]", external=True)
        (folder / "installed.txt").write_text(describe(requirements), "utf-8")
    return scripts


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other nox builds an environment; Windows has no such lock."""
    folder.parent.mkdir(exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as file:
        with suppress(ImportError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def order(requirements: set[str]) -> list[str]:
    """Put torch first: what comes after it must not bring another build of it."""
    return sorted(requirements, key=lambda text: (text[:6] != "torch=", text))


def describe(requirements: set[str]) -> str:
    """Return what is written into an environment that has these."""
    return "\n".join((*order(requirements), Path("pyproject.toml").read_text("utf-8")))


def is_current(folder: Path, requirements: set[str]) -> bool:
    """Tell whether an environment has what is asked for."""
    stamp = folder / "installed.txt"
    return stamp.exists() and stamp.read_text("utf-8") == describe(requirements)


def keep_compiled(folder: str) -> dict[str, str]:
    """Return the variables that let JAX keep what it has compiled in a folder.

    The same program is compiled by several adapters, at both levels and in every run.
    Two that write one at once do no harm: JAX compiles again what it cannot read.
    """
    return {
        "JAX_COMPILATION_CACHE_DIR": str(Path(folder, "compiled").resolve()),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def locate(key: str) -> Path:
    """Return an environment's folder."""
    return Path(".nox").resolve() / f"adapters-{key}"


def scripts_of(folder: Path) -> Path:
    """Return the folder of an environment's commands."""
    return folder / ("Scripts" if sys.platform == "win32" else "bin")


def take_releases(arguments: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the arguments without each `--with NAME==VERSION`, and those releases."""
    more, instead = list(arguments), []
    while "--with" in more:
        at = more.index("--with")
        instead.append(more[at + 1])
        del more[at : at + 2]
    return more, tuple(instead)


def distribution(requirement: str) -> str:
    """Return a requirement's name."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def slug(requirement: str) -> str:
    """Return a requirement as part of a folder's name."""
    return re.sub(r"[^\w.]+", "-", requirement).strip("-")


@nox.session(venv_backend="none")
@nox.parametrize("adapter", [nox.param(name, id=name) for name in HEADS])
def conform(session: nox.Session, adapter: str) -> None:
    """Run one adapter in its environment; arguments go to `mask-conformance run`.

    `-- --with flax==0.11.2` takes another release of what it runs on; its record is
    kept beside, so that the report shows what a release changed. `-- -n 2 --resume`
    and what else docs/running.md tells work here as well. With `-- --device cuda`
    adapters that are on the CPU alone are left out.
    """
    more, instead = take_releases(session.posargs)
    if "--device" in more and not more[more.index("--device") + 1].startswith("cpu"):
        pinned = HEADS[adapter].get("device", "")
        if pinned or HEADS[adapter]["framework"] == "numpy":
            session.skip(f"{adapter} runs on {pinned or 'cpu'} only")
    folder = "/".join((RESULTS, *map(slug, instead)))
    command = build(session, adapter, instead) / "mask-conformance"
    session.run(
        *(str(command), "run", adapter, "-o", folder, *more),
        external=True,
        env=keep_compiled(".nox"),
    )


@nox.session(venv_backend="none")
def quick(session: nox.Session) -> None:
    """Run the references and the frameworks' own functions, then write the page.

    All in one environment, two at a time. Arguments go to `mask-conformance run`, in
    place of the level and the operations if any are given.
    """
    asked = [f"--operation={name}" for name in QUICK_OPERATIONS]
    asked = list(session.posargs) or ["--level", "core", *asked]
    scripts = build_together(session)
    command = str(scripts / "mask-conformance")
    shutil.rmtree(QUICK, ignore_errors=True)

    def run(name: str) -> str:
        """Run an adapter, print what it says, and return what went wrong."""
        given = (command, "run", name, *asked, "-o", QUICK)
        env = {**os.environ, **keep_compiled(".nox")}
        ended = subprocess.run(
            given, check=False, capture_output=True, text=True, env=env
        )
        # In one write: two adapters' lines must not mix.
        sys.stdout.write(f"{ended.stdout}\n")
        if not ended.returncode:
            return ""
        errors = ended.stderr.strip().splitlines()[-5:]
        return "\n".join([f"{name}: exit status {ended.returncode}", *errors])

    with ThreadPoolExecutor(2) as lanes:
        failed = [text for text in lanes.map(run, QUICK_ADAPTERS) if text]
    page = ("report", QUICK, "-o", "reports", *MEASURED)
    session.run(command, *page, external=True)
    if failed:
        session.error("\n".join(failed))


@nox.session(venv_backend="none")
def everything(session: nox.Session) -> None:
    """Run every adapter, then the report.

    An environment for each framework and library: half an hour at level core, and
    17 GB of disk.
    """
    for name in HEADS:
        session.notify(f"conform({name})", session.posargs)
    session.notify("report")


@nox.session(venv_backend="none")
def systems(session: nox.Session) -> None:
    """Run every adapter but the four references, then the report.

    The gate runs those at level robust, which answers for core as well.
    """
    references = {f"{framework}_reference" for framework in FRAMEWORKS}
    for name in HEADS:
        if name not in references:
            session.notify(f"conform({name})", session.posargs)
    session.notify("report")


@nox.session(venv_backend="none")
@nox.parametrize("name", [nox.param(name, id=name) for name in FRAMEWORKS])
def frameworks(session: nox.Session, name: str) -> None:
    """Test a framework's module and its reference adapter where it is installed."""
    python = build(session, f"{name}_reference") / "python"
    tests = sorted(map(str, Path("tests/frameworks").glob(f"test_{name}*.py")))
    tests += sorted(map(str, Path("tests/probe").glob(f"test_{name}*.py")))
    if name != "numpy":
        tests.append("tests/probe/test_guide.py")
    # JAX's and Keras' kill matrices take long: `nox -s probes` has them.
    if name in {"torch", "tensorflow"}:
        tests.append(f"tests/probe/test_kill_{name}.py")
    session.run(str(python), "-m", "pytest", *tests, *session.posargs, external=True)


@nox.session(venv_backend="none")
@nox.parametrize("name", [nox.param(name, id=name) for name in FRAMEWORKS[1:]])
def probes(session: nox.Session, name: str) -> None:
    """Probe models that are wrong on purpose, and their right twins with five seeds.

    Keras runs on the framework as its backend where it is installed.
    """
    if name == "torch":
        python = build(session, "sentence_transformers_pooling") / "python"
        own = ["tests/probe/test_transformers.py", "tests/probe/test_guide.py"]
        session.run(str(python), "-m", "pytest", *own, external=True)
    python = build(session, f"{name}_reference") / "python"
    keras = ["tests/probe/test_kill_keras.py", "tests/probe/test_keras_scripts.py"]
    tests = [f"tests/probe/test_kill_{name}.py", *keras]
    session.run(
        *(str(python), "-m", "pytest", *tests, *session.posargs),
        external=True,
        env={"KERAS_BACKEND": name, "MASK_SEEDS": os.environ.get("MASK_SEEDS", "5")},
    )


@nox.session(venv_backend="none")
def models(session: nox.Session) -> None:
    """Probe the models and layers that `models/` lists, and write docs/models.md.

    `-- --quick` probes a few of them for the gate, `-- --resume` leaves alone what has
    a record, `-- --shard 1/4` probes a part, `-- --target hf:bert` one target; the
    page is not written then. `-- --with transformers==5.23.0` probes another release,
    beside: `mask-conformance diff` of the two folders says what changed.
    """
    more, instead = take_releases(session.posargs)
    asked = {more[at + 1] for at, each in enumerate(more[:-1]) if each == "--target"}
    changed = {distribution(each) for each in instead}
    by_environment: dict[str, list[str]] = {}
    for name, head in MODELS.items():
        own = {distribution(each) for each in head["dependencies"]}
        kept = not asked or any(may_have(name, head, each) for each in asked)
        if kept and ("--quick" not in more or head.get("quick")) and changed <= own:
            by_environment.setdefault(head["environment"], []).append(name)
    folder = "/".join(("reports/models", *map(slug, instead)))
    command = ("-m", "conformance.commands.models")
    for names in by_environment.values():
        python = str(build(session, names[0], instead) / "python")
        sweep = (python, "-P", *command, "sweep", *names, "-o", folder)
        session.run(*sweep, *more, external=True)
    if not instead and not {"--quick", "--shard", "--target"} & set(more):
        session.run(python, "-P", *command, "write", external=True)


def may_have(name: str, head: dict[str, Any], target: str) -> bool:
    """Tell whether a file of `models/` may have a target."""
    own = f"models/{name.partition(':')[0]}.py:*"
    prefixes = {each.partition(":")[0] for each in (own, *head.get("targets", []))}
    return target.partition(":")[0] in prefixes


@nox.session(venv_backend="none")
def findings(session: nox.Session) -> None:
    """Run the reproducers of docs/findings.md, each where its library is installed."""
    page = Path("docs/findings.md").read_text("utf-8")
    files = {f"models/{name.replace(':', '.py:')}": name for name in MODELS}
    files |= {f"{each}.py": name for each, name in files.items() if ":" not in each}
    wanted = {**{name: name for name in HEADS}, **files}
    named = {name for each, name in wanted.items() if f"- adapter: `{each}`" in page}
    every = {**HEADS, **MODELS}
    first = {every[name]["environment"]: name for name in sorted(named)}
    for environment, name in sorted(first.items()):
        python = build(session, name) / "python"
        session.run(
            *(str(python), "-m", "pytest", "-q", "tests/test_findings.py"),
            *session.posargs,
            env={"MASK_ENVIRONMENT": environment},
            external=True,
        )


@nox.session(venv_backend="none")
@nox.parametrize(
    "adapter",
    [nox.param(name, id=name) for name, head in HEADS.items() if "releases" in head],
)
def history(session: nox.Session, adapter: str) -> None:
    """Run an adapter on the releases in its head: since when is each cause there?

    What came out goes into reports/history.jsonl, and from there into docs/history.md
    and the page. Level core, unless arguments for `mask-conformance run` say otherwise.
    `-- --newest` runs the newest releases on the index instead. Each has an environment
    of its own, which is removed after the run.
    """
    head, more = HEADS[adapter], list(session.posargs)
    releases = [*head["releases"], ""]
    if "--newest" in more:
        more.remove("--newest")
        releases = [" ".join(map(distribution, head["dependencies"]))]
    more = more or ["--level", "core"]
    for release in releases:
        instead = tuple(release.split())
        folder = f"{HISTORY}/{slug(release) or 'pinned'}"
        scripts = build(session, adapter, instead)
        session.run(
            *(str(scripts / "mask-conformance"), "run", adapter, "-o", folder, *more),
            external=True,
            env=keep_compiled(HISTORY),
            # What fails on another release is what we want to know.
            success_codes=[0, 1],
        )
        record = f"{folder}/{adapter.replace(':', '-')}.jsonl"
        command = ("-P", "-m", "conformance.commands.history", "add", record)
        session.run(str(scripts / "python"), *command, external=True)
        if instead:
            shutil.rmtree(scripts.parent)
    session.log("now `python -m conformance.commands.history write` and publish it")


@nox.session(venv_backend="none")
@nox.parametrize("environment", [nox.param(name, id=name) for name in ENVIRONMENTS])
def newest(session: nox.Session, environment: str) -> None:
    """Run the adapters of an environment on the newest releases, for the nightly page.

    Records are kept in reports/newest; arguments go to `mask-conformance run`. Known
    differences are those of the pinned releases: what is new or fixed since stands out.
    """
    names = [name for name, head in HEADS.items() if head["environment"] == environment]
    folder = locate(f"newest-{environment}")
    # What was newest yesterday is in the way of what is newest today.
    shutil.rmtree(folder, ignore_errors=True)
    scripts = install(session, folder, set(map(distribution, gather((environment,)))))
    failed = []
    for name in names:
        command = (str(scripts / "mask-conformance"), "run", name, "-o", NEWEST)
        try:
            session.run(
                *(*command, *session.posargs), external=True, success_codes=[0, 1]
            )
        except nox.command.CommandFailed:
            failed.append(name)
    if failed:
        session.error(f"not run on the newest releases: {', '.join(failed)}")


@nox.session(venv_backend="none")
def bits(session: nox.Session) -> None:
    """Measure whether rows keep their bits in what plain `nox` runs.

    Arguments go to `mask-conformance bits`. It takes ten minutes, and writes
    reports/bits.jsonl and, from it, the tables of docs/devices.md.
    """
    scripts = build_together(session)
    command = str(scripts / "mask-conformance")
    names = [name for name in QUICK_ADAPTERS if name != "numpy_ma"]
    session.run(command, "bits", *names, "-o", BITS, *session.posargs, external=True)
    page = ("-m", "conformance.commands.pages.bits", "write")
    session.run(str(scripts / "python"), *page, external=True)


@nox.session
def report(session: nox.Session) -> None:
    """Write reports/index.html from every record there is."""
    session.install("-e", ".")
    others = sorted({str(path.parent) for path in Path(RESULTS).glob("*/*.jsonl")})
    page = ("report", RESULTS, *others, "-o", "reports", *MEASURED)
    session.run("mask-conformance", *page)


@nox.session
def publish(session: nox.Session) -> None:
    """Write the compatibility table of reports/README.md from the records there are."""
    session.install("-e", ".")
    command = ("mask-conformance", "report", RESULTS, "-o", "reports")
    session.run(*command, "--table", "reports/README.md")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the suite's own tests on NumPy; arguments go to pytest.

    A process for each core; `-- -n 0` has them all in one, for a debugger.
    """
    session.install("-e", ".[run,soak]", *GROUPS["tests"])
    session.run("python", "-m", "pytest", *PARALLEL, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the tests in one process, and print what of the engine they reach."""
    session.install("-e", ".[run,soak]", *GROUPS["tests"], *GROUPS["coverage"])
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "report", "--skip-covered", "--sort=cover")


@nox.session
def browser(session: nox.Session) -> None:
    """Use the page in a real Chromium, and let axe judge it."""
    chromium(session)
    session.install("-e", ".[run]", *GROUPS["browser"])
    session.run("python", "-m", "pytest", "tests/browser", *session.posargs)


@nox.session(venv_backend="none")
def picture(session: nox.Session) -> None:
    """Take README's picture of reports/index.html."""
    page = Path("reports/index.html").resolve()
    if not page.exists():
        session.error(f"{page}: no such page; run `nox` first")
    session.run(
        *(chromium(session), "--headless", "--no-sandbox", "--disable-gpu"),
        *("--disable-background-networking", "--hide-scrollbars"),
        *("--window-size=1440,1300", "--screenshot=docs/report.png", page.as_uri()),
        external=True,
    )


def chromium(session: nox.Session) -> str:
    """Return the path of the browser; nothing is ever downloaded."""
    found = os.environ.get("MASK_BROWSER") or shutil.which("chromium")
    if not found:
        session.error(
            "no chromium on this machine: `apt-get install chromium`, or set "
            "MASK_BROWSER to the path of a Chromium or Chrome"
        )
    return found


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install(*GROUPS["lint"])
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check types of the engine, the adapters, the tests and this file."""
    session.install("-e", ".[run]", *GROUPS["tests"], *GROUPS["types"])
    session.run("mypy")


@nox.session
def cases(session: nox.Session) -> None:
    """Hold the case files against the second oracle; `-- write` writes them."""
    session.install("-e", ".[run]")
    session.run("python", "-m", "conformance.cases", *(session.posargs or ["check"]))


@nox.session
def mutants(session: nox.Session) -> None:
    """Print which check catches which wrong implementation; none may survive."""
    # Wrong gradients are made with torch, wrong compiled routes with JAX.
    for name in ("torch_reference", "jax_reference"):
        session.install(*HEADS[name]["dependencies"])
    session.install("-e", ".[run]", *GROUPS["tests"])
    session.run("python", "-m", "conformance.commands.pages.mutants", *session.posargs)


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Measure speed as docs/speed.md tells it; each table is also JSON in reports/."""
    numpy, torch, jax = (
        str(build(session, f"{name}_reference") / "python")
        for name in ("numpy", "torch", "jax")
    )
    tensorflow = str(build(session, "tensorflow_reference") / "python")
    for python, script, *arguments in (
        (numpy, "wall", "startup"),
        (numpy, "wall", "core", "numpy_reference"),
        (numpy, "wall", "plain", "numpy_reference"),
        (torch, "wall", "core", "torch_reference"),
        (tensorflow, "wall", "core", "tensorflow_reference"),
        (jax, "wall", "core", "jax_reference"),
        (numpy, "rows", "numpy"),
        (torch, "rows", "torch"),
        (jax, "rows", "jax"),
        (numpy, "catch", "numpy"),
        (numpy, "harness", "numpy_reference"),
        (torch, "harness", "torch_reference"),
        (tensorflow, "harness", "tensorflow_reference"),
        (jax, "harness", "jax_reference"),
        (numpy, "growth", "examples"),
        (numpy, "growth", "time"),
        (numpy, "growth", "cases"),
        (numpy, "growth", "results", "1000000"),
    ):
        command = (python, f"benchmarks/{script}.py", *arguments)
        session.run(*command, *session.posargs, external=True)


@nox.session(venv_backend="none")
@nox.parametrize("name", [nox.param(name, id=name) for name in FRAMEWORKS])
def thorough(session: nox.Session, name: str) -> None:
    """Hold a reference adapter to far more rows, over three seeds, and 2,000 batches.

    Hours for the compiling frameworks; `-- --operation birnn` and the like narrow it.
    JAX keeps its compiled programs for the other seeds, whose shapes are the same.
    """
    scripts = build(session, f"{name}_reference")
    kept = keep_compiled("reports/thorough")
    for seed in ("1", "2", "3"):
        command = [str(scripts / "mask-conformance"), "run", f"{name}_reference"]
        command += ["--seed", seed, "--examples", "640", "--explore", "200"]
        command += ["-o", f"reports/thorough/{seed}", *session.posargs]
        session.run(*command, env=kept, external=True)
    asked: list[tuple[str, ...]] = [()]
    if name == "tensorflow":
        # A layer is traced anew for each seed's weights: eager, it takes half an hour.
        asked = [("masked_mean", "masked_max", "masked_softmax", "masked_loss")]
        asked += [("birnn", "--route", "eager")]
    for more in asked:
        seeds = ("benchmarks/seeds.py", f"{name}_reference", "2000", *more)
        session.run(str(scripts / "python"), *seeds, external=True)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Read 10,000 spoilt case, known and result files each, or `-- N`."""
    session.install("-e", ".[run]", *GROUPS["tests"])
    count = session.posargs[0] if session.posargs else "10000"
    session.run("pytest", "-q", "tests/test_fuzz.py", env={"MASK_FUZZ": count})


@nox.session
def examples(session: nox.Session) -> None:
    """Try the quick start and the example library on the built wheel."""
    # Not the session's temporary folder: what is tried there would be in this checkout,
    # and its pytest would find our configuration.
    folder = (session.cache_dir / "wheel").resolve()
    for old in folder.glob("*.whl"):
        old.unlink()
    session.install("build")
    session.run("python", "-m", "build", "--wheel", "--outdir", str(folder))
    (wheel,) = folder.glob("*.whl")
    library = tomllib.loads(
        Path("examples/seqlayers/pyproject.toml").read_text("utf-8")
    )
    # torch first: what is installed after it must not bring another build of it.
    session.install(*library["project"]["dependencies"])
    session.install("--force-reinstall", "--no-deps", str(wheel))
    session.install(f"{wheel}[run]")
    # pytest and not `python -m pytest`, which would find the checkout before the wheel.
    session.run(
        *("pytest", "-q", "tests/examples", "tests/docs/test_quickstart.py"),
        env={"MASK_WHEEL": str(wheel)},
    )


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into site/, with the report that there is; links must hold.

    `site/` is all there is to publish: any static host serves it.
    """
    session.install(*GROUPS["docs"])
    command = ("mkdocs", "build", "--strict", *session.posargs)
    session.run(*command, env={"NO_MKDOCS_2_WARNING": "1"})


nox.options.sessions = ["quick"]
