"""Validate a case file: first its format, then each case.

A complaint is a field, what it has and what was expected. The first one rejects the
file, with the case's slug or position.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.cases.core import above_core
from conformance.cases.model import SINCE, SLUG, SOURCE, Case, CaseFile, Vocabulary
from conformance.errors import CaseError
from conformance.specification import LEVELS
from conformance.specification.numbers import (
    DECLARED,
    SPECIAL,
    flatten,
    is_exact,
    leaves,
    shape,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    Complaint = tuple[str, str, str]

LARGEST = 4096
"""Maximum of numbers in a case: people must be able to read it."""

ANY = "?"
"""An axis of an answer with a length that only the answer itself determines."""

SHOWN = 80
"""Maximum of characters of a wrong value in a message."""

_HELP = "the format is in cases/README.md"
_LABELS = (-(2**31), 2**31 - 1)

# msgspec describes a type at its first use, and a second thread that comes to it then
# crashes the interpreter (seen with 0.22.0). An import has one thread.
for _kind in (Case, CaseFile):
    msgspec.json.Decoder(_kind)


def parse_json(text: str, where: str) -> dict[str, Any]:
    """Return a file's JSON object.

    Raises:
        CaseError: It is not JSON, not an object, or names a field twice.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            msg = f"field {twice!r} occurs twice"
            raise ValueError(msg)
        return found

    try:
        raw = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        msg = f"{where}: not JSON: {error}; {_HELP}"
        raise CaseError(msg) from error
    if not isinstance(raw, dict) or not isinstance(raw.get("cases"), list):
        msg = f'{where}: cases: got none, expected {{"cases": [...]}}; {_HELP}'
        raise CaseError(msg)
    return raw


def check_cases(
    raw: Mapping[str, Any], where: str, words: Vocabulary
) -> tuple[Case, ...]:
    """Validate a parsed file and return its cases, at least one.

    Raises:
        CaseError: Names the first mistake and its place.
    """
    _convert({**raw, "cases": []}, CaseFile, where)
    cases: list[Case] = []
    for position, each in enumerate(raw["cases"]):
        place = f"{where}: {_label(each, position)}"
        case = _convert(each, Case, place)
        slugs = [other.slug for other in cases]
        for field, got, wanted in _complaints(case, raw["operation"], slugs, words):
            msg = f"{place}: {field}: got {_shorten(got)}, expected {wanted}; {_HELP}"
            raise CaseError(msg)
        cases.append(case)
    if not cases:
        msg = f"{where}: cases: got an empty list, expected at least one case; {_HELP}"
        raise CaseError(msg)
    return tuple(cases)


def _label(raw: object, position: int) -> str:
    slug = raw.get("slug") if isinstance(raw, dict) else None
    return (
        f"case {_shorten(repr(slug))}" if isinstance(slug, str) else f"case {position}"
    )


def _shorten(text: str, most: int = SHOWN) -> str:
    # A file is somebody else's: control characters must not reach a terminal.
    clean = "".join(each if each.isprintable() else "?" for each in text)
    return clean if len(clean) <= most else f"{clean[:most]}..."


