from __future__ import annotations

import importlib.util
from itertools import combinations
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from conformance.adapters.load import read_declaration
from conformance.check.diagnosis.answers import ask
from conformance.check.diagnosis.questions import questions
from conformance.check.mutants import adapter, correct
from conformance.commands.pages.grid import page, problems
from conformance.commands.pages.matrix import Matrix, kill_matrix, killers
from conformance.operations import load_mutants, load_operations, load_oracle
from conformance.operations._common.mutant import Mutant, mutants
from conformance.run import catalogue
from conformance.specification import DTYPES
from conformance.trial.frameworks import load_framework
from conformance.trial.oracle import CachedOracle
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.check.diagnosis.questions import Question
    from conformance.specification import Variant

LEAST = dict.fromkeys(load_operations(), 15) | {
    "masked_mean": 10,
    "masked_max": 8,
    "masked_softmax": 12,
    "attention": 40,
    "cross_attention": 45,
    "windowed_attention": 55,
    "packed_attention": 45,
    "positions": 35,
    "rotary": 35,
    "mask_from_lengths": 30,
    "lengths_from_mask": 30,
    "pack": 40,
    "attention_pooling": 40,
    "alibi_attention": 30,
    "sink_attention": 30,
    "moe_routing": 60,
    "unpack": 40,
    "accumulated_loss": 50,
    "gated_scan": 55,
    "rnn": 55,
    "masked_criterion": 60,
    "weighted_loss": 60,
    "crf_log_likelihood": 40,
    "crf_decode": 25,
    "crf_partition": 45,
    "crf_marginals": 45,
    "ctc_loss": 50,
    "conv1d": 40,
    "stack": 40,
    "nested": 60,
    "masked_batch_norm": 40,
    "layer_norm": 35,
}
LIKE_OTHERS = {
    f"birnn.{cell}.{merge}.{output}"
    for cell, merge, output in (
        ("simple", "concat", "final"),
        ("simple", "sum", "sequence"),
        ("lstm", "sum", "sequence"),
        ("gru", "concat", "sequence"),
        ("gru", "sum", "final"),
    )
}
ELSEWHERE = [
    mutant for name in LEAST for mutant in mutants(name) if mutant.framework != "numpy"
]


@pytest.mark.parametrize("operation", LEAST)
def test_every_numpy_mutant_is_caught_by_the_law_it_is_made_for(operation: str) -> None:
    """The whole matrix, each law and case by each mutant, is `nox -s mutants`'s."""
    cases, oracle = catalogue.cases(), CachedOracle(load_oracle(operation))
    own = [each for each in mutants(operation) if each.framework == "numpy"]

    assert own
    late = [
        each.id
        for each in own
        if not killers(each, cases, oracle, only={f"{operation}.{each.clause}"})
    ]
    assert late == []


@pytest.mark.parametrize("operation", ["masked_mean", "crf_decode"])
def test_the_quick_matrix_is_sound_where_the_whole_is(operation: str) -> None:
    whole, quick = (
        kill_matrix(operations=(operation,), frameworks=("numpy",), quick=quick)
        for quick in (False, True)
    )

    assert quick.sound
    assert whole.sound
    assert quick.mutants == whole.mutants
    for name, found in quick.kills.items():
        assert found
        assert set(found) <= set(whole.kills[name])
    assert quick.power.keys() <= whole.power.keys()
    assert sum(quick.power.values()) < sum(whole.power.values())


def test_the_quick_matrix_is_unsound_where_a_case_catches_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = catalogue.cases()
    (first, *_) = cases["masked_mean"]
    idle = msgspec.structs.replace(
        first,
        slug="catches-nothing",
        inputs={"x": [[0.0, 0.0], [0.0, 0.0]]},
        mask=[[True, True], [True, True]],
        want=[0.0, 0.0],
    )
    more = {**cases, "masked_mean": [*cases["masked_mean"], idle]}
    monkeypatch.setattr(catalogue, "cases", lambda: more)
    matrix = kill_matrix(operations=("masked_mean",), frameworks=("numpy",), quick=True)

    assert matrix.idle == (idle.id,)
    assert not matrix.sound


def test_the_matrix_has_no_hole_where_every_law_and_case_catches_a_mutant() -> None:
    matrix = kill_matrix(operations=("masked_mean",), frameworks=("numpy",))

    assert "\n".join(problems(matrix)) == ""
    assert matrix.sound


NOT_SHOWN = {
    "reads-memory",
    "flushes-subnormals",
    "length-in-bfloat16",
    "positions-in-int8",
    "cuts-k-to-the-padded-length",
}
# What makes a mask is answered with one: mutants are told apart by their cases.
TOLD_APART = [
    name
    for name in LEAST
    if not any(one.makes_mask for one in load_operations()[name].variants)
]
# The last position of a row whose mask is ignored is the last one in memory.
SAME = {("ignores-the-mask", "last-position"), ("nan-becomes-zero", "skips-nan")}


