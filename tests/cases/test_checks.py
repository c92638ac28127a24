from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases import find_vacuous, load_flags, vocabulary
from conformance.cases.validate import check_cases, parse_json
from conformance.errors import CaseError
from conformance.operations import load_operations

if TYPE_CHECKING:
    from collections.abc import Callable

    Mutation = Callable[[dict[str, Any]], object]

FOLDER = Path(__file__).parent.parent.parent / "cases"
WORDS = replace(vocabulary(load_operations().values()), flags=set(load_flags(FOLDER)))
RAW = {
    name: json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    for name in load_operations()
}


def one(operation: str, slug: str) -> dict[str, Any]:
    cases = RAW[operation]["cases"]
    case = next(each for each in cases if each["slug"] == slug)
    return copy.deepcopy({**RAW[operation], "cases": [case]})


def setting(**fields: object) -> Mutation:
    return lambda case: case.update(fields)


def x(*rows: object) -> Mutation:
    return setting(inputs={"x": list(rows)})


CLEAN = "; the format is in cases/README.md"
MEAN = [
    (lambda case: case.pop("title"), "missing required field `title`"),
    (setting(extra=1), "contains unknown field `extra`"),
    (setting(title=1), "Expected `str`, got `int` - at `$.title`"),
    (setting(title=" "), "title: got ' ', expected one printable line"),
    (setting(title="a\x1bb"), "title: got 'a\\x1bb', expected one printable line"),
    (setting(slug="Article"), "slug: got 'Article', expected kebab-case"),
    (
        setting(slug="value"),
        "slug: got 'value', expected a slug that is not a law's name",
    ),
    (setting(variant="masked_men"), "variant: got 'masked_men', expected one of "),
    (
        setting(variant="masked_max"),
        "variant: got 'masked_max', expected one of masked",
    ),
    (setting(clause="masked_mean.valu"), "such as masked_mean.value"),
    (setting(clause="masked_mean.padding-labels"), "clause: got 'masked_mean.paddin"),
    (setting(level="hard"), "Invalid enum value 'hard' - at `$.level`"),
    (setting(flags=["ragd"]), "flags: got 'ragd', expected one of "),
    (setting(flags=["gaps", "gaps"]), "expected each flag once"),
    (
        setting(source="http://example.org"),
        "source: got 'http://example.org', expected",
    ),
    (setting(since="1"), "since: got '1', expected a version such as 0.1.0"),
    (setting(mask=[[True] * 5]), "x: got shape [1, 8], expected a shape [B, T] or"),
    (setting(mask=[[True], [True, False]]), "mask: got rows of different lengths"),
    (setting(mask=[True]), "Expected `array`, got `bool`"),
    (setting(mask=[]), "mask: got shape [0], expected a shape [B, T]"),
    (x([1, 0, [3], 4, 5, 0, 0, 0]), "x: got rows of different lengths, expected"),
    (x([1, 0, 3, 4, 5, 0, 0, float("nan")]), "x[0][7]: got a bare nan, expected"),
    (x([1, 0, 3, 4, 5, 0, 0, -math.inf]), "x[0][7]: got a bare -inf, expected"),
    (
        x([1, 0, 3, 4, 5, 0, 0, "declared"]),
        "x[0][7]: got 'declared', expected a number",
    ),
    (x([1, 0, 3, 4, 0.1, 0, 0, 0]), "x[0][4]: got 0.1, expected a number that float32"),
    (x([1, 0, 3, 4, 10**400, 0, 0, 0]), "expected a number that float32 holds exactly"),
    (x([1, 0, 3, 4, True, 0, 0, 0]), "got `bool`"),
    (x([[[[1]]]]), "Expected `bool | int | float | str`, got `array`"),
    (x([1, 0, 3, 4, 5, 0, 0, "nan"]), "level: got core with nan at x[0][7], expected"),
    (x([1, 0, 3, 4, 5, 0, 0, 16384]), "level: got core with 16384 at x[0][7]"),
    (
        setting(inputs={}),
        "inputs.x: got nothing, expected an array, which the variant takes",
    ),
    (
        setting(inputs={"x": [[1]], "y": [[1]]}),
        "inputs.y: got an array, expected no such array; masked_mean takes x",
    ),
    (
        setting(weights={"a": {"b": [1]}}),
        "weights.a.b: got an array, expected no such array",
    ),
    (x([0] * 4096), "inputs: got 4105 numbers in all, expected at most 4096"),
    (setting(want=[[2.6]]), "want: got shape [1, 1], expected a shape [B] or [B, F]"),
    (setting(want=["none"]), "want[0]: got 'none', expected a number or one of"),
    (setting(want=[math.inf]), "want[0]: got a bare inf"),
    (setting(control=True), "control: got true, expected true if every position"),
    (setting(clause="masked_mean.gaps"), "level: got core, expected at least robust"),
    (
        setting(mask=[[False] + [True] * 4 + [False] * 3]),
        "level: got core with padding that is not on the right, expected robust",
    ),
    (setting(mask=[[False] * 8]), "level: got core with a row without valid"),
]


