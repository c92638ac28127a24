"""Keywords that select checks, as pytest's ``-k``: words, ``and``, ``or``, ``not``.

A word is found in a check's id, whatever its case.

>>> Keywords("masked_mean and not gradient").match("masked_mean/value:float32:eager")
True
"""

from __future__ import annotations

import re

from conformance.errors import UsageError

_TOKEN = re.compile(r"\s*(?:(?P<sign>[()])|(?P<word>[^\s()]+))")
_DEEPEST = 50
"""Brackets and negations inside each other; a reader of more is a stack overflow."""

Rule = tuple[object, ...]
"""A parsed expression: ``("word", text)``, ``("not", rule)``, ``("and", a, b)`` ..."""


class Keywords:
    """An expression over words that stand in check ids.

    Args:
        text: The expression.

    Raises:
        UsageError: It is not an expression.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._left = _split(text)
        self._rule = self._read_either(0)
        if self._left:
            raise _error(text, f"{self._left[0]!r} is left over")

    def match(self, check: str) -> bool:
        """Tell whether a check's id fits."""
        return _fits(self._rule, check.casefold())

    def _read_either(self, depth: int) -> Rule:
        rule = self._read_both(depth)
        while self._take("or"):
            rule = ("or", rule, self._read_both(depth))
        return rule

    def _read_both(self, depth: int) -> Rule:
        rule = self._read_one(depth)
        while self._take("and"):
            rule = ("and", rule, self._read_one(depth))
        return rule

    def _read_one(self, depth: int) -> Rule:
        if depth > _DEEPEST:
            raise _error(self.text, f"more than {_DEEPEST} levels deep")
        if self._take("not"):
            return ("not", self._read_one(depth + 1))
        if self._take("("):
            rule = self._read_either(depth + 1)
            if not self._take(")"):
                raise _error(self.text, "a bracket is not closed")
            return rule
        if not self._left or self._left[0] in {"and", "or", ")"}:
            found = repr(self._left[0]) if self._left else "nothing"
            raise _error(self.text, f"{found} where a word belongs")
        return ("word", self._left.pop(0).casefold())

    def _take(self, token: str) -> bool:
        if self._left and self._left[0] == token:
            self._left.pop(0)
            return True
        return False


def _split(text: str) -> list[str]:
    return [found["sign"] or found["word"] for found in _TOKEN.finditer(text)]


def _fits(rule: Rule, check: str) -> bool:
    kind, *parts = rule
    if kind == "word":
        return str(parts[0]) in check
    # Only rules are left: words ended above.
    answers = [_fits(part, check) for part in parts if isinstance(part, tuple)]
    if kind == "not":
        return not answers[0]
    return all(answers) if kind == "and" else any(answers)


def _error(text: str, what: str) -> UsageError:
    msg = (
        f"-k {text[:80]!r}: {what}; expected words with and, or, not and brackets, "
        "such as -k 'masked_mean and not gradient'"
    )
    return UsageError(msg)
