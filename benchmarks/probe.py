"""How long a probe takes and how much memory: by layers and by positions.

    python benchmarks/probe.py                 # where torch and transformers are
    python benchmarks/probe.py --page docs/probe.md reports/benchmark-probe.json

A BERT without weights is probed, right and with its mask thrown away, each in a process
of its own. Seconds are processor time on one thread, imports apart: a busy machine does
not change them. Memory is the largest that the process held, less what it held before;
beside it the model's own run on the same batch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from time import process_time

HIDDEN, LARGE = 32, 768
BEGIN, END = "<!-- probe begin -->", "<!-- probe end -->"
CASES: tuple[dict[str, int], ...] = (
    {"layers": 2, "hidden": HIDDEN, "time": 0},
    {"layers": 4, "hidden": HIDDEN, "time": 0},
    {"layers": 8, "hidden": HIDDEN, "time": 0},
    {"layers": 2, "hidden": HIDDEN, "time": 61},
    {"layers": 2, "hidden": HIDDEN, "time": 211},
    {"layers": 4, "hidden": LARGE, "time": 61},
)


def peak() -> float:
    """Return the largest memory that this process held, in MiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def model(layers: int, hidden: int, *, wrong: bool) -> object:
    """Return a BERT of random weights; a wrong one throws its mask away."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=97,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=hidden * 2,
        max_position_embeddings=512,
    )

    class Forgets(BertModel):  # type: ignore[misc]
        def forward(self, input_ids: object, attention_mask: object = None) -> object:
            del attention_mask
            return super().forward(input_ids)

    return (Forgets if wrong else BertModel)(config, add_pooling_layer=False).eval()


def measure(what: str, layers: int, hidden: int, time: int) -> dict[str, float]:
    """Probe a model in this process, or only run it."""
    import torch

    from conformance.probe.examine import examine
    from conformance.probe.settings import ProbeSettings
    from conformance.probe.target import wrap

    torch.set_num_threads(1)
    made = model(layers, hidden, wrong=what == "wrong")
    before, began = peak(), process_time()
    if what == "own":
        ids = torch.ones((5, time or 11), dtype=torch.long)
        for _ in range(2):
            made(ids, attention_mask=ids).last_hidden_state.sum().backward()  # type: ignore[operator]
        found: dict[str, float] = {}
    else:
        said = {"time": time} if time else {}
        report = examine(wrap(made, "bert"), ProbeSettings(rows=5, **said))
        found = {"leaks": len(report.leaks), "places": len(report.locations)}
    return {
        "seconds": process_time() - began,
        "memory": peak() - before,
        "parameters": sum(each.numel() for each in made.parameters()),  # type: ignore[attr-defined]
        **found,
    }


def apart(what: str, case: dict[str, int]) -> dict[str, float]:
    """Measure in a process of its own."""
    command = (sys.executable, __file__, "--one", what, json.dumps(case))
    shown = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ}
    )
    found: dict[str, float] = json.loads(shown.stdout.splitlines()[-1])
    return found


def table(rows: list[dict[str, dict[str, float]]]) -> str:
    """Return the measurements as a Markdown table."""
    names = (
        *("layers", "hidden", "T", "right: seconds", "with a leak, placed: seconds"),
        *("the model's own run: MiB", "right: MiB", "with a leak: MiB"),
    )
    lines = [f"| {' | '.join(names)} |", "| ---: " * len(names) + "|"]
    for row in rows:
        case, own = row["case"], row["own"]
        right, wrong = row["right"], row["wrong"]
        lines.append(
            f"| {case['layers']:.0f} | {case['hidden']:.0f} "
            f"| {case['time'] or 11:.0f} "
            f"| {right['seconds']:.1f} | {wrong['seconds']:.1f} "
            f"| {own['memory']:.0f} | {right['memory']:.0f} | {wrong['memory']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure all, or write the table into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2)
    parser.add_argument("--page")
    parser.add_argument("record", nargs="?", default="reports/benchmark-probe.json")
    said = parser.parse_args()
    if said.one:
        print(json.dumps(measure(said.one[0], **json.loads(said.one[1]))))
    elif said.page:
        page = Path(said.page)
        text = page.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        rows = json.loads(Path(said.record).read_text(encoding="utf-8"))
        page.write_text(f"{before}{BEGIN}\n\n{table(rows)}\n\n{END}{after}", "utf-8")
    else:
        rows = []
        for case in CASES:
            row = {each: apart(each, case) for each in ("own", "right", "wrong")}
            rows.append({"case": dict(case), **row})
            print(table(rows[-1:]).splitlines()[-1], flush=True)
            Path(said.record).parent.mkdir(parents=True, exist_ok=True)
            Path(said.record).write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