def _convert(raw: object, kind: type[Any], place: str) -> Any:
    try:
        return msgspec.convert(raw, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        msg = f"{place}: {_shorten(str(error), 2 * SHOWN)}; {_HELP}"
        raise CaseError(msg) from error


def _complaints(
    case: Case, operation: str, slugs: Iterable[str], words: Vocabulary
) -> Iterator[Complaint]:
    yield from _names(case, operation, slugs, words)
    yield from _texts(case)
    yield from _numbers(case)
    yield from _shapes(case, words.axes[case.variant])
    yield from _labels(case)
    yield from _levels(case, words)


def _names(
    case: Case, operation: str, slugs: Iterable[str], words: Vocabulary
) -> Iterator[Complaint]:
    if operation != case.operation:
        operations = {variant.partition(".")[0] for variant in words.axes}
        yield from _known("operation", operation, operations)
    yield from _known("variant", case.variant, words.axes)
    if case.operation != operation:
        yield "variant", repr(case.variant), f"one of {operation}"
    yield from _known("clause", case.clause, words.clauses[case.variant])
    for flag in case.flags:
        yield from _known("flags", flag, words.flags)
    if len(set(case.flags)) < len(case.flags):
        yield "flags", str(case.flags), "each flag once"
    if case.slug in slugs:
        yield "slug", repr(case.slug), "a slug that no other case in the file has"
    if case.slug in words.laws:
        yield "slug", repr(case.slug), "a slug that is not a law's name"


def _known(field: str, name: str, choices: Collection[str]) -> Iterator[Complaint]:
    if name not in choices:
        known = sorted(choices)
        close = difflib.get_close_matches(name, known, n=1) or known[:1]
        yield field, repr(name), f"one of {len(known)}, such as {', '.join(close)}"


def _texts(case: Case) -> Iterator[Complaint]:
    if not re.fullmatch(SLUG, case.slug):
        yield "slug", repr(case.slug), "kebab-case, such as valid-zero"
    if not case.title.strip() or not case.title.isprintable():
        yield "title", repr(case.title), "one printable line"
    if not re.fullmatch(SOURCE, case.source):
        yield (
            "source",
            repr(case.source),
            'an https address, or "article" with the place',
        )
    if not re.fullmatch(SINCE, case.since):
        yield "since", repr(case.since), "a version such as 0.1.0"


def _numbers(case: Case) -> Iterator[Complaint]:
    arrays = {**case.arrays, "want": case.want, "mask": case.mask}
    total = sum(1 for array in arrays.values() for _ in flatten(array))
    if total > LARGEST:
        yield "inputs", f"{total} numbers in all", f"at most {LARGEST}"
    for name, array in case.arrays.items():
        if name in case.masks:
            yield from _booleans(name, array)
            continue
        labels = name in case.labels
        if not labels and all(_is_held(one, "float32") for one in flatten(array)):
            continue  # places are told only where something is wrong
        for place, number in leaves(array, name):
            yield from (
                _label_number(place, number)
                if labels
                else _number(place, number, "float32", SPECIAL)
            )
    if all(_is_held(number, "float64") for number in flatten(case.want)):
        return
    for place, number in leaves(case.want, "want"):
        yield from _number(place, number, "float64", [*SPECIAL, DECLARED])


def _booleans(name: str, array: Any) -> Iterator[Complaint]:
    for place, found in leaves(array, name):
        if not isinstance(found, bool):
            yield place, _shorten(repr(found)), "true or false"


def _is_held(number: float | str, dtype: str) -> bool:
    """Tell whether a dtype holds a finite number that is not a truth value."""
    return (
        not isinstance(number, str | bool)
        and abs(number) <= sys.float_info.max
        and is_exact(dtype, number)
    )


def _number(
    place: str, number: float | str, dtype: str, words: Iterable[str]
) -> Iterator[Complaint]:
    wanted = f"a number or one of the strings {', '.join(words)}"
    if isinstance(number, bool):
        yield place, "`bool`", wanted
    elif isinstance(number, str):
        if number not in words:
            yield place, repr(number), wanted
    elif abs(number) == float("inf") or number != number:  # noqa: PLR0124 - NaN
        yield place, f"a bare {number}", wanted
    elif not is_exact(dtype, number):
        yield place, _shorten(repr(number)), f"a number that {dtype} holds exactly"


def _label_number(place: str, number: float | str) -> Iterator[Complaint]:
    if type(number) is not int or not _LABELS[0] <= number <= _LABELS[1]:
        yield place, repr(number), "a class label, a 32-bit integer"


def _shapes(case: Case, axes: Mapping[str, tuple[str, ...]]) -> Iterator[Complaint]:
    wanted = [name for name in axes if name != "want"]
    for name in wanted:
        if name not in case.arrays:
            yield _field(name), "nothing", "an array, which the variant takes"
    for name in case.arrays:
        if name not in wanted:
            yield (
                _field(name),
                "an array",
                f"no such array; {case.variant} takes {', '.join(wanted)}",
            )
    sizes: dict[str, int] = {}
    arrays = {"mask": case.mask, **case.arrays, "want": case.want}
    for name, allowed in {"mask": ("B T",), **axes}.items():
        found = shape(arrays[name])
        if found is None:
            yield (
                name,
                "rows of different lengths",
                "a shape " + _describe_shapes(allowed, sizes),
            )
        elif not any(_fits(found, each, sizes, new=name != "want") for each in allowed):
            yield (
                name,
                f"shape {list(found)}",
                "a shape " + _describe_shapes(allowed, sizes),
            )


def find_unfit(case: Case, axes: Mapping[str, tuple[str, ...]]) -> Iterator[Complaint]:
    """Yield complaints about arrays, shapes and labels, but not about the answer."""
    yield from _shapes(
        case, {name: each for name, each in axes.items() if name != "want"}
    )
    yield from _labels(case)


def _describe_shapes(allowed: Iterable[str], sizes: Mapping[str, int]) -> str:
    shapes = " or ".join(f"[{', '.join(each.split())}]" for each in allowed)
    bound = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
    return f"{shapes} with {bound}" if bound else shapes


def _field(name: str) -> str:
    return f"weights.{name}" if "." in name else f"inputs.{name}"


def _fits(
    found: tuple[int, ...], axes: str, sizes: dict[str, int], *, new: bool
) -> bool:
    """Tell whether a shape has ``axes``, and bind the letters that may be new."""
    names = axes.split()
    if len(names) != len(found):
        return False
    bound = dict(sizes)
    for size, name in zip(found, names, strict=True):
        if name == ANY:
            continue
        if name[-1] not in bound and not new:
            return False
        factor = int(name[:-1] or 1)
        if bound.setdefault(name[-1], size // factor) * factor != size:
            return False
    sizes.update(bound)
    return True


def _labels(case: Case) -> Iterator[Complaint]:
    for name in case.labels & {"tags", "targets"}:  # any other number is an id
        scores = "emissions" if name == "tags" else "predictions"
        classes = (shape(case.inputs[scores]) or (0,))[-1]
        kept = dict(leaves(case.mask, name))
        for place, label in leaves(case.inputs[name], name):
            if kept[place] and not 0 <= label < classes:
                yield (
                    place,
                    str(label),
                    f"a class below {classes} where the mask is true",
                )


def _levels(case: Case, words: Vocabulary) -> Iterator[Complaint]:
    asked = words.clauses[case.variant][case.clause]
    if LEVELS.index(case.level) < LEVELS.index(asked):
        yield "level", case.level, f"at least {asked}, the level of {case.clause}"
    left = words.clauses[case.variant].get(f"{case.operation}.left-padding") == "core"
    reason = above_core(case, left=left) if case.level == "core" else ""
    if reason:
        yield "level", f"core with {reason}", "robust"
    if case.control != all(all(row) for row in case.mask):
        full = "true if every position counts, else false"
        yield "control", str(case.control).lower(), full
    declared = DECLARED in flatten(case.want)
    there = case.variant in words.padded and not case.control
    if declared and all(any(row) for row in case.mask) and not there:
        yield "want", DECLARED, "numbers, since every row has a valid position"
