"""`bits` tells rounding from more, survives any adapter, and is shown as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from conformance.adapters.load import load_adapter
from conformance.check.bits import ask_bits, list_bit_checks
from conformance.check.fixtures import Fixtures
from conformance.commands.bits import combine
from conformance.commands.pages import bits as page
from conformance.commands.report import report
from conformance.errors import ResultError, UsageError
from conformance.operations import load_operations
from conformance.records.bits import (
    KINDS,
    QUESTIONS,
    BitsAnswer,
    BitsRow,
    BitsTable,
    read_bits,
    write_bits,
)
from conformance.report.bits import lay_out, say_answer
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Command = Callable[..., subprocess.CompletedProcess[str]]

GOLDEN = Path(__file__).parent / "golden"
SUM = """
import os, time

def masked_sum(x, mask):
    keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    {}
"""
RIGHT = "return np.where(keep, x, 0).sum(1, dtype=x.dtype)"
LEAKS = "return x.sum(1, dtype=x.dtype)"
ROUNDS = f"{RIGHT} * x.dtype.type(1 + 2**-23 * (len(x) % 16 != 0))"
CHANGES = (
    f"globals()['n'] = globals().get('n', 0) + 1; {RIGHT} * (1 + 2**-23 * (n > 1))"
)
OTHERS = f"x = x + (x[:1] != x[-1:]).any() * (len(x) == 64); {RIGHT}"
SUMS = Selection(operations=("masked_sum",), dtypes=("float32",))
ONE = ("--operation", "masked_sum", "--dtype", "float32")


def answers(path: Path, asked: Selection = SUMS) -> dict[str, BitsAnswer]:
    adapter = load_adapter(str(path))
    (check,) = list_bit_checks(adapter.declaration, asked)
    return dict(ask_bits(Fixtures(adapter, 0), check))


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (RIGHT, {}),
        (ROUNDS, {"alone": "rounding"}),
        (LEAKS, {"padding": "beyond"}),
        (CHANGES, dict.fromkeys(QUESTIONS, "rounding")),
        (OTHERS, {"larger": "beyond"}),
        (
            f"if len(x) == 1: raise ValueError('one row')\n    {RIGHT}",
            {"alone": "raises"},
        ),
    ],
)
def test_the_class_of_each_question_is_told(
    written: Callable[[str], Path], body: str, changed: dict[str, str]
) -> None:
    found = answers(written(SUM.format(body)))
    assert list(found) == list(QUESTIONS)
    kinds = {name: each.kind for name, each in found.items() if each.kind != "bits"}
    assert kinds == changed


def test_what_has_another_answer_is_not_asked() -> None:
    adapter = load_adapter("numpy_reference")
    norm = Selection(operations=("masked_batch_norm",), dtypes=("float32",))
    (check,) = list_bit_checks(adapter.declaration, norm)
    found = dict(ask_bits(Fixtures(adapter, 0), check))
    assert found["larger"].kind == found["alone"].kind == "other"
    assert found["twice"].kind == "bits"


QUERIES = """
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# dtypes = ["float16", "float32"]
# [tool.mask-conformance.padding]
# "cross_attention.*" = "attend"
# ///
import numpy as np

def cross_attention(query, query_mask, key, value, mask, *, grouped):
    open = ~query_mask & (np.arange(len(query)) == 5)[:, None]
    return np.where(open[..., None, None], len(query), 0 * query)
