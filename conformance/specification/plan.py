"""Plan the checks of an adapter: variant x (case or law) x dtype x route.

Imports no NumPy and no framework, so that checks can be listed and sharded anywhere,
with the same ids in every version of every dependency.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Protocol

from conformance.errors import UnknownNameError
from conformance.specification import (
    DTYPES,
    EXTENDED_ROUTES,
    Clause,
    Law,
    Level,
    Operation,
    Variant,
)
from conformance.specification.corpus import later_version
from conformance.specification.laws import LAWS
from conformance.specification.selection import Check, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from conformance.specification.declaration import Declaration

SECOND_ROUTE_LAWS = ("value", "padding-content", "extra-padding", "batch-composition")
"""The laws that run on a framework's secondary routes, besides the cases.

A route changes how a function is called, not its formula. These four find what a
compiler can break: the value, a fold over padding, a length taken for a constant, and
a batch taken for a constant. All laws on all routes would multiply a run's time.
"""


class PlannedCase(Protocol):
    """The part of a case that planning reads."""

    @property
    def slug(self) -> str:
        """Its name inside the operation."""
        ...

    @property
    def variant(self) -> str:
        """The variant's name."""
        ...

    @property
    def clause(self) -> str:
        """The clause's id."""
        ...

    @property
    def level(self) -> Level:
        """The lowest level that includes it."""
        ...

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes in which its inputs are exact."""
        ...

    @property
    def since(self) -> str:
        """The version that brought it."""
        ...

    @property
    def mask(self) -> Sequence[Sequence[bool]]:
        """True where a position counts."""
        ...


def clauses(operation: Operation) -> tuple[Clause, ...]:
    """Return all clauses of an operation, sorted by number."""
    return _clauses_among(LAWS, operation)


@lru_cache(maxsize=256)
def _clauses_among(common: tuple[Law, ...], operation: Operation) -> tuple[Clause, ...]:
    laws = _laws_among(common, operation, None)
    found = [law.clause(operation.name) for law in laws]
    return tuple(sorted((*found, *operation.clauses), key=lambda clause: clause.number))


def laws_of(operation: Operation, variant: Variant | None = None) -> tuple[Law, ...]:
    """Return the laws that apply to an operation, or to one of its variants."""
    return _laws_among(LAWS, operation, variant)


@lru_cache(maxsize=4096)
def _laws_among(
    common: tuple[Law, ...], operation: Operation, variant: Variant | None
) -> tuple[Law, ...]:
    variants = operation.variants if variant is None else (variant,)
    return tuple(
        law
        for law in (*common, *operation.laws)
        if any(operation.asks(law, each) for each in variants)
    )


def plan(
    declaration: Declaration,
    operations: Mapping[str, Operation],
    cases: Mapping[str, Iterable[PlannedCase]],
    selection: Selection,
) -> tuple[Check, ...]:
    """Return the checks of one adapter in the order in which they run.

    Args:
        declaration: What the adapter declares.
        operations: Every operation, by name.
        cases: Every case, by operation.
        selection: What to take.

    Raises:
        UnknownNameError: An operation is selected that does not exist.
    """
    if declaration.corpus and not selection.corpus:
        selection = replace(selection, corpus=declaration.corpus)
    for name in selection.operations:
        if name not in operations:
            raise UnknownNameError("operation", name, operations)
    places = {name: place for place, name in enumerate(operations)}
    found = [
        check
        for operation in operations.values()
        if selection.concerns(operation)
        for check in _of_operation(
            declaration, operation, cases.get(operation.name, ())
        )
        if selection.takes(check)
    ]
    return tuple(sorted(found, key=_order(places)))


def _order(places: Mapping[str, int]) -> Callable[[Check], tuple[object, ...]]:
    def key(check: Check) -> tuple[object, ...]:
        # One variant, dtype and route after the other, so that each is compiled once
        # and the fixtures of one variant suffice. float32 comes first: a wrong formula
        # then fails in the dtype in which it is easiest to read.
        return (
            places[check.operation],
            check.variant.name,
            DTYPES.index(check.dtype) if check.dtype != "float32" else -1,
            check.route,
        )

    return key


def _of_operation(
    declaration: Declaration, operation: Operation, cases: Iterable[PlannedCase]
) -> Iterator[Check]:
    by_variant: dict[str, list[PlannedCase]] = {}
    for case in cases:
        by_variant.setdefault(case.variant, []).append(case)
    for variant in operation.variants:
        reason = declaration.why_unsupported(operation.function, variant.name)
        further = tuple(_further_routes(declaration, operation, variant))
        for law in laws_of(operation, variant):
            given = (declaration, operation, variant, law, reason)
            yield from _of_law(*given, further=further)
        for number, case in enumerate(by_variant.get(variant.name, ())):
            asked = (declaration, operation, variant, case, reason)
            yield from _of_case(*asked, further=further, first=number == 0)


def _of_law(
    declaration: Declaration,
    operation: Operation,
    variant: Variant,
    law: Law,
    reason: str,
    *,
    further: Iterable[tuple[str, str]],
) -> Iterator[Check]:
    """Yield a law's checks; a reason is why the adapter gets none of them."""
    # Called, not copied with another dtype: there are thousands of checks, and copying
    # a dataclass takes five times as long as making it.
    check = partial(
        Check,
        operation=operation.name,
        variant=variant,
        item=law.name,
        case=False,
        clause=f"{operation.name}.{law.name}",
        unsupported=reason or _missing_need(declaration, variant, law),
        since=later_version(operation.since, law.since),
        base=law.level_for(variant.name),
    )
    base, usual_route = law.level_for(variant.name), _route(declaration, law)
    # A further dtype rarely shows another mistake than the usual one, so core does
    # without it, unless a law is about a dtype.
    usual = law.dtypes or (usual_dtype(declaration),)
    for dtype in declaration.dtypes:
        level = base if dtype in usual else _raise_level(base)
        yield check(dtype=dtype, level=level, route=usual_route)
    if law.name not in SECOND_ROUTE_LAWS and law.route != "eager":
        return
    for route, dtype in further:
        # Extended routes get the law that compares routes, not the four above. inductor
        # gets cases only: it writes and compiles C++ for each new shape, and laws have
        # many shapes.
        taken = law.route != "eager" or route not in EXTENDED_ROUTES
        if route not in {usual_route, "inductor"} and taken:
            yield check(dtype=dtype, level=_route_level(route, base), route=route)


