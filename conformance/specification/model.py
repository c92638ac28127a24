"""Define the types of the specification, without NumPy or a framework.

An operation has variants, clauses and laws. A law is a clause that is checked on
generated batches; only case files check a clause without a law.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal, get_args

from conformance.specification.corpus import FIRST

Level = Literal["core", "robust", "extended"]
"""The level of a clause; each level includes those before it."""

Result = Literal["row", "position", "scalar"]
"""What an answer has one value per: batch row, position, or batch."""

Trim = Literal["padding", "outside"]
"""What trimming removes from a row: all padding, or only the padding outside its first
and last valid position."""

Kind = Literal["input", "integer", "boolean"]
"""The numbers in an answer: of the input's dtype, integers, or booleans."""

Constant = bool | int | float | tuple[float, ...]
"""A keyword's value that an adapter is given; a tuple is one number for each class."""

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
PADDINGS = (
    "zero",
    "kept",
    "negative-infinity",
    "no-tag",
    "attend",
    "normed",
    "empty-row",
    "held",
)
EMPTY_ROWS = (
    "nan",
    "zero",
    "one",
    "negative-infinity",
    "infinity",
    "uniform",
    "no-tag",
    "skip",
    "error",
)


@cache
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
        operation: The operation it belongs to.
        number: Its number inside the operation; frozen, never reused.
        name: Its slug inside the operation.
        level: The lowest level that includes it.
        text: What must hold, as one or two sentences.
        why: Which mistake it catches.
        law: Whether generated batches check it, not only case files.
        core_for: Globs of the variants that have it at core already.
        since: The version that brought it.
    """

    operation: str = ""
    number: int
    name: str
    level: Level
    text: str
    why: str
    law: bool = False
    core_for: tuple[str, ...] = ()
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
        level: The lowest level that includes it.
        text: What must hold.
        why: Which mistake it catches.
        module: Where its function is; in its operation's ``laws`` if it says nothing.
        results: The kinds of answer it applies to.
        optional: Whether it applies only to operations that name it in ``also``.
        one_batch: Whether one generated batch is enough.
        route: Its route at its own level, if not the framework's primary one, which
            then follows at level robust.
        needs: What the framework or the adapter must offer: gradient, compiled,
            layouts, mask-forms, left, gaps, jvp, zero-time, zero-batch or
            subnormals.
        variants: Globs of the variant names it applies to.
        core_for: Globs of the variant names it applies to at core already.
        dtypes: Its dtypes at its own level, if not only float32; the adapter's other
            dtypes follow at level robust.
        since: The version that brought it.
        about: What it puts to an adapter, as a noun; its name says it if empty.
    """

    name: str
    number: int
    level: Level
    text: str
    why: str
    module: str = ""
    results: tuple[Result, ...] = ("row", "position", "scalar")
    optional: bool = False
    one_batch: bool = False
    route: str = ""
    needs: str = ""
    variants: tuple[str, ...] = ("*",)
    core_for: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    since: str = FIRST
    about: str = ""

    def __hash__(self) -> int:
        """Tell it by its name: plans ask a cache for it tens of thousands of times."""
        return hash(self.name)

    def level_for(self, variant: str) -> Level:
        """Return the first level that asks a variant for it."""
        early = any(fnmatchcase(variant, glob) for glob in self.core_for)
        return "core" if early else self.level

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
            core_for=self.core_for,
            since=self.since,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An operation with its keywords fixed.

    Attributes:
        operation: The operation's name, which fills it in.
        keywords: The fixed keywords in the order of the variant's name.
        result: What its answer has one value per.
        empty: What a row (or batch) without valid positions gives: ``zero``, or the
            ``initial`` state, or infinity as an ``impossible`` row if it has labels,
            or what its ``steps`` give by themselves, where the specification says so,
            ``declared`` where each adapter says.
        padding: What an answer with a time axis holds at padding, likewise.
        values: Keyword values for the adapter that are not strings, such as true for
            ``causal``, or constants of a formula.
        makes_mask: Whether the answer is the mask; the adapter then gets none.
        placed: Whether the answer depends on where valid positions stand: a count of
            them does not, and no case of it notices a mask that is moved.
        least: How many valid positions an answer needs; a row with fewer gives what
            an empty one gives, and its derivative is not judged.
        labels: The inputs that are class labels or ids: integers in every dtype.
        shares: The inputs that are shares of one, which laws about large values leave.
        omits: The operation's weights that its function is not given.
        usual_empty: What the references and the mutants give where ``empty`` is
            declared; an adapter's head may say ``usual`` for it.
        usual_padding: The same where ``padding`` is declared.
        name: The variant as check ids write it.

    >>> Variant(operation="masked_loss", result="scalar", empty="declared",
    ...         keywords=(("kind", "mse"), ("reduction", "mean"))).name
    'masked_loss.mse.mean'
    """

    operation: str = ""
    keywords: tuple[tuple[str, str], ...] = ()
    result: Result
    empty: Literal["zero", "initial", "impossible", "steps", "declared"]
    padding: Literal["zero", "declared"] = "zero"
    values: tuple[tuple[str, Constant], ...] = ()
    makes_mask: bool = False
    placed: bool = True
    least: int = 1
    labels: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    omits: tuple[str, ...] = ()
    usual_empty: str = "zero"
    usual_padding: str = "zero"

    name: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Write the name once: a plan reads it tens of thousands of times."""
        name = ".".join((self.operation, *(value for _, value in self.keywords)))
        object.__setattr__(self, "name", name)

    def __hash__(self) -> int:
        """Tell it by its name, likewise."""
        return hash(self.name)

    @property
    def options(self) -> dict[str, str]:
        """The fixed keywords as a dictionary."""
        return dict(self.keywords)

    @property
    def arguments(self) -> dict[str, str | Constant]:
        """The keyword arguments for the adapter's function.

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
        short: What a narrow column is called.
        group: The operations that it stands among.
        function: The adapter's function: ``name``, or ``build_<name>`` when it
            builds a layer from weights once and calls it many times.
        signature: How an adapter writes it, with shapes.
        formula: The exact answer in words and symbols.
        bound: The error bound in words and symbols.
        inputs: Its array inputs along batch and time, without the mask.
        differentiable: The inputs that gradients are taken through.
        variants: Every variant.
        beside: Its inputs along batch and a time axis of their own, which the function
            takes first, such as the queries of other keys, whose mask is one of them;
            or along batch alone, such as the state that a row begins with.
        weights: Its array inputs without batch and time axes, in the order in which
            the function takes them behind the mask; gradients are taken through all.
        answer: The numbers in its answer.
        trims: What trimming removes; where neighbours count, gaps between valid
            positions stay.
        without: Names of common laws that do not apply, e.g. gradients of integers.
        also: Optional common laws that apply to it.
        rounds: Whether a right implementation may round at all.
        clauses: Clauses that only case files check.
        laws: Its own laws.
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
    short: str = ""
    group: str = ""
    beside: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    answer: Kind = "input"
    trims: Trim = "padding"
    without: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    rounds: bool = True
    clauses: tuple[Clause, ...] = ()
    laws: tuple[Law, ...] = ()
    since: str = FIRST

    def __post_init__(self) -> None:
        """Tell variants, clauses and laws whose they are."""
        own = f"conformance.operations.{self.name}.laws"
        variants = tuple(replace(each, operation=self.name) for each in self.variants)
        clauses = tuple(replace(each, operation=self.name) for each in self.clauses)
        laws = tuple(replace(each, module=each.module or own) for each in self.laws)
        object.__setattr__(self, "variants", variants)
        object.__setattr__(self, "clauses", clauses)
        object.__setattr__(self, "laws", laws)

    def __hash__(self) -> int:
        """Tell it by its name, likewise."""
        return hash(self.name)

    @property
    def main(self) -> str:
        """The input that laws about values change."""
        return (self.differentiable or self.inputs)[0]

    def law(self, name: str) -> Law:
        """Return one of its own laws, so that another operation takes it over."""
        return next(law for law in self.laws if law.name == name)

    def asks(self, law: Law, variant: Variant) -> bool:
        """Tell whether a law, common or its own, is asked of one of its variants."""
        named = any(fnmatchcase(variant.name, glob) for glob in law.variants)
        meant = law.name in self.also if law.optional else law.name not in self.without
        return named and meant and variant.result in law.results

    def weights_of(self, variant: Variant) -> tuple[str, ...]:
        """Return the weights that the function is given in one of its variants."""
        return tuple(name for name in self.weights if name not in variant.omits)

    @property
    def builds(self) -> bool:
        """Whether the adapter's function builds a layer."""
        return self.function != self.name
