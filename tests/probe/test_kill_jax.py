"""Every JAX model that is wrong on purpose is found and placed; its twin passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

jax = pytest.importorskip("jax")

TABLES = {
    "wrong_jax": "jax",
    "wrong_flax": "flax",
    "wrong_equinox": "equinox",
    "wrong_haiku": "haiku",
}

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_wrong_model_is_found_and_placed(
    table: Any, case: Any, assert_placed: Callable[[Any, Any], None]
) -> None:
    assert_placed(table, case)


def test_its_right_twin_passes(
    table: Any, case: Any, seed: int, assert_passes: Callable[[Any, int], None]
) -> None:
    del table
    assert_passes(case, seed)


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


def test_there_are_at_least_sixty_wrong_models(load: Callable[[str], Any]) -> None:
    for needs in TABLES.values():
        pytest.importorskip(needs)
    cases = [(name, case.name) for name in TABLES for case in load(name).CASES]
    assert len(cases) >= 60
    assert len(set(cases)) == len(cases)
