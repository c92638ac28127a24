"""What is wrong with an adapter itself, each mistake told as what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.commands.smoke import smoke
from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
{more}# ///
import numpy as np
"""
MEAN = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2)) != 0
    with np.errstate(all="ignore"):
        total = np.where(wide, x, 0).sum(axis=1)
        return (total / wide.sum(axis=1)).astype(x.dtype)
"""
SINGLE = """
def masked_mean(x, mask):
    return _mean(x.astype(np.float32), mask).astype(x.dtype)
""" + MEAN.replace("masked_mean", "_mean")
WRONG = {
    "inverted": (MEAN.replace("mask.reshape", "(~mask).reshape"), "were inverted"),
    "ignored": (MEAN.replace("mask.reshape", "(mask | True).reshape"), "were no mask"),
    "dtype": (
        MEAN.replace(".astype(x.dtype)", ".astype(np.float64)"),
        "the answer is float64, expected float32 like the input",
    ),
    "shape": (
        "\ndef masked_mean(x, mask):\n    return x\n",
        "returned shape (4, 5, 2), expected (4, 2) for masked_mean",
    ),
    "type": (MEAN.replace(".astype(x.dtype)", ".tolist()"), "returned a list, expect"),
    "raises": (MEAN.replace("wide = ", "wide = 1 / 0 or "), "raises ZeroDivisionError"),
    "arguments": (MEAN.replace("(x, mask)", "(x)"), "raises TypeError: masked_mean()"),
}
STATED = {
    '# mask-forms = ["bool", "lengths"]\n': "declares mask-forms = ['bool', 'lengths']",
    '# placements = ["right", "left"]\n': "declares placements = 'left'",
    '# zero-batch = "error"\n': "declares zero-batch = 'error'",
    '# subnormals = "flushed"\n': "declares subnormals = 'flushed'",
    '# empty = { masked_mean = "zero" }\n': "declares empty = 'zero'",
}


@pytest.fixture
def told(written: Callable[..., Path]) -> Callable[..., tuple[int, str]]:
    """Try an adapter, and return the status and what was said."""

    def run(body: str, more: str = "", name: str = "mine.py") -> tuple[int, str]:
        lines: list[str] = []
        path = written(HEAD.format(more=more) + body, name=name)
        status = smoke(str(path), lines.append)
        return status, "\n".join(lines)

    return run


def test_a_right_adapter_says_what_it_offers_and_that_it_is_ready(
    told: Callable[..., tuple[int, str]],
) -> None:
    status, said = told(MEAN, '# dtypes = ["float32", "float64"]\n')
    assert status == 0
    lines = said.splitlines()
    assert lines[0] == "masked_mean        1 variant, float32, float64"
    assert lines[1] == "ready: 1 operations, 1 variants"
    assert lines[2].startswith("next: mask-conformance run ")
    assert len(lines) == 3


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_told_as_what_it_is(
    mistake: str, told: Callable[..., tuple[int, str]]
) -> None:
    body, said = WRONG[mistake]
    status, text = told(body)
    assert status == 1
    assert "WRONG masked_mean in float32: " in text
    assert said in text
    assert text.splitlines()[-1].startswith("not ready: 1 problem to fix")


def test_a_silent_cast_to_float32_is_seen_in_float64(
    told: Callable[..., tuple[int, str]],
) -> None:
    status, text = told(SINGLE, '# dtypes = ["float32", "float64"]\n')
    assert status == 1
    assert "WRONG masked_mean in float64: its float64 answer is exact to" in text


def test_an_exception_names_the_adapters_own_line(
    told: Callable[..., tuple[int, str]],
) -> None:
    _, text = told(WRONG["raises"][0])
    assert "mine.py, line 9: raises ZeroDivisionError: division by zero" in text


@pytest.mark.parametrize(("more", "said"), STATED.items())
def test_what_is_declared_and_does_not_hold_is_told(
    more: str, said: str, told: Callable[..., tuple[int, str]]
) -> None:
    # It reads lengths off the mask, and so takes left padding for right padding.
    by_length = """
