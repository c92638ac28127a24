"""What adapters do where they declare nothing is written down, not judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from conformance.check.observe import _word
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from conformance.trial.batch import Array

HEAD = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
{more}# ///
import numpy as np

def over(mask, x):
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))

"""
MAXIMUM = """
def masked_max(x, mask):
    return np.where(over(mask, x), x, -np.inf).max(axis=1).astype(x.dtype)
"""
LENGTHS = """
def masked_mean(x, mask):
    n = mask.sum(axis=1)
    keep = np.arange(x.shape[1]) < n[:, None]
    total = np.where(over(keep, x), x, 0).sum(axis=1)
    with np.errstate(all="ignore"):
        return (total / n.reshape((-1,) + (1,) * (x.ndim - 2))).astype(x.dtype)
"""


def observed(folder: Path, body: str, more: str = "") -> Mapping[str, str]:
    path = folder / "mine.py"
    path.write_text(HEAD.format(more=more) + body, encoding="utf-8")
    record = folder / "mine.jsonl"
    session = Session(
        Settings(reference=str(path), selection=Selection(level="core"), record=record)
    )
    for check in session.planned:
        session.run(check)
    session.close()
    last = record.read_text(encoding="utf-8").splitlines()[-1]
    seen: Mapping[str, str] = json.loads(last)["observed"]
    return seen


def test_a_maximum_says_what_it_does(tmp_path: Path) -> None:
    seen = observed(tmp_path, MAXIMUM)
    masks = {key: text for key, text in seen.items() if key.startswith("mask as")}
    assert seen == masks | {
        "empty row: masked_max": "negative-infinity",
        "left padding: masked_max": "right",
        "gaps padding: masked_max": "right",
        "T = 0: masked_max": "raises ValueError",
        "B = 0: masked_max": "empty",
        "subnormals: masked_max": "kept",
    }
    assert len(masks) == 3
    assert masks["mask as none: masked_max"] == "raises AttributeError"


def test_lengths_where_a_mask_is_meant_are_told(tmp_path: Path) -> None:
    seen = observed(tmp_path, LENGTHS)
    assert seen["left padding: masked_mean"] == "another answer, and no error"
    assert seen["gaps padding: masked_mean"] == "another answer, and no error"
    assert seen["empty row: masked_mean"] == "nan"
    assert seen["T = 0: masked_mean"] == "nan"


def test_what_is_declared_is_not_observed(tmp_path: Path) -> None:
    more = (
        '# empty = { masked_mean = "nan" }\n'
        '# zero-time = "empty-rows"\n'
        '# zero-batch = "empty"\n'
        '# mask-forms = ["bool", "int8"]\n'
    )
    seen = observed(tmp_path, LENGTHS, more)
    assert {name.partition(":")[0] for name in seen} == {
        "left padding",
        "gaps padding",
        "mask as float",
        "mask as none",
    }


def test_a_row_that_spoils_others_is_told(tmp_path: Path) -> None:
    body = MAXIMUM.replace(
        "    return",
        "    if not mask.any(axis=1).all():\n        x = x * np.nan\n    return",
    )
    seen = observed(tmp_path, body)
    assert seen["empty row: masked_max"].endswith("and other rows with it")


def test_a_selection_observes_nothing(opened: Callable[..., Session]) -> None:
    session = opened(MAXIMUM)
    assert session._observe() == {}


@pytest.mark.parametrize(
    ("got", "word"),
    [
        (np.zeros((0, 2)), "empty"),
        (np.full(2, np.nan), "nan"),
        (np.array([0.0, -0.0]), "zero"),
        (np.ones(2), "one"),
        (np.full(3, -np.inf), "negative-infinity"),
        (np.full(4, 0.25), "uniform"),
        (np.full(2, -1e10), "-1e+10"),
        (np.array([np.nan, 1.0]), "nan in part"),
        (np.array([1.0, 2.0]), "other numbers"),
    ],
)
def test_answers_have_a_word(got: Array, word: str) -> None:
    assert _word(got, 4) == word