@pytest.mark.parametrize(
    ("mutation", "message"), MEAN, ids=[message[:40] for _, message in MEAN]
)
def test_a_wrong_case_is_refused_with_what_is_wrong(
    mutation: Mutation, message: str
) -> None:
    raw = one("masked_mean", "article-mean")
    mutation(raw["cases"][0])
    with pytest.raises(CaseError) as caught:
        check_cases(raw, "here.json", WORDS)
    assert message in str(caught.value)
    assert str(caught.value).startswith("here.json: case '")
    assert str(caught.value).endswith(CLEAN)


LOSS = "labels-that-are-no-class"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "targets",
            [[1, 0, 2, 1]] * 2,
            "targets: got shape [2, 4], expected a shape [B",
        ),
        (
            "targets",
            [[1, 0, 2, 1, 0.5]] * 2,
            "targets[0][4]: got 0.5, expected a class",
        ),
        (
            "targets",
            [[1, 0, 2, 1, 2**31]] * 2,
            "targets[0][4]: got 2147483648, expected",
        ),
        (
            "targets",
            [[1, 0, 3, 1, 0]] * 2,
            "targets[0][2]: got 3, expected a class below",
        ),
        (
            "predictions",
            [[1] * 5] * 2,
            "predictions: got shape [2, 5], expected a shape",
        ),
    ],
)
def test_wrong_labels_and_logits_are_refused(
    field: str, value: object, message: str
) -> None:
    raw = one("masked_loss", LOSS)
    raw["cases"][0]["inputs"][field] = value
    with pytest.raises(CaseError) as caught:
        check_cases(raw, "here.json", WORDS)
    assert f"case '{LOSS}': {message}" in str(caught.value)


@pytest.mark.parametrize("number", [1, 0.5, "nan"])
def test_a_mask_among_the_inputs_is_boolean(number: object) -> None:
    raw = one("cross_attention", "two-rows-of-one-token")
    raw["cases"][0]["inputs"]["query_mask"] = [[True], [number]]
    with pytest.raises(CaseError) as caught:
        check_cases(raw, "here.json", WORDS)
    assert f"query_mask[1][0]: got {number!r}, expected true or false" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("mutation", "message"),
    [
        (lambda weights: weights.pop("backward"), "weights.backward.bias: got nothing"),
        (
            lambda weights: weights["forward"].pop("bias"),
            "weights.forward.bias: got nothing",
        ),
        (
            lambda weights: weights["forward"].update(bias=[0.5] * 5),
            "forward.bias: got shape [5], expected a shape [4H] with B = 1, T = 8",
        ),
        (
            lambda weights: weights["backward"].update(kernel=[[0.5] * 8]),
            "backward.kernel: got shape [1, 8], expected a shape [F, 4H] with",
        ),
    ],
)
def test_wrong_weights_are_refused(mutation: Mutation, message: str) -> None:
    raw = one("birnn", "article-lstm-concat")
    mutation(raw["cases"][0]["weights"])
    with pytest.raises(CaseError) as caught:
        check_cases(raw, "here.json", WORDS)
    assert message in str(caught.value)


