"""``python -m conformance.cases check|write [FOLDER]``: check or compute answers.

``write`` computes every ``want`` with the second oracle and formats the files; a new
case needs no ``want``. ``check`` changes nothing; it fails if a file differs from what
``write`` would make of it, or if a case would not notice another mask.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.cases.answers import exact_answer, find_vacuous, vocabulary
from conformance.cases.files import files, load_flags, read
from conformance.cases.model import SCHEMA, Case, schema
from conformance.cases.validate import check_cases, parse_json
from conformance.errors import UsageError
from conformance.specification.numbers import encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Vocabulary

WIDTH = 88


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status: 0 right, 1 not, 2 bad input."""
    if len(arguments) not in {1, 2} or arguments[0] not in {"check", "write"}:
        sys.stderr.write("usage: python -m conformance.cases check|write [FOLDER]\n")
        return UsageError.exit_status
    folder = Path(arguments[1] if len(arguments) > 1 else "cases")
    try:
        texts, wrong = make_files(folder)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    for path, text in texts.items():
        if arguments[0] == "write":
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.is_file() or read(path) != text:
            wrong.append(
                f"{path}: differs from what `write` makes of it; run `write` and look "
                "at the diff"
            )
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return int(bool(wrong))


def make_files(folder: Path) -> tuple[dict[Path, str], list[str]]:
    """Return the right content of each file in ``folder``, and complaints on cases.

    Raises:
        CaseError: A file is malformed.
    """
    from conformance.operations import load_operations

    words = replace(
        vocabulary(load_operations().values()), flags=set(load_flags(folder))
    )
    texts = {folder / "schema.json": json.dumps(schema(), indent=2) + "\n"}
    wrong = []
    for path in files(folder):
        texts[path], cases = answer_cases(read(path), str(path), words)
        wrong += [
            f"{path}: case {case.slug!r} has the same answer with its mask {way}; "
            "choose data that padding would change"
            for case in cases
            for way in find_vacuous(case)
        ]
    return texts, wrong


def answer_cases(text: str, where: str, words: Vocabulary) -> tuple[str, list[Case]]:
    """Return a case file formatted, with exact answers, and its cases.

    Raises:
        CaseError: It is malformed; only ``want`` may be missing or wrong.
    """
    raw = parse_json(text, where)
    drafts = [
        {**each, "want": 0.0} if isinstance(each, dict) else each
        for each in raw["cases"]
    ]
    axes = {
        variant: {name: each for name, each in arrays.items() if name != "want"}
        for variant, arrays in words.axes.items()
    }
    checks = replace(words, axes=axes)
    cases = [
        msgspec.structs.replace(case, want=encode(exact_answer(case)))
        for case in check_cases({**raw, "cases": drafts}, where, checks)
    ]
    head = {"schema": SCHEMA, "operation": raw["operation"]}
    body = [_drop_defaults(case) for case in cases]
    return format_json({**head, "cases": body}) + "\n", cases


def _drop_defaults(case: Case) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(case)
    usual = {"control": False, "weights": {}}
    return {k: v for k, v in fields.items() if k not in usual or v != usual[k]}


def format_json(value: Any, indent: int = 0) -> str:
    """Return readable JSON: what fits on one line is on one line."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if indent + len(flat) < WIDTH or not isinstance(value, dict | list):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(name)}: {format_json(each, indent + 2)}"
            for name, each in value.items()
        ]
    else:
        parts = [format_json(each, indent + 2) for each in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    body = ",\n".join(inner + part for part in parts)
    return f"{opening}\n{body}\n{' ' * indent}{closing}"
