"""Checks inside a library's own tests: passed, failed, skipped and known ones."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

import conformance
from conformance.errors import UnknownNameError
from conformance.run import catalogue
from conformance.suite import BoundCheck, CheckFailed, parametrize_checks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Written = Callable[..., Path]

DIVIDES = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return (np.where(wide, x, 0).sum(axis=1) / x.shape[1]).astype(x.dtype)
"""
KNOWN = """
[[known]]
checks = ["masked_mean/extra-padding:*"]
kind = "failed"
reason = "divides by T"
url = "https://example.org/issues/1"
since = "2"
"""
OWN = """
import conformance

@conformance.parametrize_checks({path!r}, level="core", operations=["masked_mean"])
def test_masking(check):
    check()
"""


VALUE = catalogue.all_clauses()["masked_mean.value"]


def bound(path: Path, **options: Any) -> dict[str, BoundCheck]:
    mark: Any = parametrize_checks(path, level="core", **options)
    checks = [parameter.values[0] for parameter in mark.mark.args[1]]
    return {each.check.id: each for each in checks if isinstance(each, BoundCheck)}


@pytest.fixture
def checks(written: Written) -> dict[str, BoundCheck]:
    path = written(DIVIDES)
    path.with_suffix(".toml").write_text(KNOWN, encoding="utf-8")
    return bound(path, operations=["masked_mean"])


def test_the_parameters_are_the_checks_by_their_ids(written: Written) -> None:
    mark: Any = parametrize_checks(written(DIVIDES), dtypes=["float32"])
    ids = [parameter.id for parameter in mark.mark.args[1]]
    assert mark.mark.args[0] == "check"
    assert ids == [parameter.values[0].check.id for parameter in mark.mark.args[1]]
    assert "masked_mean/value:float32:eager" in ids


def test_a_passing_check_returns(checks: dict[str, BoundCheck]) -> None:
    checks["masked_mean/full-mask:float32:eager"]()


def test_a_failing_check_says_everything(checks: dict[str, BoundCheck]) -> None:
    check = checks["masked_mean/value:float32:eager"]
    with pytest.raises(CheckFailed) as caught:
        check()
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "masked_mean/value:float32:eager: out[0] = 0.5, expected 1 within 1.2e-07"
    )
    assert re.fullmatch(r"at .*wrong\.py:8", lines[1])
    assert lines[2:8] == [
        f"clause masked_mean.value: {VALUE.text}",
        f"it catches {VALUE.why}",
        "x    = [[1, 0]]",
        "mask = [[1, 0]]",
        "got  = [0.5]",
        "want = [1]",
    ]
    assert lines[8].startswith("divides by T, not by the number of valid positions")
    assert lines[9].startswith("again: mask-conformance run ")
    assert caught.value.result.outcome == "failed"
    assert repr(check) == "<check masked_mean/value:float32:eager>"


def test_a_mistake_that_repeats_itself_is_told_once(
    checks: dict[str, BoundCheck],
) -> None:
    with pytest.raises(CheckFailed):
        checks["masked_mean/value:float32:eager"]()
    with pytest.raises(CheckFailed) as caught:
        checks["masked_mean/batch-composition:float32:eager"]()
    lines = str(caught.value).splitlines()
    assert lines[1] == (
        "divides by T, not by the number of valid positions, as in "
        "masked_mean/value:float32:eager"
    )
    assert lines[2].startswith("again: mask-conformance run ")
    assert len(lines) == 3


def test_an_unsupported_check_is_skipped_with_its_reason(
    checks: dict[str, BoundCheck],
) -> None:
    with pytest.raises(pytest.skip.Exception, match="numpy does not differentiate"):
        checks["masked_mean/gradient:float32:eager"]()


def test_a_known_difference_is_an_expected_failure(
    checks: dict[str, BoundCheck],
) -> None:
    with pytest.raises(pytest.xfail.Exception, match="known: divides by T https://"):
        checks["masked_mean/extra-padding:float32:eager"]()


def test_an_option_that_does_not_exist_is_refused_at_once(written: Written) -> None:
    with pytest.raises(UnknownNameError, match="choose from: bfloat16"):
        parametrize_checks(written(DIVIDES), dtypes=["f32"])


def test_a_librarys_own_tests_run_the_checks(written: Written) -> None:
    path = written(DIVIDES)
    own = path.with_name("test_own.py")
    own.write_text(OWN.format(path=str(path)), encoding="utf-8")
    options = ("-q", "-p", "no:cacheprovider", "-k", "full-mask or /value: or gradient")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(own)],
        check=False,
        capture_output=True,
        text=True,
        cwd=path.parent,
    )
    assert ended.returncode == 1
    assert "1 failed, 1 passed, 1 skipped" in ended.stdout
    assert "CheckFailed: masked_mean/value:float32:eager: out[0] = 0.5" in ended.stdout
    # The suite's own frames are left out.
    assert "conformance/run/session.py" not in ended.stdout


def test_the_package_offers_its_names_and_no_others() -> None:
    assert dir(conformance) == sorted(conformance.__all__)
    assert all(getattr(conformance, name) for name in conformance.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = conformance.nothing


def test_the_checks_are_test_cases_of_a_junit_file(written: Written) -> None:
    path = written(DIVIDES)
    own = path.with_name("test_own.py")
    own.write_text(OWN.format(path=str(path)), encoding="utf-8")
    junit = path.with_name("junit.xml")
    options = ("-q", "-p", "no:cacheprovider", f"--junitxml={junit}")
    chosen = ("-k", "full-mask or /value: or gradient")
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, *chosen, str(own)],
        check=False,
        capture_output=True,
        cwd=path.parent,
    )
    cases = {
        case.attrib["name"]: [each.tag for each in case]
        for case in ET.parse(junit).iter("testcase")  # noqa: S314 - just written
    }

    assert cases == {
        "test_masking[masked_mean/value:float32:eager]": ["failure"],
        "test_masking[masked_mean/full-mask:float32:eager]": [],
        "test_masking[masked_mean/gradient:float32:eager]": ["skipped"],
    }


def test_an_adapter_by_itself_writes_a_junit_file_that_xml_can_hold(
    written: Written,
) -> None:
    bell = r'raise TypeError("bell \x07 and colour \x1b[1m")'
    path = written(f"def masked_mean(x, mask):\n    {bell}\n")
    junit = path.with_name("junit.xml")
    chosen = ("--mask-adapter", path, "--mask-check", "masked_mean/value:float32:eager")
    plugin = ("-p", "conformance.pytest_plugin", "--pyargs", "conformance.suite")
    quiet = ("-q", "-p", "no:cacheprovider", f"--junitxml={junit}")
    subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *quiet, *map(str, chosen)],
        check=False,
        capture_output=True,
        cwd=path.parent,
    )
    (case,) = ET.parse(junit).iter("testcase")  # noqa: S314 - just written

    assert "masked_mean/value:float32:eager" in case.attrib["name"]
    assert [each.tag for each in case] == ["failure"]