def test_only_empty_rows_are_declared() -> None:
    raw = one("masked_loss", "padded-regression-mean")
    raw["cases"][0]["want"] = "declared"
    with pytest.raises(
        CaseError, match="want: got declared, expected numbers, since every"
    ):
        check_cases(raw, "here.json", WORDS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Expecting value"),
        ("[" * 100_000, "not JSON: maximum recursion depth"),
        ("[]", 'cases: got none, expected {"cases": [...]}'),
        ('{"cases": 1}', "cases: got none"),
        ('{"cases": [], "cases": []}', "field 'cases' occurs twice"),
        ('{"cases": []}', "missing required field `schema`"),
        ('{"schema": 2, "operation": "a", "cases": []}', "Invalid enum value 2"),
        ('{"schema": 1, "operation": "masked_mean", "cases": []}', "got an empty list"),
        ('{"schema": 1, "operation": "a", "cases": [1]}', "case 0: Expected `object`"),
        (
            '{"schema": 1, "operation": "a", "cases": [{"\x07": 1}]}',
            "not JSON: Invalid",
        ),
        ('{"schema": 1, "operation": "a", "cases": [], "x\\u001b": 1}', "field `x?`"),
    ],
)
def test_a_malformed_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(CaseError) as caught:
        check_cases(parse_json(text, "here.json"), "here.json", WORDS)
    assert message in str(caught.value)


def test_an_unknown_operation_is_refused() -> None:
    raw = {**one("masked_mean", "article-mean"), "operation": "masked_men"}
    with pytest.raises(
        CaseError, match="operation: got 'masked_men', expected one of "
    ):
        check_cases(raw, "here.json", WORDS)


def test_a_slug_is_used_once() -> None:
    raw = one("masked_mean", "article-mean")
    raw["cases"] *= 2
    with pytest.raises(CaseError, match="a slug that no other case in the file has"):
        check_cases(raw, "here.json", WORDS)


def test_a_depth_bomb_inside_a_case_is_refused() -> None:
    text = json.dumps(one("masked_mean", "article-mean"))
    bomb = text.replace("[[1, 0, 3", "[" * 700 + "]" * 700 + ", [[1, 0, 3")
    with pytest.raises(CaseError):
        check_cases(parse_json(bomb, "here.json"), "here.json", WORDS)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at]
    if isinstance(value, dict):
        found += [each for key in value for each in places(value[key], (*at, key))]
    elif isinstance(value, list):
        found += [
            each for key in range(len(value)) for each in places(value[key], (*at, key))
        ]
    return found


SEEDS = [
    one("masked_mean", "two-features"),
    one("masked_loss", LOSS),
    one("birnn", "article-gru-sum"),
]
ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=6,
)


@settings(max_examples=300)
@given(seed=st.sampled_from(SEEDS), data=st.data())
def test_whatever_stands_in_a_file_only_case_errors_come_out(
    seed: dict[str, Any], data: st.DataObject
) -> None:
    raw = copy.deepcopy(seed)
    *way, last = data.draw(st.sampled_from(places(raw)[1:]))
    inside = raw
    for key in way:
        inside = inside[key]
    if data.draw(st.booleans()):
        inside[last] = data.draw(ANYTHING)
    else:
        del inside[last]
    try:
        cases = check_cases(
            parse_json(json.dumps(raw), "here.json"), "here.json", WORDS
        )
    except CaseError:
        cases = ()
    for case in cases:
        assert "float32" in case.dtypes
        find_vacuous(case)