def _of_case(
    declaration: Declaration,
    operation: Operation,
    variant: Variant,
    case: PlannedCase,
    reason: str,
    *,
    further: Iterable[tuple[str, str]],
    first: bool,
) -> Iterator[Check]:
    """Yield a case's checks; a reason is why the adapter gets none of them."""
    check = partial(
        Check,
        operation=operation.name,
        variant=variant,
        item=case.slug,
        case=True,
        clause=case.clause,
        unsupported=reason or _mask_objection(declaration, variant, case.mask),
        since=later_version(operation.since, case.since),
        base=case.level,
    )
    usual, primary = usual_dtype(declaration), declaration.primary
    for dtype in declaration.dtypes:
        if dtype in case.dtypes:
            level = case.level if dtype == usual else _raise_level(case.level)
            yield check(dtype=dtype, level=level, route=primary)
    for route, dtype in further:
        # One case a variant by inductor: see _of_law.
        wanted = route != "inductor" or first
        if route != primary and dtype in case.dtypes and wanted:
            yield check(dtype=dtype, level=_route_level(route, case.level), route=route)


def _further_routes(
    declaration: Declaration, operation: Operation, variant: Variant
) -> Iterator[tuple[str, str]]:
    """Yield each declared route that gives answers, with the dtype to use."""
    for route in declaration.routes:
        # vmap maps over the rows, which no mean over the batch survives; jvp belongs to
        # the law on forward mode alone; only layers have a training mode.
        coupled = variant.result == "scalar" or "batch-composition" in operation.without
        rows_alone = route == "vmap" and coupled
        no_layer = route == "training" and not operation.builds
        if route != "jvp" and not rows_alone and not no_layer:
            yield route, "bfloat16" if route == "autocast" else usual_dtype(declaration)


def _route_level(route: str, level: Level) -> Level:
    """Return the level of a further route's check, given the primary one's."""
    return "extended" if route in EXTENDED_ROUTES else _raise_level(level)


def _route(declaration: Declaration, law: Law) -> str:
    """Return a law's own route, the primary one if the adapter lacks it."""
    if law.route in declaration.routes or law.needs in {"compiled", "jvp"}:
        return law.route
    return declaration.primary


def usual_dtype(declaration: Declaration) -> str:
    """Return float32, or the adapter's first dtype if it has no float32."""
    dtypes = declaration.dtypes
    return "float32" if "float32" in dtypes else dtypes[0]


def _raise_level(level: Level) -> Level:
    """Raise core to robust, for a further dtype or route; keep any other level."""
    return "robust" if level == "core" else level


def _missing_need(declaration: Declaration, variant: Variant, law: Law) -> str:
    """Return why a law cannot check this framework or adapter, or nothing."""
    traits, needs = declaration.traits, law.needs
    if needs in _STATED:
        return "" if declaration.stated(needs, variant.name) else _STATED[needs]
    offered = {
        "": True,
        "gradient": traits.gradient,
        "layouts": traits.layouts,
        "mask-forms": bool(
            set(declaration.mask_forms) - {"none", declaration.usual_form}
        ),
        **{route: route in declaration.routes for route in ("compiled", "jvp")},
        **{place: place in declaration.placements for place in ("left", "gaps")},
    }
    lacking = _LACKING.get(needs, "").format(name=declaration.framework)
    return "" if offered[needs] else lacking


_STATED = {
    "zero-time": "the adapter declares nothing of T = 0",
    "zero-batch": "the adapter declares nothing of B = 0",
    "subnormals": "the adapter declares nothing of subnormals",
}
_LACKING = {
    "gradient": "{name} does not differentiate",
    "layouts": "{name} tensors have no strides",
    "mask-forms": "the adapter declares one form of the mask only",
    "compiled": "the adapter declares no compiled route",
    "jvp": "the adapter declares no jvp route",
    "left": "the adapter declares no left placement",
    "gaps": "the adapter declares no gaps placement",
}


def _mask_objection(
    declaration: Declaration, variant: Variant, mask: Sequence[Sequence[bool]]
) -> str:
    """Return why an adapter must not be given a mask, or an empty text."""
    for row in mask:
        where = _placement(row)
        if where == "empty" and declaration.empty_row(variant.name) == "error":
            return "the adapter declares that an empty row raises an error"
        if where not in {"empty", *declaration.placements}:
            return f"the adapter declares no {where} placement"
    return ""


def _placement(row: Sequence[bool]) -> str:
    if not any(row):
        return "empty"
    first, last = row.index(True), len(row) - 1 - list(reversed(row)).index(True)
    if not all(row[first : last + 1]):
        return "gaps"
    return "right" if first == 0 else "left"