"""


@pytest.mark.parametrize(
    ("dtype", "kind"), [("float16", "bits"), ("float32", "beyond")]
)
def test_what_the_specification_leaves_open_counts_nowhere(
    written: Callable[[str], Path], dtype: str, kind: str
) -> None:
    # Row 5 has padded queries of thousands: float16 cannot hold their scores.
    asked = Selection(operations=("cross_attention",), dtypes=(dtype,))
    assert answers(written(QUERIES), asked)["larger"].kind == kind


def test_every_operation_is_asked_once_in_each_dtype() -> None:
    declaration = load_adapter("numpy_reference").declaration
    checks = list_bit_checks(declaration, Selection())
    asked = [(check.operation, check.dtype) for check in checks]
    assert len(set(asked)) == len(asked)
    batchwise = {
        name
        for name, each in load_operations().items()
        if all(variant.result == "scalar" for variant in each.variants)
    }
    assert {name for name, _ in asked} == load_operations().keys() - batchwise
    assert {dtype for _, dtype in asked} == set(declaration.dtypes)


def test_the_command_prints_and_keeps_what_it_found(
    command: Command, written: Callable[[str], Path], tmp_path: Path
) -> None:
    path = written(SUM.format(LEAKS) + SUM.format(RIGHT).replace("_sum", "_max"))
    file = tmp_path / "bits.jsonl"
    ended = command("bits", path, *ONE, "-o", file)
    assert ended.returncode == 0, ended.stderr
    row = next(line for line in ended.stdout.splitlines() if "masked_sum" in line)
    assert row.split() == ["masked_sum", "float32", *["bits"] * 5, "beyond"]
    assert "0 of 1 rows keep their bits" in ended.stdout
    assert "1 beyond rounding, which `run` judges" in ended.stdout
    more = ("--operation", "masked_max", "--dtype", "float32")
    assert command("bits", path, *more, "-o", file).returncode == 0
    (table,) = read_bits(file)
    assert [row.operation for row in table.rows] == ["masked_max", "masked_sum"]
    assert (table.adapter, table.device, table.promised) == ("wrong", "cpu", True)
    assert table.environment["python"]
    assert "numpy" in table.versions


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os._exit(3)", ("raises", "status 3")),
        ("time.sleep(60)", ("slow", "did not return within 2 s")),
    ],
)
def test_an_adapter_that_ends_its_process_keeps_its_other_rows(
    command: Command,
    written: Callable[[str], Path],
    tmp_path: Path,
    body: str,
    said: tuple[str, str],
) -> None:
    kind, note = said
    dies = SUM.format(f"if len(x) == 1: {body}\n    {RIGHT}")
    path = written(dies + SUM.format(RIGHT).replace("_sum", "_max"))
    file, chosen = tmp_path / "bits.jsonl", ("--dtype", "float32", "--timeout", "2")
    ended = command("bits", path, *chosen, "-o", file)
    assert ended.returncode == 0, ended.stderr
    (table,) = read_bits(file)
    rows = {row.operation: row.answers for row in table.rows}
    assert {each.kind for each in rows["masked_max"].values()} == {"bits"}
    own = rows["masked_sum"]
    assert own["larger"].kind == "bits"
    assert own["alone"].kind == own["padding"].kind == kind
    assert note in own["alone"].note


def test_what_cannot_be_measured_is_one_sentence(
    command: Command, written: Callable[[str], Path], tmp_path: Path
) -> None:
    file = tmp_path / "bits.jsonl"
    right = written(SUM.format(RIGHT))
    for given, status, said in (
        ((right, "--operation", "stack"), 2, "offers none of what was asked for"),
        ((right, "--operation", "nothing"), 2, "nothing"),
        ((right, "--device", "cuda"), 2, "NumPy computes on the CPU"),
        ((tmp_path / "absent.py",), 2, "absent.py"),
    ):
        ended = command("bits", *given, "-o", file)
        assert ended.returncode == status, ended.stderr
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr
    broken = tmp_path / "broken.jsonl"
    broken.write_text("no table\n", encoding="utf-8")
    ended = command("bits", right, *ONE, "-o", broken)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "line 1 is no table of bits" in ended.stderr
    dies = tmp_path / "dies.py"
    text = right.read_text(encoding="utf-8") + "\nos._exit(0)\n"
    dies.write_text(text, encoding="utf-8")
    ended = command("bits", dies, right, *ONE, "-o", file)
    assert ended.returncode != 0
    assert "while it was imported" in ended.stderr
    assert [each.adapter for each in read_bits(file)] == ["wrong"]


def table(**more: Any) -> BitsTable:
    fields: dict[str, Any] = {
        "adapter": "mine",
        "system": "Mine",
        "device": "cpu",
        "route": "eager",
        "versions": {"numpy": "2"},
        "environment": {"device": "cpu x86_64"},
        "promised": True,
        "day": "2026-11-27",
        "rows": [row("masked_sum", "float32")],
    }
    return BitsTable(**(fields | more))


def row(variant: str, dtype: str, **changed: BitsAnswer) -> BitsRow:
    kept = dict.fromkeys(QUESTIONS, BitsAnswer(kind="bits"))
    return BitsRow(variant=variant, dtype=dtype, answers=kept | changed)


ROUNDED = BitsAnswer(kind="rounding", share=0.125)


def test_rows_of_the_same_release_stay_and_those_of_another_go() -> None:
    old = table(rows=[row("masked_sum", "float32"), row("masked_max", "float16")])
    new = table(rows=[row("masked_sum", "float32", alone=ROUNDED)])
    assert combine(None, new) == new
    both = combine(old, new).rows
    assert [each.variant for each in both] == ["masked_max", "masked_sum"]
    assert both[1].answers["alone"] == ROUNDED
    later = msgspec.structs.replace(new, versions={"numpy": "3"})
    assert combine(old, later) == later


def test_a_file_has_one_table_for_each_adapter_device_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "bits.jsonl"
    assert read_bits(path) == []
    gpu = table(device="cuda:0", promised=False)
    strict = table(device="cuda:0")
    write_bits(path, [table(day="2026-01-01"), gpu, strict, table()])
    assert read_bits(path) == [table(), gpu, strict]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[]", "Expected `object`"),
        ("{", "truncated"),
        ("[" * 100_000, "line 1 is no table of bits"),
        (
            json.dumps(msgspec.to_builtins(table())).replace('"bits"', '"fine"'),
            "fine",
        ),
        (
            json.dumps(
                msgspec.to_builtins(
                    table(rows=[row("masked_sum", "float32", alone=ROUNDED)])
                )
            ).replace("0.125", "-1"),
            "share",
        ),
    ],
)
def test_a_line_that_is_no_table_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "bits.jsonl"
    path.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ResultError, match="line 1 is no table of bits") as caught:
        read_bits(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_worst_of_a_cell_is_shown_with_what_changes_it() -> None:
    leak, late = BitsAnswer(kind="beyond"), BitsAnswer(kind="slow", note="took long")
    rows = [
        row("masked_sum", "float32", alone=ROUNDED),
        row("masked_sum", "float16", padding=ROUNDED, twice=BitsAnswer(kind="other")),
        row("masked_max", "float32", padding=leak, alone=late, order=ROUNDED),
        row("masked_min", "float32", alone=late),
        row("stack.gru.final", "float32"),
    ]
    found = lay_out([table(rows=rows), table(adapter="none", rows=[])])
    assert found is not None
    cells = {each.operation: each.cells[0] for each in found.rows}
    assert {name: each.sign.glyph for name, each in cells.items()} == {
        "masked_max": "✗",
        "masked_sum": "≈",
        "masked_min": "!",
        "stack": "✓",
    }
    assert cells["masked_sum"].changed == ("alone", "padding")
    assert cells["masked_max"].why == "order, padding; no answer in float32"
    assert cells["masked_min"].why == "no answer in float32"
    assert cells["stack"].said == "the same bits in every question"
    assert {each.cells[1].sign.glyph for each in found.rows} == {""}
    assert [each.kept for each in found.rows] == [0, 0, 0, 1]
    assert found.rows[0].changed == "order, padding"
    assert found.heads == ("mine", "none")
    loose, strict = table(device="cuda:1", promised=False), table(device="cuda:1")
    elsewhere = lay_out([loose, strict])
    assert elsewhere is not None
    assert elsewhere.heads == ("cuda: mine", "cuda, strict: mine")
    (first, _) = found.sections
    assert first.kept == (("float32", ("stack",)),)
    said = dict(first.rows)
    assert said["masked_sum"] == "float32: alone 0.1; float16: padding 0.1"
    assert said["masked_max"] == "float32: order 0.1, alone slow, padding beyond"
    assert first.notes == ("masked_max, masked_min in float32, alone: took long",)


def test_every_kind_has_a_word_of_its_own() -> None:
    said = [say_answer(BitsAnswer(kind=kind, share=0.5)) for kind in KINDS]
    assert len(set(said)) == len(KINDS)


def test_the_page_shows_the_tables_and_escapes_them(tmp_path: Path) -> None:
    bits, hostile = tmp_path / "bits.jsonl", "<script>alert(1)</script>"
    rows = [row(hostile, hostile, alone=BitsAnswer(kind="raises", note=hostile))]
    versions = {hostile: hostile}
    write_bits(bits, [table(adapter=hostile, rows=rows, versions=versions), table()])
    written, _ = report([GOLDEN / "torch.jsonl"], tmp_path, bits=bits)
    text = written[0].read_text(encoding="utf-8")
    shown = text[text.index('<section id="bits">') :]
    assert "mine on cpu x86_64" in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; on cpu" in shown
    assert hostile not in text
    places = [text.index(f'<section id="{name}">') for name in ("failures", "bits")]
    assert text.index("</nav>") < places[0] < places[1]
    assert '<a href="#bits">' in text[: text.index("</nav>")]
    without, _ = report([GOLDEN / "torch.jsonl"], tmp_path)
    assert 'id="bits"' not in without[0].read_text(encoding="utf-8")
    with pytest.raises(UsageError, match=r"--bits .*absent"):
        report([GOLDEN / "torch.jsonl"], tmp_path, bits=tmp_path / "absent.jsonl")


def test_tables_become_a_page() -> None:
    rows = [
        row("masked_sum", "float32"),
        row("masked_sum", "float64"),
        row("stack.gru.final", "float32", alone=ROUNDED),
    ]
    before = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"
    text = page.fill(before, lay_out([table(rows=rows)]))
    assert "| `stack` | ≈ alone |" in text
    assert "The same bits in all six, float32, float64: `masked_sum`." in text
    assert "| `stack` | float32: alone 0.1 |" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert page.fill(text, lay_out([table(rows=rows)])) == text
    with pytest.raises(UsageError, match="put both marks"):
        page.fill("no marks", None)


def test_the_page_of_devices_is_that_of_the_tables() -> None:
    assert page.main([]) == 0
    found = read_bits(page.FILE)
    assert {each.adapter for each in found} >= {
        *(f"{name}_reference" for name in ("numpy", "torch", "tensorflow", "jax")),
        *(f"{name}_builtin" for name in ("torch", "tensorflow", "jax")),
    }
    offered = {
        check.operation
        for check in list_bit_checks(
            load_adapter("numpy_reference").declaration, Selection()
        )
    }
    for each in found:
        if each.adapter.endswith("_reference") and each.device == "cpu":
            assert {one.operation for one in each.rows} == offered, each.adapter
