"""Failures written down: arrays, windows, the command and a snippet that runs."""

from __future__ import annotations

import runpy
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from conformance.check import evidence
from conformance.operations import load_operations, load_oracle
from conformance.specification.selection import Check
from conformance.strategies import variant_named
from conformance.trial.batch import Batch
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.verdict import Verdict, compare

if TYPE_CHECKING:
    from conformance.records import Failure

ROOT = Path(__file__).parents[1]
WILD = [1.0, np.nan, np.inf, -np.inf]


def check(variant: str, *, dtype: str = "float32", route: str = "eager") -> Check:
    found = variant_named(variant)
    return Check(
        operation=found.operation,
        variant=found,
        item="value",
        case=False,
        clause=f"{found.operation}.value",
        level="core",
        dtype=dtype,
        route=route,
    )


def failure(verdict: Verdict, **more: Any) -> Failure:
    given: dict[str, Any] = {
        "adapter": "made",
        "options": {},
        "shrunk": True,
        "trace": "",
    } | more
    return evidence.failure(
        verdict,
        check("masked_mean"),
        file="made.py",
        framework="numpy",
        function="masked_mean",
        **given | more,
    )


def wrong(rows: int, time: int, at: tuple[int, int]) -> Verdict:
    x = np.arange(rows * time, dtype=np.float32).reshape(rows, time)
    batch = Batch(arrays={"x": x}, mask=np.ones((rows, time), bool))
    want = x.astype(np.float64)
    got = want.copy()
    got[at] = -1.0
    return compare(got, want, np.full(want.shape, 0.5), batch=batch)


def test_a_small_failure_is_written_down_whole() -> None:
    found = failure(wrong(2, 2, (1, 0)))

    assert found.inputs == {"x": [[0, 1], [2, 3]]}
    assert found.mask == [[True, True], [True, True]]
    assert (found.got, found.want) == ([[0, 1], [-1, 3]], [[0, 1], [2, 3]])
    assert found.worst is not None
    assert (found.worst.index, found.worst.got, found.worst.want) == ([1, 0], -1, 2)
    assert (found.worst.error, found.worst.bound) == (3, 0.5)
    assert (found.mismatched, found.of, found.elided) == (1, 4, False)


def test_a_large_one_is_cut_to_what_surrounds_the_worst_element() -> None:
    found = failure(wrong(4, 60, (2, 30)))

    assert found.elided
    assert found.snippet == ""
    assert found.inputs == {"x": [[float(150 - 4 + n) for n in range(8)]]}
    assert np.asarray(found.got)[0, 4] == -1
    assert np.shape(found.want) == np.shape(found.mask) == (1, 8)


@pytest.mark.parametrize("at", [0, 3, 57, 59])
def test_the_window_stays_inside_the_row(at: int) -> None:
    found = failure(wrong(2, 60, (0, at)))
    assert np.shape(found.got) == (1, 8)
    assert -1 in np.asarray(found.got)


def test_the_command_runs_that_check_again() -> None:
    options = {"seed": 7, "examples": 200}
    found = failure(wrong(1, 2, (0, 0)), adapter="my file.py", options=options)
    assert shlex.split(found.command) == [
        *("mask-conformance", "run", "my file.py"),
        *("--check", "masked_mean/value:float32:eager", "--seed", "7"),
        *("--examples", "200"),
    ]


def test_without_inputs_the_command_and_the_trace_remain() -> None:
    verdict = Verdict(passed=False, message="nothing judged")
    found = failure(verdict, trace="\x1b[31mTraceback\x1b[0m")

    assert (found.inputs, found.got, found.worst) == ({}, [], None)
    assert found.command.startswith("mask-conformance run made")
    assert "\x1b" not in found.trace


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_special_numbers_are_texts(dtype: str) -> None:
    got = evidence.nest(np.array([WILD], dtype=dtype))
    assert got == [[1.0, "nan", "inf", "-inf"]]


