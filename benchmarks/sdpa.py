"""scaled_dot_product_attention by backend: does a padded row keep its bits.

    python benchmarks/sdpa.py                      # the CPU's backends
    python benchmarks/sdpa.py --device cuda

One of 16 rows of 128 positions, 4 heads of 16, a boolean padding mask. A backend that
does not take a mask refuses it, which the table says. What `bits`, a number and `LEAK`
mean, `mask-conformance bits` says; here the number is the largest difference itself.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import TYPE_CHECKING, Any

import torch
from measure import save, table
from torch.nn.attention import SDPBackend, sdpa_kernel

from conformance.trial.frameworks.devices import torch as devices

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS, LARGER, TIME, MORE, HEADS, WIDTH = 16, 64, 128, 157, 4, 16
ROW, LENGTH = 5, 77
QUESTIONS = ("twice", "beside", "order", "larger", "alone", "padding", "trimmed")
BACKENDS = {
    "math": SDPBackend.MATH,
    "flash": SDPBackend.FLASH_ATTENTION,
    "memory-efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cuDNN": SDPBackend.CUDNN_ATTENTION,
}
DTYPES = ("float32", "float16", "bfloat16", "float64")
ROUNDINGS = 64
"""Roundoffs of the dtype that a right answer of size one may change by."""


def inputs(dtype: Any) -> tuple[list[Any], Any]:
    """Return query, key, value of LARGER rows and MORE positions, and their mask."""
    random = torch.Generator(device="cpu").manual_seed(0)
    shape = (LARGER, HEADS, MORE, WIDTH)
    made = [torch.randn(shape, generator=random, device="cpu") for _ in range(3)]
    lengths = torch.randint(1, TIME + 1, (LARGER,), generator=random, device="cpu")
    lengths[ROW] = LENGTH
    mask = torch.arange(MORE, device="cpu") < lengths[:, None]
    where = devices.current()
    return [each.to(where, dtype) for each in made], mask.to(where)


def attend(parts: Sequence[Any], mask: Any, rows: Any, time: int) -> Any:
    """Return the attention of some rows, cut to a length."""
    query, key, value = (part[rows, :, :time] for part in parts)
    seen = mask[rows, None, None, :time].expand(-1, 1, time, -1)
    return torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=seen
    )


def answers(dtype: Any) -> dict[str, Any]:
    """Return what counts of one row, by question; the first is the one before."""
    parts, mask = inputs(dtype)
    own = list(range(ROWS))
    others = [each if each == ROW else ROWS + each for each in own]
    back = own[::-1]
    asked = {
        "first": (own, TIME, ROW),
        "twice": (own, TIME, ROW),
        "beside": (others, TIME, ROW),
        "order": (back, TIME, back.index(ROW)),
        "larger": (list(range(LARGER)), TIME, ROW),
        "alone": ([ROW], TIME, 0),
        "padding": (own, MORE, ROW),
        "trimmed": ([ROW], LENGTH, 0),
    }
    return {
        name: attend(parts, mask, rows, time)[at, :, :LENGTH].cpu()
        for name, (rows, time, at) in asked.items()
    }


def classes(backend: Any, dtype: Any) -> dict[str, str]:
    """Return the class of each question; why there is none, where it is refused."""
    with warnings.catch_warnings(), sdpa_kernel(backend):
        warnings.simplefilter("ignore")
        try:
            found = answers(dtype)
        except RuntimeError:
            return dict.fromkeys(QUESTIONS, "refused")
    first = found.pop("first")
    limit = ROUNDINGS * torch.finfo(dtype).eps
    said = {}
    for name, answer in found.items():
        far = float((answer.double() - first.double()).abs().max())
        said[name] = "bits" if torch.equal(answer, first) else f"{far:.0e}"
        if not far <= limit:
            said[name] = "LEAK"
    return said


def main(arguments: Sequence[str]) -> int:
    """Print the table and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    devices.place(parser.parse_args(arguments).device)
    rows = []
    for name, backend in BACKENDS.items():
        for dtype in DTYPES:
            found = classes(backend, getattr(torch, dtype))
            rows.append((name, dtype, *(found[each] for each in QUESTIONS)))
    table(("backend", "dtype", *QUESTIONS), rows)
    content = {
        "environment": devices.describe(),
        "versions": {"torch": torch.__version__},
        "questions": QUESTIONS,
        "rows": rows,
    }
    save(f"sdpa-{devices.device().replace(':', '-')}", content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