def masked_mean(x, mask):
    length = mask.sum(axis=1).reshape((-1,) + (1,) * (x.ndim - 1))
    at = np.arange(x.shape[1]).reshape((1, -1) + (1,) * (x.ndim - 2))
    with np.errstate(all="ignore"):
        total = np.where(at < length, x, 0).sum(axis=1)
        return (total / length[:, 0]).astype(x.dtype)
"""
    status, text = told(by_length, more)
    assert status == 1
    assert said in text
    assert "correct the head, or the adapter" in text


def test_what_the_library_does_wrong_is_left_to_the_run(
    told: Callable[..., tuple[int, str]],
) -> None:
    status, text = told(MEAN.replace("total /", "total + 1 /"))
    assert status == 0
    assert "NOTE  masked_mean in float32: its answer is not the exact one" in text


def test_what_is_on_record_is_no_mistake_of_the_adapter(
    told: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[known]]\nchecks = ["masked_mean/value:*"]\nkind = "failed"\n'
        'reason = "takes no mask yet"\n',
        encoding="utf-8",
    )
    status, text = told(WRONG["ignored"][0])
    assert status == 0
    assert "NOTE  masked_mean in float32: recorded as known: answers as if" in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def masked_maks(x, mask):\n    return x\n", "did you mean masked_max?"),
        ("def masked_mim(x, mask):\n    return x\n", "did you mean masked_min?"),
        ("masked_max = masked_mean\n", "masked_max is not defined with `def`"),
        ("masked_max: object = None\n", "masked_max is not defined with `def`"),
        ("from numpy import max as masked_max\n", "masked_max is not defined with"),
        ("class masked_max:\n    pass\n", "masked_max is not defined with `def`"),
        ("async def masked_max(x, mask):\n    return x\n", "masked_max is async"),
    ],
)
def test_a_name_that_is_not_seen_is_told_with_a_guess(
    body: str, said: str, told: Callable[..., tuple[int, str]]
) -> None:
    status, text = told(MEAN + body)
    assert status == 1
    assert "mine.py, line " in text
    assert said in text


def test_a_helper_is_no_misspelt_operation(
    told: Callable[..., tuple[int, str]],
) -> None:
    status, text = told(
        MEAN + "def _masked_maxx(x):\n    return x\ndef helper():\n 1\n"
    )
    assert status == 0
    assert "WRONG" not in text


def test_a_file_that_hides_what_it_imports_is_told(
    told: Callable[..., tuple[int, str]], written: Callable[..., Path]
) -> None:
    written("x = 1\n", name="numpy.py")
    _, text = told(MEAN)
    assert "imports numpy, and " in text
    assert "rename numpy.py" in text
    _, text = told(MEAN + "import json\n", name="json.py")
    assert "rename json.py" in text


def test_a_head_that_is_wrong_is_bad_input(
    told: Callable[..., tuple[int, str]],
) -> None:
    with pytest.raises(UsageError, match="unknown key 'dtype'; did you mean 'dtyp"):
        told(MEAN, '# dtype = ["float32"]\n')


def test_an_import_that_is_missing_is_named_after_the_names(
    written: Callable[..., Path],
) -> None:
    body = MEAN + "import nothing_like_it\ndef masked_maxx(x, mask):\n    return x\n"
    lines: list[str] = []
    path = written(HEAD.format(more="") + body, name="mine.py")
    with pytest.raises(UsageError, match="needs nothing_like_it, which is not inst"):
        smoke(str(path), lines.append)
    assert "did you mean masked_max?" in lines[0]


def test_the_reference_is_ready() -> None:
    lines: list[str] = []
    assert smoke("numpy_reference", lines.append) == 0
    assert [line for line in lines if line.startswith(("WRONG", "NOTE"))] == []
