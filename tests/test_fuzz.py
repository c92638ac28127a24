"""Case, known and result files that somebody spoilt: refused in words, or still right.

Each seed spoils a right file in one to four places and reads it. Whatever it is, there
is no traceback but ours, no hang, and what is accepted holds together. 300 seeds of
each kind here; `nox -s fuzz` takes 10,000.
"""

from __future__ import annotations

import copy
import json
import math
import os
import random
import re
import tomllib
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from conformance.commands import validate
from conformance.commands.terminal import complaints, summary
from conformance.errors import CaseError, KnownError, ResultError
from conformance.gate import KINDS, judge, load_known, workflow_commands
from conformance.records import OUTCOMES, parse_check, read
from conformance.run import replay
from conformance.specification import LEVELS
from conformance.specification.numbers import leaves, shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.cases import Case
    from conformance.gate import KnownEntry
    from conformance.records import Run

ROOT = Path(__file__).parents[1]
COUNT = int(os.environ.get("MASK_FUZZ", "300"))
SECONDS = 10.0
"""What reading one small file may take on a machine that does other things."""

LONGEST = 2000
"""Characters of a message."""

WORDS: tuple[Any, ...] = (
    *("", " ", "nan", "-inf", "NaN", "declared", "\x1b[31m", "\u202e", "a" * 5000),
    *(
        "__proto__",
        "masked_mean/*",
        "masked_max.value",
        "../../etc/passwd",
        "2099-01-01",
    ),
    *(0, -1, 1, 2**31, 2**63, 10**400, 0.1, -0.0, 1e308, 1e-320, math.nan, math.inf),
    *(None, True, False, [], {}, [[]], [[[[[[1]]]]]], {"x": 1}, [None], [True, 1]),
)
PIECES = (b"\x00", b"\xff\xfe", b"{", b"}", b"[[", b'"', b"\n", b"\r", b"#", b"=", b",")


def spoilt_tree(value: Any, draw: random.Random) -> Any:
    """Return parsed data with one to four places changed."""
    changed = copy.deepcopy(value)
    for _ in range(draw.randint(1, 4)):
        places = list(_places(changed))
        holder, key = draw.choice(places)
        kind = draw.randrange(6)
        if kind == 0:
            del holder[key]
        elif kind == 1 and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif kind == 1:
            holder[draw.choice(["extra", "Check", "x", "mask", ""])] = holder[key]
        elif kind == 2:
            other, name = draw.choice(places)
            holder[key] = copy.deepcopy(_at(other, name))
        elif kind == 3 and _small(holder[key]):
            holder[key] = holder[key] * draw.choice([-1, 2, 0.5, 1e9]) + draw.choice(
                [0, 1]
            )
        elif kind == 4 and isinstance(holder[key], str) and holder[key]:
            at = draw.randrange(len(holder[key]))
            text = holder[key]
            holder[key] = (
                text[:at] + draw.choice(["", "*", "/", "\n", "x"]) + text[at + 1 :]
            )
        else:
            holder[key] = copy.deepcopy(draw.choice(WORDS))
        if not list(_places(changed)):
            break
    return changed


def spoilt_bytes(data: bytes, draw: random.Random) -> bytes:
    """Return bytes with one to four of them changed, cut, doubled or put in."""
    for _ in range(draw.randint(1, 4)):
        at, to = sorted((draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)))
        near = min(to, at + 8)
        data = draw.choice(
            (
                data[:at] + data[near:],
                data[:at] + draw.choice(PIECES) + data[at:],
                data[:at] + draw.randbytes(1) + data[at + 1 :],
                data[:to] + data[at:],
                data[:at],
            )
        )
    return data


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items: Any = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, each in items:
        yield value, key
        yield from _places(each)


