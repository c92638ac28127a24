"""Heads of adapter files: what is read, and what is said of a wrong one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.adapters.head import read_head
from conformance.adapters.load import read_declarations
from conformance.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parents[1] / "adapters"
OPEN, CLOSE = "# /// script\n", "# ///\n"
TABLE = "# [tool.mask-conformance]\n"
NUMPY = f'{OPEN}{TABLE}# framework = "numpy"\n'
WRONG = {
    "no-head": (
        "x = 1  # ///\n",
        (
            "0 `# /// script` heads, expected 1; start the file with one that has a "
            "[tool.mask-conformance] table (see docs/adapters.md)"
        ),
    ),
    "two-heads": (
        f"{NUMPY}{CLOSE}\n{NUMPY}{CLOSE}",
        (
            "2 `# /// script` heads, expected 1; start the file with one that has a "
            "[tool.mask-conformance] table (see docs/adapters.md)"
        ),
    ),
    "broken-head": (
        f"{NUMPY}\n{CLOSE}",
        (
            "the `# /// script` head has no end, expected comment lines up to `# "
            "///`; start each of its lines with `#`"
        ),
    ),
    "no-toml": (
        f"{OPEN}# framework numpy\n{CLOSE}",
        (
            "the head is not TOML: Expected '=' after a key in a key/value pair (at "
            "line 1, column 11); correct the comment block"
        ),
    ),
    "no-table": (
        f"{OPEN}# dependencies = []\n{CLOSE}",
        (
            "tool.mask-conformance in the head is nothing, expected a table; "
            "correct the head"
        ),
    ),
    "no-tools": (
        f"{OPEN}# tool = 3\n{CLOSE}",
        "tool in the head is 3, expected a table; correct the head",
    ),
    "no-framework": (
        f'{OPEN}{TABLE}# routes = ["eager"]\n{CLOSE}',
        (
            "[tool.mask-conformance] has no framework; add one of numpy, torch, "
            "tensorflow, jax"
        ),
    ),
    "unknown-framework": (
        f'{OPEN}{TABLE}# framework = "pytorch"\n{CLOSE}',
        (
            "unknown framework 'pytorch'; did you mean 'torch'? choose from: jax, "
            "numpy, tensorflow, torch"
        ),
    ),
    "unknown-key": (
        f'{NUMPY}# dtype = ["float32"]\n{CLOSE}',
        (
            "[tool.mask-conformance]: unknown key 'dtype'; did you mean 'dtypes'? "
            "choose from: corpus, dependencies, device, dtypes, empty, environment, "
            "family, framework, library, mask-forms, padding, placements, "
            "releases, requires, requires-python, role, routes, subnormals, system, "
            "unsupported, variables, zero-batch, zero-time"
        ),
    ),
    "unknown-dtype": (
        f'{NUMPY}# dtypes = ["float31"]\n{CLOSE}',
        (
            "unknown dtypes 'float31'; did you mean 'float32'? choose from: bfloat16, "
            "float16, float32, float64"
        ),
    ),
    "text-for-list": (
        f'{NUMPY}# dtypes = "float32"\n{CLOSE}',
        "dtypes in the head is 'float32', expected a list of strings; correct the head",
    ),
    "number-for-text": (
        f"{NUMPY}# environment = 3\n{CLOSE}",
        "environment in the head is 3, expected a string; correct the head",
    ),
    "twice": (
        f'{NUMPY}# routes = ["eager", "eager"]\n{CLOSE}',
        (
            "routes in the head is ['eager', 'eager'], expected one or more distinct "
            "names; correct the head"
        ),
    ),
    "unknown-empty": (
        f'{NUMPY}# empty = {{ masked_mean = "blank" }}\n{CLOSE}',
        (
            "unknown empty.masked_mean 'blank'; choose from: error, infinity, "
            "nan, negative-infinity, no-tag, one, skip, uniform, usual, zero"
        ),
    ),
    "variant": (
        f"{NUMPY}# variants = {{ one = 1 }}\n{CLOSE}",
        (
            "tool.mask-conformance.variants.one in the head is 1, expected a table; "
            "correct the head"
        ),
    ),
    "syntax": (
        f"{NUMPY}{CLOSE}def masked_mean(x, mask)\n",
        "cannot be read as Python: expected ':' (<unknown>, line 5); correct the file",
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_head_is_refused_with_what_is_wrong(
    text: str, said: str, written: Callable[[str], Path]
) -> None:
    path = written(text)
    with pytest.raises(AdapterError) as caught:
        read_head(path)
    assert str(caught.value) == f"{path}: {said}"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nothing.py"
    with pytest.raises(AdapterError) as caught:
        read_head(path)
    assert str(caught.value) == f"{path}: no such adapter file; give a path that exists"


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "binary.py"
    path.write_bytes(b"\xff\x00")
    with pytest.raises(AdapterError, match=r"cannot be read as Python: .*correct"):
        read_head(path)


def test_each_variant_has_its_own_framework(written: Callable[[str], Path]) -> None:
    path = written(
        f"{OPEN}{TABLE}"
        "# [tool.mask-conformance.variants]\n"
        '# one = { framework = "jax" }\n'
        '# two = { framework = "torch" }\n'
        f"{CLOSE}"
    )
    found = {name: head.framework for name, head in read_head(path).items()}
    assert found == {"wrong:one": "jax", "wrong:two": "torch"}


def test_listing_finds_what_the_whole_reading_finds() -> None:
    files = sorted(FOLDER.glob("*.py"))
    quick = {n: d for path in files for n, d in read_head(path, listing=True).items()}
    whole = {n: d for path in files for n, d in read_head(path).items()}
    assert quick == whole
    assert read_declarations() == whole


def test_listing_leaves_private_functions_out(written: Callable[[str], Path]) -> None:
    path = written(f'{NUMPY}{CLOSE}"""One."""\ndef _a(x):\n  pass\ndef b(x):\n  pass\n')
    quick, whole = read_head(path, listing=True), read_head(path)
    assert quick == whole
    assert quick["wrong"] == replace(whole["wrong"], functions=("b",), summary="One.")


def test_dependencies_may_stand_in_a_variant(written: Callable[[str], Path]) -> None:
    path = written(
        f'{OPEN}# dependencies = ["keras"]\n{TABLE}# framework = "jax"\n'
        '# [tool.mask-conformance.variants.one]\n# dependencies = ["keras", "jax"]\n'
        f"# [tool.mask-conformance.variants.two]\n{CLOSE}"
    )
    found = {name: head.dependencies for name, head in read_head(path).items()}
    assert found == {"wrong:one": ("keras", "jax"), "wrong:two": ("keras",)}
