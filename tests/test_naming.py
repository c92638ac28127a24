"""What functions and classes of the engine are called."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

BARE = 0.06
"""Functions at most, as a share, that are named by a participle and nothing else."""

PARTICIPLE = re.compile(
    r"(?!(need|seed|feed|speed)$)[a-z]+ed|alike|apart|away|begun|built|caught|chosen"
    r"|dense|drawn|exact|finite|flat|found|fresh|full|given|gone|greater|having|held"
    r"|hidden|idempotent|incomplete|kept|lacking|late|leaking|left|long|made|moving"
    r"|narrower|new|own|plain|ran|raw|right|said|seen|short|shown|shrunk|single|small"
    r"|smallest|stale|taken|telling|told|unfit|uniform|usual|vacuous|valid|visible"
    r"|whole|wide|wild|written|wrong"
)
PARTICLE = re.compile(
    r"after|apart|as|at|before|by|down|from|in|of|off|on|out|over|to|too|up|with"
)
VERB = re.compile(
    r"add|ask|check|compare|count|divide|explain|fill|find|give|has|have|is|judge|keep"
    r"|load|mask|move|need|read|replace|select|show|sort|take|tell|weigh|write"
)


def test_names_begin_with_a_verb_or_are_a_noun(sources: dict[str, ast.Module]) -> None:
    names = [
        node.name
        for tree in sources.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    bare = sorted(name for name in names if is_bare(name))
    assert len(bare) <= BARE * len(names), bare


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        *((name, True) for name in ("told", "_rows_sorted", "looked_at", "padded")),
        *((name, False) for name in ("masked_mean", "load_known", "is_valid", "need")),
    ],
)
def test_a_bare_participle_is_neither_verb_nor_noun(name: str, bare: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert is_bare(name) is bare


def test_no_two_classes_have_one_name(sources: dict[str, ast.Module]) -> None:
    # A framework's modules are alike on purpose, down to their private classes.
    names = Counter(
        node.name
        for file, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not file.startswith("trial/frameworks/")
    )
    assert [name for name, count in names.items() if count > 1] == []


def is_bare(name: str) -> bool:
    """Tell whether a name's last word is a participle, or its first, by a particle."""
    words = name.strip("_").lower().split("_")
    if VERB.fullmatch(words[0]) or name.startswith("__"):
        return False
    if PARTICIPLE.fullmatch(words[-1]):
        return True
    return bool(PARTICIPLE.fullmatch(words[0]) and PARTICLE.fullmatch(words[1]))
