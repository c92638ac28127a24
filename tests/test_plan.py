"""Which checks an adapter gets, and which it is told that it does not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.adapters.load import read_declaration, read_declarations
from conformance.errors import UnknownNameError
from conformance.operations import load_operations
from conformance.records import parse_check
from conformance.run import catalogue
from conformance.specification import LEVELS, included_levels
from conformance.specification.plan import (
    SECOND_ROUTE_LAWS,
    _mask_objection,
    _placement,
    clauses,
    laws_of,
)
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from conformance.specification import Level
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check

EVERY = Selection(level="extended")
NAMES = sorted(read_declarations())


class Plans(NamedTuple):
    """What an adapter declares, and its checks at each level."""

    declaration: Declaration
    core: tuple[Check, ...]
    robust: tuple[Check, ...]
    extended: tuple[Check, ...]


def planned(name: str, **changes: Any) -> dict[str, Check]:
    declaration = replace(read_declaration(name), **changes)
    return {check.id: check for check in catalogue.plan_checks(declaration, EVERY)}


@cache
def _read(check: str) -> tuple[str, str]:
    """Read an id back: adapters share most of theirs."""
    read = parse_check(check)
    return read.operation, read.item


def reasons(found: dict[str, Check], item: str) -> set[str]:
    return {check.unsupported for check in found.values() if check.item == item}


@pytest.fixture(scope="module", params=NAMES)
def plans(request: pytest.FixtureRequest) -> Plans:
    """Plan each level of an adapter, once for all that is asked of the plans."""
    declaration = read_declaration(request.param)
    return Plans(
        declaration,
        *(catalogue.plan_checks(declaration, Selection(level=each)) for each in LEVELS),
    )


def test_ids_are_given_once_and_can_be_read_back(plans: Plans) -> None:
    checks = plans.extended
    assert [i for i, n in Counter(c.id for c in checks).items() if n > 1] == []
    for check in checks:
        assert _read(check.id) == (check.operation, check.item)


def test_a_level_includes_those_below_it(plans: Plans) -> None:
    core, robust, extended = ({check.id for check in each} for each in plans[1:])
    assert core < robust <= extended


def test_core_is_float32_on_the_primary_route(plans: Plans) -> None:
    own = {
        law.name: {*law.dtypes, law.route}
        for operation in load_operations().values()
        for law in laws_of(operation)
    }
    for check in plans.core:
        special = own.get(check.item, set())
        assert check.dtype in {"float32", *special}
        assert check.route in {plans.declaration.primary, *special}


def test_every_check_holds_a_clause_that_exists(plans: Plans) -> None:
    every = catalogue.all_clauses()
    assert {check.clause for check in plans.extended} - set(every) == set()


def test_every_clause_is_checked_for_an_adapter_that_offers_everything() -> None:
    checks = catalogue.plan_checks(read_declaration("torch_reference"), EVERY)
    every = {c.id for o in load_operations().values() for c in clauses(o)}
    assert {check.clause for check in checks if not check.unsupported} == every


def test_checks_of_one_variant_dtype_and_route_stand_together() -> None:
    checks = catalogue.plan_checks(read_declaration("torch_reference"), EVERY)
    groups = [(c.variant.name, c.dtype, c.route) for c in checks]
    turns = [
        one for one, other in zip(groups, ["", *groups], strict=False) if one != other
    ]
    assert len(turns) == len(set(turns))


def test_a_missing_function_makes_its_operation_unsupported() -> None:
    found = planned("numpy_reference", functions=("masked_max",))
    told = {c.unsupported for c in found.values() if c.operation == "masked_mean"}
    assert told == {"the adapter has no masked_mean"}
    own = {key: each for key, each in found.items() if each.operation == "masked_max"}
    assert reasons(own, "member") == {""}


def test_a_declared_gap_makes_its_variants_unsupported() -> None:
    found = planned(
        "numpy_reference", unsupported={"birnn.gru.*": "no reset-after GRU"}
    )
    own = [c for c in found.values() if c.operation == "birnn"]
    gru = {c.unsupported for c in own if ".gru." in c.variant.name}
    assert gru == {"no reset-after GRU"}
    assert "" in {c.unsupported for c in own if ".lstm." in c.variant.name}


def test_an_adapter_of_right_padding_never_sees_gaps_or_left_padding() -> None:
    found = planned("numpy_reference", placements=("right",))
    assert reasons(found, "gaps") == {"the adapter declares no gaps placement"}
    assert reasons(found, "left-padding") == {"the adapter declares no left placement"}
    cases = {case.id: case for group in catalogue.cases().values() for case in group}
    for check in found.values():
        if check.case and not check.unsupported:
            mask = cases[f"{check.variant.name}/{check.item}"].mask
            assert {_placement(row) for row in mask} <= {"right", "empty"}


def test_an_adapter_that_raises_for_empty_rows_never_sees_one_in_a_case() -> None:
    found = planned("numpy_reference", empty={"masked_mean": "error"})
    cases = {case.id: case for group in catalogue.cases().values() for case in group}
    for check in found.values():
        if check.case and check.operation == "masked_mean" and not check.unsupported:
            assert all(map(any, cases[f"masked_mean/{check.item}"].mask))


@pytest.mark.parametrize(
    ("name", "item", "reason"),
    [
        ("numpy_reference", "gradient", "numpy does not differentiate"),
        ("numpy_reference", "route", "the adapter declares no compiled route"),
        ("jax_reference", "layout", "jax tensors have no strides"),
    ],
)
def test_what_a_framework_lacks_is_said(name: str, item: str, reason: str) -> None:
    assert reasons(planned(name), item) == {reason}


def test_an_adapter_without_float32_is_held_to_core_in_its_first_dtype() -> None:
    declaration = replace(read_declaration("numpy_reference"), dtypes=("float64",))
    checks = catalogue.plan_checks(declaration, Selection(level="core"))
    assert {check.dtype for check in checks} == {"float64"}


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_the_placement_is_where_the_padding_is(row: list[bool]) -> None:
    text = "".join("01"[valid] for valid in row)
    want = "gaps" if "0" in text.strip("0") else "left" if text[0] == "0" else "right"
    assert _placement(row) == ("empty" if "1" not in text else want)


def test_a_mask_with_a_placement_that_is_not_declared_is_kept_away() -> None:
    found: Declaration = replace(
        read_declaration("numpy_reference"), placements=("right",)
    )
    variant = load_operations()["masked_mean"].variants[0]
    assert _mask_objection(found, variant, [[True, False], [False, False]]) == ""
    assert "left" in _mask_objection(found, variant, [[False, True]])


@pytest.mark.parametrize(
    ("selected", "said"),
    [
        ({"level": "cor"}, "unknown level 'cor'; did you mean 'core'?"),
        ({"dtypes": ("f32",)}, "choose from: bfloat16, float16, float32, float64"),
        ({"routes": ("jit",)}, "choose from: autocast, compiled, dynamic, eager"),
    ],
)
def test_unknown_values_list_the_choices(selected: Any, said: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        Selection(**selected)
    assert said in str(caught.value)


def test_an_unknown_operation_lists_the_choices() -> None:
    selection = Selection(operations=("masked_men",))
    with pytest.raises(UnknownNameError, match="did you mean 'masked_mean'"):
        catalogue.plan_checks(read_declaration("numpy_reference"), selection)


@pytest.mark.parametrize("level", LEVELS)
def test_a_named_check_is_found_at_its_level(level: Level) -> None:
    glob = "masked_mean/wild-padding:float32:*"
    selection = Selection(level=level, checks=(glob,))
    found = catalogue.plan_checks(read_declaration("numpy_reference"), selection)
    assert bool(found) == ("robust" in included_levels(level))
    assert selection.partial


def test_extended_routes_get_the_cases_and_four_laws_at_level_extended() -> None:
    found = planned("torch_reference")
    for route in ("dynamic", "vmap", "autocast"):
        own = [each for each in found.values() if each.route == route]
        laws = {each.item for each in own if not each.case}
        assert {each.level for each in own} == {"extended"}
        assert laws == set(SECOND_ROUTE_LAWS)
        assert any(each.case for each in own)


def test_autocast_is_judged_in_bfloat16_and_vmap_has_no_scalars() -> None:
    found = planned("torch_reference").values()
    assert {each.dtype for each in found if each.route == "autocast"} == {"bfloat16"}
    mapped = {each.variant.result for each in found if each.route == "vmap"}
    assert "scalar" not in mapped
    assert mapped


def test_training_mode_is_for_layers_and_inductor_for_one_case_of_each() -> None:
    found = planned("torch_reference").values()
    trained = {each.operation for each in found if each.route == "training"}
    inducted = Counter(c.variant.name for c in found if c.route == "inductor")
    layers = {name for name, each in load_operations().items() if each.builds}
    assert trained == layers
    assert set(inducted.values()) == {1}


@pytest.mark.parametrize("behaviour", ["zero-time", "zero-batch", "subnormals"])
def test_what_is_not_stated_of_an_edge_is_unsupported(behaviour: str) -> None:
    field = behaviour.replace("-", "_")
    stated = planned("numpy_reference")
    silent = planned("numpy_reference", **{field: {}})
    assert reasons(stated, behaviour) == {""}
    assert all(
        text.startswith("the adapter declares nothing")
        for text in reasons(silent, behaviour)
    )


def test_forward_mode_runs_on_a_route_of_its_own() -> None:
    found = planned("torch_reference")
    own = {each.route for each in found.values() if each.item == "forward-gradient"}
    assert own == {"jvp"}
    lacking = planned("numpy_reference")
    assert reasons(lacking, "forward-gradient") == {"the adapter declares no jvp route"}