def test_whole_numbers_and_truths_stay_what_they_are() -> None:
    assert evidence.nest(np.array([[1, -100]])) == [[1, -100]]
    assert evidence.nest(np.array([True])) == [True]
    assert evidence.nest(np.asarray(2.5)) == 2.5


def test_a_failure_can_be_written_as_json() -> None:
    x = np.array([WILD], dtype=np.float32)
    batch = Batch(arrays={"x": x}, mask=np.ones((1, 4), bool))
    verdict = compare(x, np.zeros((1, 4)), np.zeros((1, 4)), batch=batch)
    assert b'"nan"' in msgspec.json.encode(failure(verdict))


def printed(
    variant: str,
    framework: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    **how: str,
) -> tuple[str, Sample]:
    """Return what a snippet prints, and the sample that it was written for."""
    asked = check(variant, **how)
    operation = load_operations()[asked.operation]
    oracle = load_oracle(asked.operation)
    batch = generate(oracle, asked.variant, seed=0, turn=1, time=3, rows=2)
    one = Sample(
        oracle=oracle,
        variant=asked.variant,
        dtype=asked.dtype,
        batch=cast(batch, asked.dtype),
    )
    file = str(ROOT / "adapters" / f"{framework}_reference.py")
    text = evidence.snippet(asked, one.batch, file, framework, operation.function)
    path = tmp_path / "snippet.py"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr("sys.path", [*sys.path])  # the snippet adds to it
    runpy.run_path(str(path))
    return capsys.readouterr().out, one


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "variant",
    [
        "masked_mean",
        "masked_loss.cross_entropy.mean",
        "masked_loss.mse.sum",
        "birnn.lstm.concat.final",
    ],
)
def test_a_snippet_runs_by_itself_and_prints_the_answer(
    variant: str,
    dtype: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    text, one = printed(variant, "numpy", capsys, monkeypatch, tmp_path, dtype=dtype)
    for symbol in "[]":
        text = text.replace(symbol, " ")
    got = np.array([float(each) for each in text.split()])

    close = {"float32": 1e-4, "bfloat16": 0.03}[dtype]
    assert np.allclose(got, one.want.ravel(), rtol=close, atol=close)


@pytest.mark.parametrize(
    ("variant", "route"),
    [("birnn.gru.sum.final", "eager"), ("masked_loss.mse.mean", "compiled")],
)
def test_a_snippet_of_torch_runs_by_either_route(
    variant: str,
    route: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    pytest.importorskip("torch")
    text, one = printed(variant, "torch", capsys, monkeypatch, tmp_path, route=route)
    first = text.removeprefix("tensor(").strip("[ \n").split(",")[0].split(")")[0]

    assert text.startswith("tensor(")
    assert float(first) == pytest.approx(float(one.want.flat[0]), abs=1e-3)


@pytest.mark.parametrize(
    ("file", "want"),
    [
        ("a/mine.py", "import sys\nsys.path.insert(0, 'a')\nimport mine as adapter"),
        (
            "my-own.py",
            "import sys\nsys.path.insert(0, '.')\nadapter = __import__('my-own')",
        ),
        ("library.masks:adapter", "from library.masks import adapter as adapter"),
    ],
)
def test_a_snippet_imports_the_adapter_however_it_is_given(
    file: str, want: str
) -> None:
    batch = Batch(arrays={"x": np.ones((1, 1))}, mask=np.ones((1, 1), bool))
    text = evidence.snippet(check("masked_mean"), batch, file, "numpy", "masked_mean")
    assert want in text


def test_an_infinite_answer_is_no_answer_that_may_be_anything() -> None:
    batch = Batch(arrays={"x": np.zeros((2, 1))}, mask=np.ones((2, 1), bool))
    want, wide = np.array([-np.inf, -np.inf]), np.full(2, np.inf)
    left = {"made": np.array([False, True])}
    verdict = compare(np.zeros(2), want, wide, open_by=left, batch=batch)
    found = failure(verdict)
    assert (found.want, found.allowed) == (["-inf", "any"], [0.0, "inf"])
