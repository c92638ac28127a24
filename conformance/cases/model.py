"""Define the types of a case file, and the names it may use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from conformance.specification import DTYPES, Level
from conformance.specification.numbers import (
    DECLARED,
    SPECIAL,
    decode,
    flatten,
    is_exact,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SCHEMA = 1
"""Version of the format; files of another version are rejected."""

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SOURCE = r"^(https://\S+|(article|search)\b.*)$"
SINCE = r"^\d+\.\d+\.\d+$"
HTTPS = r"^https://\S+$"

_Special = Annotated[str, Meta(extra_json_schema={"enum": sorted(SPECIAL)})]
_Declared = Annotated[
    str, Meta(extra_json_schema={"enum": sorted([*SPECIAL, DECLARED])})
]
# Written out to the depth that inputs have: msgspec knows no recursive types, and a
# depth bomb is refused without a walk.
_Input = bool | int | float | _Special
_Inputs = list[_Input | list[_Input | list[_Input | list[_Input]]]]
_Want = int | float | _Declared
_Wants = _Want | list[_Want | list[_Want | list[_Want | list[_Want]]]]


class Case(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True
):
    """Literal inputs and the exact answer.

    Attributes:
        slug: Its name inside the operation; frozen, never reused.
        title: What it shows, in one line.
        variant: The operation with its keywords fixed.
        clause: The clause of the specification that it checks.
        level: The lowest level that includes it.
        flags: What is special about its data, from ``flags.json``.
        source: Where it comes from: an https address, a place in the article, or the
            seed of a search.
        since: The suite's version that brought it.
        control: Whether every position counts, so that the mask changes nothing.
        inputs: Arrays by argument name.
        mask: True where a position counts.
        weights: A layer's weights by direction and name.
        want: The float64 nearest to the exact answer.
    """

    slug: Annotated[str, Meta(extra_json_schema={"pattern": SLUG})]
    title: Annotated[str, Meta(extra_json_schema={"minLength": 1})]
    variant: str
    clause: str
    level: Level
    flags: list[str] = []
    source: Annotated[str, Meta(extra_json_schema={"pattern": SOURCE})]
    since: Annotated[str, Meta(extra_json_schema={"pattern": SINCE})]
    control: bool = False
    inputs: dict[str, _Inputs]
    mask: list[list[bool]]
    weights: dict[str, dict[str, _Inputs]] = {}
    want: _Wants

    @property
    def operation(self) -> str:
        """The operation's name."""
        return self.variant.partition(".")[0]

    @property
    def id(self) -> str:
        """The variant and the slug, the beginning of its check ids."""
        return f"{self.variant}/{self.slug}"

    @property
    def labels(self) -> frozenset[str]:
        """The inputs that are class labels: integers in every dtype."""
        return _labels(self.operation).get(self.variant, frozenset())

    @property
    def masks(self) -> frozenset[str]:
        """The inputs that are masks, named for what they mask: ``query_mask``."""
        return frozenset(name for name in self.inputs if name.endswith("_mask"))

    @property
    def arrays(self) -> dict[str, Any]:
        """Inputs by name and weights by ``forward.kernel`` and the like, as written."""
        named = {
            f"{direction}.{name}": array
            for direction, arrays in self.weights.items()
            for name, array in arrays.items()
        }
        return {**self.inputs, **named}

    @cached_property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes that represent every input and weight exactly."""
        numbers = {
            number
            for name, array in self.arrays.items()
            if name not in self.labels
            for number in flatten(decode(array))
        }
        return tuple(
            dtype
            for dtype in DTYPES
            if all(is_exact(dtype, number) for number in numbers)
        )


@cache
def _labels(operation: str) -> dict[str, frozenset[str]]:
    """Return the inputs that are class labels, by variant of an operation."""
    from conformance.operations import load_operations

    known = load_operations().get(operation)
    variants = known.variants if known else ()
    return {variant.name: frozenset(variant.labels) for variant in variants}


class CaseFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All cases of one operation."""

    schema: Literal[1]
    operation: str
    cases: list[Case]


class Flag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A property of a case's data.

    Attributes:
        means: What such a case contains.
        catches: The mistake it is meant to catch.
        links: Threads where people met it, or the article.
    """

    means: str
    catches: str
    links: list[Annotated[str, Meta(pattern=HTTPS)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Every name that a case may use.

    Attributes:
        axes: For each variant the axes that each array may have, ``want`` included:
            letters bind sizes, so ``"H 4H"`` is a square kernel of four gates, and
            ``?`` in ``want`` is an axis of whatever length the answer has.
        clauses: The clauses of each variant, with their levels.
        laws: The laws' names, which slugs must not have: check ids would clash.
        flags: The flags' names.
        padded: The variants for which adapters declare the answer at padding.
    """

    axes: Mapping[str, Mapping[str, tuple[str, ...]]]
    clauses: Mapping[str, Mapping[str, Level]]
    laws: Collection[str]
    flags: Collection[str] = ()
    padded: Collection[str] = ()


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a case file."""
    return msgspec.json.schema(CaseFile)