def _small(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e300


def _at(holder: Any, key: Any) -> Any:
    try:
        return holder[key]
    except (KeyError, IndexError):
        return None


def some(name: str, *, cases: int) -> dict[str, Any]:
    whole = json.loads((ROOT / "cases" / f"{name}.json").read_text(encoding="utf-8"))
    return {**whole, "cases": list(islice(whole["cases"], cases))}


CASES = {
    "masked_mean.json": some("masked_mean", cases=2),
    "masked_softmax.json": some("masked_softmax", cases=1),
    "crf_decode.json": some("crf_decode", cases=1),
}
KNOWN = {
    "masking.toml": {
        "known": [
            {
                "checks": ["masked_mean/wild-padding:*", "masked_mean/empty-row:*"],
                "kind": "failed",
                "reason": "multiplies by the mask",
                "url": "https://example.org/1",
                "versions": ["torch>=2.13,<3"],
                "since": "2.13.0",
                "review-by": "2099-12-31",
                "smallest": {
                    "check": "masked_mean/wild-padding:float32:eager",
                    "mask": [[True, False]],
                    "inputs": {"x": [[0.0, "nan"]]},
                },
            },
            {"checks": ["birnn.*"], "kind": "errored", "reason": "raises"},
        ]
    }
}
RECORD = (ROOT / "tests" / "golden" / "torch.jsonl").read_bytes()


def case_files(draw: random.Random, folder: Path) -> Path:
    name = draw.choice(sorted(CASES))
    path = folder / name
    if draw.random() < 0.7:
        path.write_text(json.dumps(spoilt_tree(CASES[name], draw)), "utf-8")
    else:
        path.write_bytes(spoilt_bytes(json.dumps(CASES[name]).encode(), draw))
    return path


def known_files(draw: random.Random, folder: Path) -> Path:
    path = folder / "masking.toml"
    if draw.random() < 0.7:
        try:
            text = tomli_w.dumps(spoilt_tree(KNOWN["masking.toml"], draw))
            data = text.encode("utf-8", "surrogatepass")
        except (TypeError, ValueError, AttributeError):  # TOML has no null
            data = b"known = 3"
    else:
        data = spoilt_bytes(tomli_w.dumps(KNOWN["masking.toml"]).encode(), draw)
    path.write_bytes(data)
    return path


def records(draw: random.Random, folder: Path) -> Path:
    path = folder / "mine.jsonl"
    lines = RECORD.splitlines()
    if draw.random() < 0.7:
        at = draw.randrange(len(lines))
        lines[at] = json.dumps(spoilt_tree(json.loads(lines[at]), draw)).encode()
        path.write_bytes(b"\n".join(lines) + b"\n")
    else:
        path.write_bytes(spoilt_bytes(RECORD, draw))
    return path


def case_holds(path: Path) -> None:
    for case in validate.cases(path):
        _one_case(case)


def _one_case(case: Case) -> None:
    rows = shape(case.mask)
    assert rows is not None
    assert len(rows) == 2
    assert re.fullmatch(r"[a-z0-9-]+", case.slug)
    assert case.title.isprintable()
    assert case.level in LEVELS
    for name, array in case.inputs.items():
        assert (shape(array) or ())[:2] == rows or name in {
            "transitions",
            "start",
            "end",
        }
        # Labels may be whole numbers of 32 bits, everything else fits float32.
        for _, number in leaves(array):
            assert isinstance(number, str) or abs(number) < 3.5e38


def known_holds(path: Path) -> None:
    entries = load_known(path)
    replay.smallest_cases(entries)
    for entry in entries:
        _one_entry(entry)
    tomllib.loads(path.read_text(encoding="utf-8"))


def _one_entry(entry: KnownEntry) -> None:
    assert entry.checks
    assert all(text.strip() for text in (*entry.checks, entry.reason))
    assert entry.kind in KINDS
    assert entry.url == "" or entry.url.startswith("https://")
    assert entry.review_by is None or entry.review_by.year >= 1
    assert entry.applies({"torch": "2.13.0"}) in {True, False}


def record_holds(path: Path) -> None:
    run = read(path)
    _one_run(run)
    judgement = judge(run)
    notes = workflow_commands([(run, judgement)])
    told = [complaints(judgement), summary([run]), *notes]
    assert not re.search(r"[\x00-\x08\x1b\u202e]", "".join(told))
    assert len(notes) <= 10


def _one_run(run: Run) -> None:
    assert run.header.planned >= len(run.results)
    assert run.header.level in LEVELS
    assert min(run.header.seed, run.header.examples, run.header.explore) >= 0
    assert len({result.check for result in run.results}) == len(run.results)
    for result in run.results:
        assert parse_check(result.check).operation
        assert result.outcome in OUTCOMES
        assert result.ms >= 0
        share = result.share
        assert share is None or share == "inf" or float(share) >= 0
        assert result.outcome != "passed" or result.failure is None
        assert result.outcome in KINDS or result.known is None
    judged = judge(run)
    assert judged.incomplete == (not run.complete)
    bad = sum(result.outcome in KINDS for result in run.results)
    assert len(judged.new) + len(judged.known) == bad


KINDS_OF_FILE: dict[str, tuple[Any, Any, type[Exception]]] = {
    "case": (case_files, case_holds, CaseError),
    "known": (known_files, known_holds, KnownError),
    "result": (records, record_holds, ResultError),
}


@pytest.mark.parametrize("kind", KINDS_OF_FILE)
def test_a_spoilt_file_is_refused_in_words_or_still_right(
    kind: str, tmp_path: Path
) -> None:
    spoil: Callable[[random.Random, Path], Path]
    holds: Callable[[Path], None]
    spoil, holds, error = KINDS_OF_FILE[kind]
    refused = 0
    for seed in range(COUNT):
        path = spoil(random.Random(f"{kind} {seed}"), tmp_path)  # noqa: S311 - no secret
        started = perf_counter()
        said = ""
        try:
            holds(path)
        except error as told:
            said = str(told)
        except Exception as fault:
            msg = f"{kind} {seed}: {path.read_bytes()[:2000]!r}"
            raise AssertionError(msg) from fault
        assert perf_counter() - started < SECONDS, seed
        refused += bool(said)
        assert not said or str(path) in said, seed
        assert not re.search(r"[\x00-\x08\x1b\u202e]", said), seed
        assert len(said) < LONGEST, seed
    assert 0.3 * COUNT < refused < COUNT


def test_the_files_that_are_spoilt_are_right_before(tmp_path: Path) -> None:
    for name, whole in CASES.items():
        path = tmp_path / name
        path.write_text(json.dumps(whole), encoding="utf-8")
        case_holds(path)
    path = tmp_path / "masking.toml"
    path.write_text(tomli_w.dumps(KNOWN["masking.toml"]), encoding="utf-8")
    known_holds(path)
    path = tmp_path / "mine.jsonl"
    path.write_bytes(RECORD)
    record_holds(path)
