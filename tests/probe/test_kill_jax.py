"""Every JAX model that is wrong on purpose is found and placed; its twin passes."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.examine import Report

jax = pytest.importorskip("jax")

pytestmark = pytest.mark.filterwarnings("ignore")

HERE = Path(__file__).parent
SEEDS = range(1, 1 + int(os.environ.get("MASK_SEEDS", "1")))
TABLES = {"wrong_jax": "jax", "wrong_flax": "flax", "wrong_equinox": "equinox"}


def load(name: str) -> Any:
    """Import a module beside this one; the folder is no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


FOUND = {
    name: load(name)
    for name, needs in TABLES.items()
    if importlib.util.find_spec(needs)
}
CASES = [
    pytest.param(module, case, id=f"{name.removeprefix('wrong_')}-{case.name}")
    for name, module in FOUND.items()
    for case in module.CASES
]


@pytest.fixture(autouse=True, scope="module")
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep compiled programs: models of other seeds differ in numbers only."""
    kept = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled")),
        "jax_persistent_cache_min_compile_time_secs": 0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    before = {name: getattr(jax.config, name) for name in kept}
    for name, value in kept.items():
        jax.config.update(name, value)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def probed(case: Any, seed: int, *, wrong: bool, locate: bool = True) -> Report:
    model = case.make(seed, wrong=wrong)
    return examine(
        wrap(model, case.name), ProbeSettings(seed=seed, locate=locate, **case.said)
    )


@pytest.mark.parametrize(("module", "case"), CASES)
def test_a_wrong_model_is_found_and_placed(module: Any, case: Any) -> None:
    report = probed(case, 0, wrong=True)
    questions = {answer.question for answer in report.leaks}
    assert questions
    assert not case.question or case.question in questions
    if not case.placed:
        return
    places = report.locations
    location = places.get(case.question) or next(iter(places.values()))
    if case.between:
        assert location.before is not None
        assert location.before.path == case.path
        assert {location.before.line, location.site.line} & set(case.lines)
        return
    assert location.before is None
    assert location.site.path == case.path
    assert location.site.line in case.lines
    assert location.site.file == module.__file__
    assert location.checked


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("module", "case"), CASES)
def test_its_right_twin_passes(module: Any, case: Any, seed: int) -> None:
    del module
    report = probed(case, seed, wrong=False, locate=False)
    assert [(each.question, each.text, each.why) for each in report.leaks] == []
    assert any(each.kind in {"same", "noise"} for each in report.answers)


def test_there_are_at_least_sixty_wrong_models() -> None:
    tables = [HERE / f"{name}.py" for name in TABLES]
    assert all(path.is_file() for path in tables)
    if len(FOUND) == len(TABLES):
        assert len(CASES) >= 60
    assert len({case.id for case in CASES}) == len(CASES)
