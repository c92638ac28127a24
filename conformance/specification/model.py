"""The words of the specification as types; imports neither NumPy nor a framework.

An operation has variants, clauses and laws. A law is a clause that is checked on
generated batches; a clause without a law is held by case files alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

from conformance.specification.corpus import FIRST

Level = Literal["core", "robust", "extended"]
"""How much a clause asks for; each level includes those before it."""

Result = Literal["row", "position", "scalar"]
"""What an answer has one of: a batch row, a position of a row, or the batch."""

Trim = Literal["padding", "outside"]
"""What a row alone is without: all of its padding, or what is outside its first and
last valid position."""

Kind = Literal["input", "integer", "boolean"]
"""What numbers an answer is made of: those of the input's dtype, whole ones, or truth
values."""

LEVELS: tuple[Level, ...] = get_args(Level)
DTYPES = ("float16", "bfloat16", "float32", "float64")
EXTENDED_ROUTES = (
    "xla",
    "dynamic",
    "inductor",
    "vmap",
    "jvp",
    "autocast",
    "training",
)
ROUTES = ("eager", "compiled", *EXTENDED_ROUTES)
COMPILED_ROUTES = ("compiled", "xla", "dynamic", "inductor")
PLACEMENTS = ("right", "left", "gaps")
MASK_FORMS = ("bool", "float", "none", "int8", "uint8", "lengths", "rank-3")
PADDINGS = ("zero", "kept", "negative-infinity", "no-tag", "attend", "empty-row")
EMPTY_ROWS = (
    "nan",
    "zero",
    "negative-infinity",
    "infinity",
    "uniform",
    "no-tag",
    "skip",
    "error",
)


def included_levels(level: Level) -> tuple[Level, ...]:
    """Return ``level`` and the levels below it.

    >>> included_levels("robust")
    ('core', 'robust')
    """
    return LEVELS[: LEVELS.index(level) + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One numbered sentence of the specification.

    Attributes:
        operation: The operation that it belongs to.
        number: Its number inside the operation; frozen, never reused.
        name: Its slug inside the operation.
        level: The first level that asks for it.
        text: What must hold, as one or two sentences.
        why: Which mistake it catches.
        law: Whether generated batches check it, not case files alone.
        since: The version that brought it.
    """

    operation: str
    number: int
    name: str
    level: Level
    text: str
    why: str
    law: bool = False
    since: str = FIRST

    @property
    def id(self) -> str:
        """The clause as it is cited, such as ``masked_softmax.empty-row``."""
        return f"{self.operation}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """A clause over generated batches.

    Attributes:
        name: Its slug; the function that checks it has the same name, with
            underscores, in ``module``.
        number: Its clause number in every operation that it applies to.
        level: The first level that asks for it.
        text: What must hold.
        why: Which mistake it catches.
        module: Where its function is.
        results: The kinds of answer that it applies to.
        optional: Whether it applies to those operations alone that name it in ``also``.
        one_batch: Whether one generated batch says all that there is to say.
        route: The route that it has at its own level, where that is not the
            framework's primary one; the primary one follows at level robust.
        needs: What the framework or the adapter must offer: gradient, compiled,
            layouts, mask-forms, left, gaps, jvp, zero-time, zero-batch or
            subnormals.
        variants: Globs over variant names that it applies to.
        dtypes: The dtypes that it has at its own level, other than float32 alone;
            it has the adapter's further ones from level robust on.
        since: The version that brought it.
    """

    name: str
    number: int
    level: Level
    text: str
    why: str
    module: str
    results: tuple[Result, ...] = ("row", "position", "scalar")
    optional: bool = False
    one_batch: bool = False
    route: str = ""
    needs: str = ""
    variants: tuple[str, ...] = ("*",)
    dtypes: tuple[str, ...] = ()
    since: str = FIRST

    def clause(self, operation: str) -> Clause:
        """Return this law as the clause of one operation."""
        return Clause(
            operation=operation,
            number=self.number,
            name=self.name,
            level=self.level,
            text=self.text,
            why=self.why,
            law=True,
            since=self.since,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An operation with its keywords fixed.

    Attributes:
        operation: The operation's name.
        keywords: The fixed keywords in the order of the variant's name.
        result: What its answer has one of.
        empty: What a row (or batch) without valid positions gives: ``zero`` where
            the specification says so, ``declared`` where each adapter says.
        padding: What stands at padding of an answer with a time axis, likewise.
        values: What the adapter is given for a keyword where that is no text, such as
            true for ``causal``.
        makes_mask: Whether the answer is the mask, so that the adapter is given none.
        least: How many valid positions an answer needs; a row with fewer gives what
            an empty one gives, and its derivative is not judged.
        usual_empty: What the references and the mutants give where ``empty`` is
            declared; an adapter's head may say ``usual`` for it.
        usual_padding: The same where ``padding`` is declared.
    """

    operation: str
    keywords: tuple[tuple[str, str], ...] = ()
    result: Result
    empty: Literal["zero", "declared"]
    padding: Literal["zero", "declared"] = "zero"
    values: tuple[tuple[str, bool | int], ...] = ()
    makes_mask: bool = False
    least: int = 1
    usual_empty: str = "zero"
    usual_padding: str = "zero"

    @property
    def name(self) -> str:
        """The variant as it is written in check ids.

        >>> Variant(operation="masked_loss", result="scalar", empty="declared",
        ...         keywords=(("kind", "mse"), ("reduction", "mean"))).name
        'masked_loss.mse.mean'
        """
        return ".".join((self.operation, *(value for _, value in self.keywords)))

    @property
    def options(self) -> dict[str, str]:
        """The fixed keywords as a dictionary."""
        return dict(self.keywords)

    @property
    def arguments(self) -> dict[str, str | bool | int]:
        """The keyword arguments that the adapter's function is given.

        >>> Variant(operation="attention", result="position", empty="declared",
        ...         keywords=(("causal", "full"),), values=(("causal", False),)
        ...         ).arguments
        {'causal': False}
        """
        return {**self.options, **dict(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing with a specification.

    Attributes:
        name: Its name, which is also the adapter function's unless it builds.
        number: Its chapter in the specification.
        title: One line for people.
        function: The adapter's function: ``name``, or ``build_<name>`` when it
            builds a layer from weights once and calls it many times.
        signature: How an adapter writes it, with shapes.
        formula: The exact answer in words and symbols.
        bound: The error bound in words and symbols.
        inputs: Its array inputs along batch and time, without the mask.
        differentiable: The inputs that gradients are taken through.
        variants: Every variant.
        weights: Its array inputs without batch and time axes, in the order in which
            the function takes them behind the mask; gradients are taken through all.
        answer: What its answer is made of.
        trims: What a trimmed row is without; where neighbours count, a gap between
            valid positions stays.
        without: Common laws that mean nothing for it, by name: whole numbers have no
            derivative.
        also: Common laws that are asked of it though they are not asked of all.
        rounds: Whether a right implementation may round at all.
        clauses: Clauses that case files alone hold.
        laws: Laws of its own.
        since: The version that brought it.
    """

    name: str
    number: int
    title: str
    function: str
    signature: str
    formula: str
    bound: str
    inputs: tuple[str, ...]
    differentiable: tuple[str, ...]
    variants: tuple[Variant, ...]
    weights: tuple[str, ...] = ()
    answer: Kind = "input"
    trims: Trim = "padding"
    without: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    rounds: bool = True
    clauses: tuple[Clause, ...] = ()
    laws: tuple[Law, ...] = ()
    since: str = FIRST

    @property
    def main(self) -> str:
        """The input that laws about values change."""
        return (self.differentiable or self.inputs)[0]

    def asks(self, law: Law, variant: Variant) -> bool:
        """Tell whether a law, common or its own, is asked of one of its variants."""
        named = any(fnmatchcase(variant.name, glob) for glob in law.variants)
        meant = law.name in self.also if law.optional else law.name not in self.without
        return named and meant and variant.result in law.results

    @property
    def builds(self) -> bool:
        """Whether the adapter's function builds a layer."""
        return self.function != self.name
