"""Report: the newest result of each size as tables in README.md and as a plot."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks import tables
from benchmarks.plot import write_plot

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def newest(folder: Path) -> list[tables.Result]:
    """The newest result of each size, smallest size first."""
    found: dict[int, tables.Result] = {}
    for path in folder.glob("*.json"):
        result = json.loads(path.read_text())
        if "events" not in result:  # of the dashboard
            continue
        before = found.get(result["events"], {}).get("finished_at", "")
        if result.get("finished_at", "") > before:  # an interrupted benchmark has no end time
            found[result["events"]] = result
    return [found[events] for events in sorted(found)]


def write_report(results: Sequence[tables.Result], folder: Path) -> None:
    """Rewrite the text between the markers of README.md, and scaling.svg."""
    readme = folder / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    text = _tables(results) if results else "No results yet: `make bench`."
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    if results:
        write_plot(results, folder / "scaling.svg")


def short_table(results: Sequence[tables.Result]) -> str:
    """The most important numbers, for a terminal."""
    rows = [[re.sub(r"[*`]", "", cell) for cell in row] for row in tables.overview(results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


def _tables(results: Sequence[tables.Result]) -> str:
    parts = [
        tables.machines(results),
        "![Time and memory over size](scaling.svg)",
        "### From CSV files to a published snapshot\n\n"
        + tables.markdown(tables.overview(results)),
        "### Later\n\n" + tables.markdown(tables.later(results)),
        "### Where the seconds go\n\n" + tables.markdown(tables.stages(results)),
    ]
    if timed := [result for result in results if "stages" in result["next_day"]]:
        heading = "### Where the seconds of one more day go\n\n"
        parts.append(heading + tables.markdown(tables.stages(timed, "next_day")))
    if small := [result for result in results if "low_memory" in result]:
        parts.append("### With less memory\n\n" + tables.markdown(tables.low_memory(small)))
    return "\n\n".join(parts)