@pytest.mark.parametrize("mutant", ELSEWHERE, ids=lambda mutant: mutant.id)
def test_a_gradient_or_route_mutant_is_caught_by_the_law_it_is_made_for(
    mutant: Mutant,
) -> None:
    pytest.importorskip(mutant.framework)

    assert f"{mutant.operation}.{mutant.clause}" in killers(mutant, catalogue.cases())


@pytest.mark.parametrize(("operation", "least"), LEAST.items())
def test_there_are_enough_mutants_of_each_operation(operation: str, least: int) -> None:
    assert len(mutants(operation)) >= least


def test_gradient_and_route_laws_have_mutants_on_a_framework_that_has_them() -> None:
    assert {mutant.clause for mutant in ELSEWHERE} == {
        "gradient",
        "wild-gradient",
        "wild-query-gradient",
        "impossible-gradient",
        "wild-step-gradient",
        "returned-cotangent",
        "wild-behind-gradient",
        "tied-shares",
        "route",
    }


@pytest.mark.parametrize("operation", LEAST)
def test_names_and_texts_are_not_used_twice(operation: str) -> None:
    for field in ("name", "text"):
        found = [getattr(mutant, field) for mutant in mutants(operation)]
        assert sorted(set(found)) == sorted(found)


@pytest.mark.parametrize("operation", TOLD_APART)
def test_no_two_mutants_give_the_same_answers_everywhere(operation: str) -> None:
    own = [
        mutant
        for mutant in mutants(operation)
        # Memory, subnormals and very long rows are in no batch that tells them apart.
        if mutant.kind == "forward" and mutant.name not in NOT_SHOWN
    ]
    pairs = set(combinations([mutant.name for mutant in own], 2))
    alike: set[tuple[str, str]] = set()
    apart: set[tuple[str, str]] = set()
    for variant, dtype in _places(operation):
        here = {
            mutant.name: _subject(mutant, variant, dtype)
            for mutant in own
            if dtype in mutant.dtypes and mutant.shows(variant.name)
        }
        left = {pair for pair in pairs - apart if here.keys() >= set(pair)}
        alike |= left
        for question, sample in _questions(operation, variant, dtype) if left else ():
            # Whoever is told apart from all others already is not asked again.
            asked = {name for pair in left for name in pair}
            shown = {name: _show(here[name], question, sample) for name in asked}
            apart |= {(a, b) for a, b in left if shown[a] != shown[b]}
            left -= apart
    assert alike - apart <= SAME


def test_a_mutant_that_nothing_catches_makes_the_matrix_unsound() -> None:
    mutant = mutants("masked_mean")[0]
    matrix = Matrix(mutants=(mutant,), kills={mutant.id: ()})

    assert not matrix.sound
    assert next(problems(matrix)) == f"survives: {mutant.id}: {mutant.text}"


def test_a_formula_without_a_fault_survives_as_a_mutant() -> None:
    right = Mutant(
        name="right",
        operation="masked_max",
        text="is right",
        clause="value",
        function=load_mutants("masked_max").correct,
    )

    assert killers(right, catalogue.cases()) == ()
    assert killers(right, catalogue.cases(), only={"masked_max.value"}) == ()


def test_the_page_names_what_did_not_run() -> None:
    mutant = ELSEWHERE[0]
    text = page(Matrix(mutants=(), kills={}, not_run=(mutant,)), {})

    assert f"Not run, {mutant.framework} was not installed: `{mutant.id}`." in text


def test_the_correct_formula_declares_what_the_reference_does() -> None:
    declared = correct("masked_mean").declaration

    stated = read_declaration("numpy_reference").empty
    assert declared.empty
    assert declared.empty.items() <= stated.items()


def test_mutants_of_numpy_need_no_array_package() -> None:
    assert importlib.util.find_spec("numpy") is not None
    assert adapter(mutants("masked_mean")[0]).declaration.framework == "numpy"


def _places(operation: str) -> Iterator[tuple[Variant, str]]:
    """Yield the variants and dtypes in which mutants are asked."""
    for variant in load_operations()[operation].variants:
        if variant.name not in LIKE_OTHERS:
            yield from ((variant, dtype) for dtype in DTYPES)


def _subject(mutant: Mutant, variant: Variant, dtype: str) -> Subject:
    return Subject(
        adapter(mutant),
        load_framework("numpy"),
        load_operations()[mutant.operation],
        variant,
        dtype=dtype,
        route="eager",
    )


def _show(subject: Subject, question: Question, sample: Sample) -> tuple[Any, ...]:
    """Return what a mutant shows of a question."""
    seen = ask(subject, question, sample)
    bits = b"" if seen.array is None else np.round(seen.array, 12).tobytes()
    return bits, seen.dtype, seen.written


def _questions(
    operation: str, variant: Variant, dtype: str
) -> list[tuple[Question, Sample]]:
    """Return what every mutant of an operation is asked."""
    oracle = CachedOracle(load_oracle(operation))
    batch = cast(generate(oracle, variant, seed=0, turn=0), dtype)
    declared = correct(operation).declaration
    return [
        (each, Sample(oracle=oracle, variant=variant, dtype=dtype, batch=each.batch))
        for each in questions([batch], oracle, variant, dtype, declared)
    ]
