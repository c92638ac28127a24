"""The signs of the page: one for each kind of difference, the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records import SORTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """How one kind is shown: never by its colour alone.

    Attributes:
        name: Its name in records and style sheets.
        glyph: The sign.
        word: What it means, as a legend has it.
        told: What systems do that have it, as the first line counts them.
    """

    name: str
    glyph: str
    word: str
    told: str = ""


SIGNS: Mapping[str, Sign] = {
    sign.name: sign
    for sign in (
        Sign(name="wrong", glyph="✗", word="wrong number", told="give a wrong number"),
        Sign(name="nan", glyph="NaN", word="NaN or infinity", told="give NaN"),
        Sign(name="raises", glyph="!", word="raises", told="raise"),
        Sign(name="shape", glyph="↔", word="wrong shape", told="give a wrong shape"),
        Sign(
            name="padding",
            glyph="○",
            word="only at padding",
            told="differ only at padding",
        ),
        Sign(name="digits", glyph="≈", word="digits lost", told="lose digits"),
        Sign(
            name="right",
            glyph="✓",
            word="right",
            told="are right on ordinary input",
        ),
        Sign(name="misread", glyph="✗", word="not declared, misread in silence"),
        Sign(name="taken", glyph="✓", word="not declared, and right"),
        Sign(name="refused", glyph="⊘", word="not declared, and refused"),
        Sign(name="impossible", glyph="-", word="declared impossible"),
        Sign(name="idle", glyph="·", word="not run"),
        Sign(name="", glyph="", word="not offered"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One cell.

    Attributes:
        sign: The worst that happens.
        unusual: Whether that is so on unusual input only; drawn as an outline.
        failing: In how many of the things that the cell is about.
        of: How many there are.
        href: Where to read more, if anywhere.
        note: What more there is to say, in words.
    """

    sign: Sign
    unusual: bool = False
    failing: int = 0
    of: int = 0
    href: str = ""
    note: str = ""

    @property
    def rank(self) -> int:
        """How bad it is: 0 is the worst, what is right comes last."""
        if self.sign.name not in SORTS:
            return 2 * len(SORTS)
        return SORTS.index(self.sign.name) + len(SORTS) * self.unusual

    @property
    def bad(self) -> bool:
        """Whether something is wrong."""
        return self.sign.name in SORTS

    @property
    def said(self) -> str:
        """The sign in words, as a reader who does not see it is told."""
        if self.sign.name == "right":
            return "right"
        outlined = self.unusual and self.bad and not self.note
        where = " on unusual input only" if outlined else ""
        share = f", {self.failing} of {self.of}" if self.of and self.bad else ""
        return f"{self.sign.word or 'not offered'}{where}{share}{self.note}"

    @property
    def style(self) -> str:
        """The classes of its style."""
        return f"s k-{self.sign.name or 'blank'}" + (" out" if self.unusual else "")


def worst(kinds: Iterable[str]) -> str:
    """Return the worst of some kinds; nothing where there is none.

    >>> worst(["digits", "nan"])
    'nan'
    """
    return min(kinds, key=_place, default="")


def _place(kind: str) -> int:
    return SORTS.index(kind) if kind in SORTS else len(SORTS)
