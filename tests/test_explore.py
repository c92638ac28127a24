"""Hypothesis beyond the grid: what it finds is shrunk, saved, and can be replayed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases import load, vocabulary
from conformance.check.explore import draw_batches
from conformance.check.fixtures import LAYERS, Fixtures
from conformance.errors import UnknownNameError
from conformance.operations import load_operations
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.selection import Selection
from conformance.strategies import BytesDraw, batches, masks, variant_named
from conformance.trial.draw import GARBAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.records import Result
    from conformance.trial.batch import Batch

# Right on the grid of lengths 1, 3, 5 and 8; wrong between them.
RARE = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    total = np.where(wide, x, 0).sum(axis=1)
    count = x.shape[1] if x.shape[1] == 4 else wide.sum(axis=1)
    return (total / count).astype(x.dtype)
"""
VALUE = Selection(checks=("masked_mean/value:float32:*",))
BUDGET: dict[str, Any] = {"examples": 60, "seed_": 0, "times": (1, 2), "max_rows": 2}


def explored(path: Path, examples: int) -> Result:
    given_ = Settings(
        reference=str(path),
        selection=VALUE,
        explore=examples,
        record=path.with_suffix(".jsonl"),
    )
    session = Session(given_)
    (check,) = session.planned
    result = session.run(check)
    session.close()
    return result


def test_what_the_grid_misses_is_found_and_shrunk(
    written: Callable[[str], Path],
) -> None:
    path = written(RARE)
    assert explored(path, 0).outcome == "passed"
    found = explored(path, 80)

    assert found.outcome == "failed"
    assert found.failure is not None
    assert np.shape(found.failure.mask) == (1, 4)
    assert found.failure.command.endswith("--explore 80")


def test_what_was_found_is_a_case_file_with_the_exact_answer(
    written: Callable[[str], Path],
) -> None:
    path = written(RARE)
    result = explored(path, 80)
    (file,) = (path.parent / "found").glob("*.json")
    (case,) = load(file, vocabulary(load_operations().values()))
    mean = json.loads(file.read_text(encoding="utf-8"))["cases"][0]["want"]

    assert file.name == f"masked_mean.{case.slug}.json"
    assert case.source == "search, seed 0"
    assert case.slug.startswith("found-value-")
    assert case.clause == "masked_mean.value"
    assert result.failure is not None
    assert mean == result.failure.want


def test_the_same_seed_draws_the_same() -> None:
    one, two = (draw_batches("masked_softmax", **BUDGET) for _ in range(2))
    assert len(one) == len(two) > 10
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a.arrays["x"], b.arrays["x"])
        assert np.array_equal(a.mask, b.mask)


def test_what_is_drawn_is_of_the_shapes_asked_for() -> None:
    found = draw_batches("birnn.gru.sum.final", **BUDGET)
    assert found
    assert all(batch.rows <= 2 and batch.time in (1, 2) for batch in found)


def test_one_draw_serves_every_dtype(opened: Callable[..., Session]) -> None:
    session = opened(RARE)
    check = next(each for each in session.planned if not each.case)
    half = replace(check, dtype="float16")
    fixtures = session.runner.fixtures
    single = fixtures.explore(check, 5)
    for one, other in zip(single, fixtures.explore(half, 5), strict=True):
        assert one.batch.arrays["x"].dtype == np.float32
        assert np.array_equal(
            one.batch.arrays["x"].astype(np.float16), other.batch.arrays["x"]
        )


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_bytes_give_the_same_kind_of_choices(data: st.DataObject) -> None:
    draw: Any = data.draw
    choices = BytesDraw(draw, 0)
    numbers = choices.rows_of(GARBAGE, (3, 4))
    assert numbers.shape == (3, 4)
    assert (np.abs(numbers) <= 1e4).all()
    assert set(choices.below(3, 9).tolist()) <= {0, 1, 2}
    assert set(choices.of((0.5, 2.0), (2, 2)).ravel().tolist()) <= {0.5, 2.0}


def test_where_each_layer_is_compiled_anew_explored_batches_share_a_few() -> None:
    session = Session(Settings(reference="numpy_reference", explore=12))
    check = next(c for c in session.planned if c.variant.name == "birnn.gru.sum.final")
    declaration = session.adapter.declaration
    layers = {}
    for framework in ("numpy", "jax"):
        other = replace(declaration, framework=framework, routes=("eager", "compiled"))
        adapter = replace(session.adapter, declaration=other)
        found = Fixtures(adapter, 0).explore(check, 12)
        given_ = [each.batch.weights["forward.kernel"].tobytes() for each in found]
        layers[other.primary] = len(set(given_))
    assert layers["eager"] > LAYERS
    assert layers["compiled"] <= LAYERS


def test_one_draw_serves_every_law(opened: Callable[..., Session]) -> None:
    fixtures = opened(RARE).runner.fixtures
    planned = [each for each in opened(RARE).planned if not each.case]
    lists = {id(fixtures.explore(check, 5)) for check in planned[:3]}
    assert len(planned) >= 3
    assert len(lists) == 1


@settings(max_examples=30, deadline=None)
@given(st.data(), st.sampled_from(["right", "left", "gaps"]))
def test_masks_have_a_valid_position_in_each_row_and_padding_in_its_place(
    data: st.DataObject, placement: str
) -> None:
    mask = data.draw(masks(rows=3, time=4, placement=placement))
    assert mask.any(axis=1).all()
    turned = {"right": mask, "left": mask[:, ::-1]}.get(placement)
    if turned is not None:
        assert (np.diff(turned.astype(int), axis=1) <= 0).all()


def test_names_that_do_not_exist_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'masked_mean'"):
        variant_named("masked_men")


@settings(max_examples=1)
@given(st.data())
def test_a_placement_that_does_not_exist_is_refused(data: st.DataObject) -> None:
    with pytest.raises(UnknownNameError, match="unknown placement 'middle'"):
        data.draw(masks(rows=1, time=1, placement="middle"))


@settings(max_examples=20, deadline=None)
@given(batches("masked_loss.cross_entropy.mean", max_rows=2, times=(3,)))
def test_batches_fit_the_operation(batch: Batch) -> None:
    assert batch.arrays["predictions"].shape[:2] == batch.mask.shape
    assert batch.arrays["predictions"].dtype == np.float32
    assert batch.arrays["targets"].dtype == np.int64
    assert batch.rows <= 2
    assert batch.time == 3


@pytest.mark.parametrize("operation", sorted(load_operations()))
def test_every_law_judges_whatever_shape_is_drawn(operation: str) -> None:
    """Small batches lack what generated ones have: each length, a row long enough."""
    selection = Selection(operations=(operation,), dtypes=("float32",))
    # Each variant draws its own: with many of them, few shapes each are many together.
    variants = len(load_operations()[operation].variants)
    settings_ = Settings(
        reference="numpy_reference",
        selection=selection,
        seed=1,
        examples=1,
        explore=min(20, max(6, 60 // variants)),
        drawn=True,
    )
    session = Session(settings_)
    results = [session.run(check) for check in session.planned]
    wrong = [f"{each.check}: {each.message}" for each in results]
    assert len(results) > 5
    assert {each.outcome for each in results} == {"passed"}, "\n".join(wrong)
