"""The specification of a reduction over time: what all of them have, said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.specification.corpus import FIRST
from conformance.specification.model import Law, Operation, Variant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    from conformance.specification.model import Kind

_DERIVED = ("gradient", "wild-gradient", "forward-gradient", "valid-nan")
"""Common laws that ask for numbers which may be NaN or have a derivative."""


def specify_reduction(  # noqa: PLR0913 - the facts of an operation, each by its name
    *,
    name: str,
    number: int,
    title: str,
    short: str,
    formula: str,
    bound: str,
    laws: tuple[Law, ...] = (),
    features: bool = True,
    keywords: Sequence[Mapping[str, int | str]] = ({},),
    empty: Literal["zero", "declared"] = "declared",
    usual_empty: str = "zero",
    also: tuple[str, ...] = ("long-rows",),
    rounds: bool = True,
    answer: Kind = "input",
    since: str = FIRST,
) -> Operation:
    """Return the specification of what takes time away from ``x``, row by row.

    Args:
        name: Its name, and that of the adapter's function.
        number: Its chapter in the specification.
        title: One line for people.
        short: What a narrow column is called.
        formula: The exact answer in words and symbols.
        bound: The error bound in words and symbols.
        laws: Its own laws.
        features: Whether x may have features behind its time.
        keywords: The keywords of each variant; one variant without any by default.
            ``ddof`` takes as many valid positions away: a row with no more is empty.
        empty: Whether the specification or the adapter says what an empty row gives.
        usual_empty: What the references give for one, where the adapter says.
        also: Optional common laws that apply to it.
        rounds: Whether a right implementation may round at all.
        answer: The numbers in its answer; integers have no derivative and are no NaN.
        since: The version that brought it.
    """
    arrays = ("[B, T, ...]", "[B, ...]") if features else ("[B, T]", "[B]")
    named = "".join(f", {each}" for each in keywords[0])
    behind = f", *{named}" if named else ""
    whole = answer == "integer"
    kind = " int" if whole else ""
    return Operation(
        name=name,
        number=number,
        title=title,
        short=short,
        group="reductions",
        function=name,
        signature=f"{name}(x {arrays[0]}, mask [B, T]{behind}) -> {arrays[1]}{kind}",
        formula=formula,
        bound=bound,
        inputs=("x",),
        differentiable=() if whole else ("x",),
        answer=answer,
        without=_DERIVED if whole else (),
        variants=tuple(
            Variant(
                result="row",
                empty=empty,
                usual_empty=usual_empty,
                keywords=tuple((key, str(value)) for key, value in each.items()),
                values=tuple(
                    (key, value)
                    for key, value in each.items()
                    if not isinstance(value, str)
                ),
                least=1 + int(each.get("ddof", 0)),
            )
            for each in keywords
        ),
        also=also,
        rounds=rounds,
        laws=laws,
        since=since,
    )
