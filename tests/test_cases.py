from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # has no types of its own
import pytest

from conformance.cases import (
    Case,
    decode,
    digest,
    encode,
    exact_answer,
    find_vacuous,
    load,
    load_all,
    load_flags,
    schema,
    vocabulary,
)
from conformance.cases.write import main, make_files
from conformance.errors import CaseError
from conformance.operations import load_operations
from conformance.specification.numbers import is_exact, shape

FOLDER = Path(__file__).parent.parent / "cases"
WORDS = replace(vocabulary(load_operations().values()), flags=set(load_flags(FOLDER)))
CASES = load_all(FOLDER, WORDS)
RAW = {
    name: json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    for name in load_operations()
}

# Without a mask there is no other padding, and no NaN among ids, to make cases of.
FEWER = {
    "mask_from_ids": (14, 5),
    "mask_from_features": (14, 9),
}


def by_id(variant_and_slug: str) -> Case:
    return next(case for case in CASES if case.id == variant_and_slug)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_want_is_the_exact_answer(case: Case) -> None:
    assert case.want == encode(exact_answer(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_no_case_has_the_same_answer_with_a_spoilt_mask(case: Case) -> None:
    assert find_vacuous(case) == []


@pytest.mark.parametrize("operation", load_operations())
def test_an_operation_has_at_least_fifteen_cases_at_core(operation: str) -> None:
    levels = Counter(case.level for case in CASES if case.operation == operation)
    core, robust = FEWER.get(operation, (15, 9))
    assert levels["core"] >= core
    assert levels["robust"] >= robust


def test_every_variant_has_a_case_at_core() -> None:
    wanted = {each.name for op in load_operations().values() for each in op.variants}
    assert {case.variant for case in CASES if case.level == "core"} == wanted


def test_slugs_are_unique_inside_an_operation() -> None:
    names = Counter((case.operation, case.slug) for case in CASES)
    assert max(names.values()) == 1


def test_few_shapes_have_to_be_compiled_at_core() -> None:
    for operation in load_operations():
        shapes = {
            tuple(shape(array) for array in case.inputs.values())
            for case in CASES
            if case.operation == operation and case.level == "core"
        }
        # Attention's heads, a kernel's taps, an LSTM's two states and a variant's own
        # width are shapes of their own.
        several = {
            "masked_criterion",
            "attention",
            "conv1d",
            "cross_attention",
            "rnn",
            "windowed_attention",
            "packed_attention",
            "decode",
            "rotary",
        }
        assert len(shapes) <= (8 if operation in several else 4)


def test_every_flag_is_used_and_links_to_somebody_who_met_it() -> None:
    flags = load_flags(FOLDER)
    assert {flag for case in CASES for flag in case.flags} == set(flags)
    assert all(flag.links and flag.means and flag.catches for flag in flags.values())


@pytest.mark.parametrize(
    ("case", "want"),
    [
        ("masked_mean/article-mean", [2.6]),
        ("masked_mean/article-mean-over-garbage", [2.6]),
        ("masked_max/article-max", [-1.0]),
        ("masked_max/article-max-over-garbage", [-1.0]),
        ("masked_softmax/one-row-one-position", [[1.0]]),
        ("masked_loss.mse.mean/padded-regression-mean", 16.5 / 8),
        ("masked_loss.mse.sum/padded-regression-sum", 16.5),
    ],
)
def test_answers_that_a_reader_can_work_out(case: str, want: object) -> None:
    assert by_id(case).want == want


def test_the_article_says_what_the_backward_direction_reads() -> None:
    said = [case for case in CASES if "reads [5, 4, 3, 0, 1, 0, 0, 0]" in case.title]
    assert {case.operation for case in said} == {"birnn"}
    assert {json.dumps(case.mask) for case in said} == {
        json.dumps([[True] * 5 + [False] * 3])
    }


@pytest.mark.parametrize(
    ("case", "dtypes"),
    [
        ("masked_mean/article-mean", ("float16", "bfloat16", "float32", "float64")),
        ("masked_mean/largest-float16-values", ("float16", "float32", "float64")),
        ("masked_max/values-below-the-fill", ("bfloat16", "float32", "float64")),
        (
            "masked_loss.cross_entropy.mean/labels-that-are-no-class",
            ("float16", "bfloat16", "float32", "float64"),
        ),
    ],
)
def test_a_case_is_for_the_dtypes_that_hold_its_inputs(
    case: str, dtypes: tuple[str, ...]
) -> None:
    assert by_id(case).dtypes == dtypes


def test_the_schema_file_is_the_schema() -> None:
    assert json.loads((FOLDER / "schema.json").read_text("utf-8")) == schema()


@pytest.mark.parametrize("operation", load_operations())
def test_the_schema_takes_the_files(operation: str) -> None:
    jsonschema.validate(RAW[operation], schema())


def test_the_files_are_as_write_makes_them() -> None:
    texts, wrong = make_files(FOLDER)
    assert wrong == []
    assert {path: path.read_text("utf-8") for path in texts} == texts


def test_the_readme_shows_a_real_case() -> None:
    text = (FOLDER / "README.md").read_text("utf-8")
    shown = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert shown["cases"] == RAW["masked_mean"]["cases"][:1]


def test_reading_cases_imports_neither_numpy_nor_mpmath() -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from conformance.cases import load_all, vocabulary\n"
        "from conformance.operations import load_operations\n"
        "load_all(Path(sys.argv[1]), vocabulary(load_operations().values()))\n"
        "print(sorted({'numpy', 'mpmath', 'torch'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(FOLDER)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=FOLDER.parent
    )
    assert done.stdout == "[]\n"


def one(operation: str, slug: str) -> dict[str, Any]:
    cases = RAW[operation]["cases"]
    case = next(each for each in cases if each["slug"] == slug)
    return copy.deepcopy({**RAW[operation], "cases": [case]})


def test_a_file_is_named_after_its_operation(tmp_path: Path) -> None:
    path = tmp_path / "mean.json"
    path.write_text(json.dumps(one("masked_mean", "article-mean")))
    with pytest.raises(CaseError, match=r"call the file masked_mean\.json"):
        load(path, WORDS)


def test_what_a_search_saved_is_loaded_beside_its_operations_file(
    tmp_path: Path,
) -> None:
    text = json.dumps(one("masked_mean", "article-mean"))
    (tmp_path / "masked_mean.json").write_text(text)
    added = tmp_path / "masked_mean.found-value-0a1b2c3d.json"
    added.write_text(text.replace('"article-mean"', '"found-value-0a1b2c3d"'))
    (tmp_path / "flags.json").write_text((FOLDER / "flags.json").read_text())

    loaded = load_all(tmp_path, WORDS)
    assert [case.slug for case in loaded] == ["article-mean", "found-value-0a1b2c3d"]

    added.write_text(text)
    with pytest.raises(CaseError, match=r"masked_mean/article-mean is in two files; s"):
        load_all(tmp_path, WORDS)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cannot be read"):
        load(tmp_path / "masked_mean.json", WORDS)
    (tmp_path / "masked_mean.json").write_bytes(b"\xff")
    with pytest.raises(CaseError, match="cannot be read"):
        load(tmp_path / "masked_mean.json", WORDS)


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flags.json").write_text("{}")
    with pytest.raises(CaseError, match="found no case file"):
        load_all(tmp_path, WORDS)


def test_a_malformed_flag_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flags.json").write_text('{"gaps": {"means": "", "links": []}}')
    with pytest.raises(CaseError, match="missing required field `catches`"):
        load_flags(tmp_path)


def test_the_digest_tells_contents_apart_but_no_line_endings(tmp_path: Path) -> None:
    path = tmp_path / "masked_mean.json"
    path.write_bytes(b"{\n}\n")
    unix = digest(tmp_path)
    path.write_bytes(b"{\r\n}\r\n")
    windows = digest(tmp_path)
    path.write_bytes(b"{\n1}\n")
    assert (unix, unix.startswith("sha256:")) == (windows, True)
    assert unix != digest(tmp_path)


@pytest.mark.parametrize(
    ("dtype", "number", "held"),
    [
        ("float64", 2**53 + 1, False),
        ("float64", 2**54, True),
        ("float16", 65504, True),
        ("float16", 65505, False),
        ("float16", 70000, False),
        ("bfloat16", 1.5 * 2**-130, True),
        ("float32", 2.0**-150, False),
        ("float16", math.nan, True),
        ("float16", -math.inf, True),
    ],
)
def test_a_dtype_holds_a_number_or_rounds_it(
    dtype: str, number: float, held: object
) -> None:
    assert is_exact(dtype, number) is held


@pytest.mark.parametrize(
    ("written", "numbers"),
    [(["nan"], [math.nan]), (["-0.0", 1.5, 2], [-0.0, 1.5, 2]), ("declared", None)],
)
def test_special_numbers_are_written_as_strings(written: Any, numbers: Any) -> None:
    assert str(decode(written)) == str(numbers)
    assert encode(numbers) == written


def test_a_mask_of_another_answers_shape_is_noticed() -> None:
    case = by_id("masked_mean/article-mean")
    assert find_vacuous(case, lambda _, mask: [0.0] * sum(mask[0])) == ["moved"]


def test_an_answer_that_ignores_its_mask_is_vacuous() -> None:
    case = by_id("masked_mean/article-mean")
    assert find_vacuous(case, lambda _, __: [1.0]) == ["dropped", "inverted", "moved"]


def folder_with(tmp_path: Path, raw: object) -> str:
    (tmp_path / "flags.json").write_bytes((FOLDER / "flags.json").read_bytes())
    (tmp_path / "masked_mean.json").write_text(json.dumps(raw))
    return str(tmp_path)


def test_write_answers_a_case_that_has_no_answer(tmp_path: Path) -> None:
    raw = one("masked_mean", "article-mean")
    del raw["cases"][0]["want"]
    folder = folder_with(tmp_path, raw)
    assert (main(["check", folder]), main(["write", folder])) == (1, 0)
    assert main(["check", folder]) == 0
    written = json.loads((tmp_path / "masked_mean.json").read_text("utf-8"))
    assert written["cases"][0]["want"] == [2.6]


def test_check_names_a_case_that_checks_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = one("masked_mean", "article-mean")
    raw["cases"][0]["inputs"] = {"x": [[1] * 8]}
    folder = folder_with(tmp_path, raw)
    assert main(["write", folder]) == 1
    assert "'article-mean' has the same answer with its mask dropped" in (
        capsys.readouterr().out
    )


def test_bad_input_and_bad_use_have_an_exit_status_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", folder_with(tmp_path, {"cases": [1]})]) == 2
    assert "masked_mean.json" in capsys.readouterr().err
    assert main(["chek"]) == 2
    assert "check|write" in capsys.readouterr().err


def test_it_is_a_command() -> None:
    command = [sys.executable, "-m", "conformance.cases", "check"]
    root = FOLDER.parent
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=root
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
