"""What MkDocs does for us beside the guides: the report is part of the site.

A folder of its own, `report/`, has the page, the summary, the picture, the badges and
the history, where somebody has made them; MkDocs copies and links nothing of it by
itself.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from mkdocs.structure.nav import Link

REPORTS = Path(__file__).parents[1] / "reports"
PARTS = ("index.html", "summary.md", "matrix.svg", "history.jsonl")


def on_nav(nav: Any, **_: Any) -> Any:
    """Put the report behind the first page of the menu."""
    if (REPORTS / "index.html").is_file():
        nav.items.insert(1, Link("The report", "report/index.html"))
    return nav


def on_post_build(config: Any) -> None:
    """Copy the report into the site."""
    if not (REPORTS / "index.html").is_file():
        return
    folder = Path(config["site_dir"]) / "report"
    folder.mkdir(exist_ok=True)
    for name in PARTS:
        if (REPORTS / name).is_file():
            shutil.copyfile(REPORTS / name, folder / name)
    if (REPORTS / "badges").is_dir():
        shutil.copytree(REPORTS / "badges", folder / "badges", dirs_exist_ok=True)
