"""Report: the newest result of each size as tables in README.md and as a plot."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.plot import write_plot

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
MODELS_SHOWN = 8  # the dearest ones; the others are one row
Result = dict[str, Any]


def newest(folder: Path) -> list[Result]:
    """The newest result of each size, smallest size first."""
    found: dict[int, Result] = {}
    for path in folder.glob("*.json"):
        result = json.loads(path.read_text())
        before = found.get(result["events"], {}).get("finished_at", "")
        if result.get("finished_at", "") > before:  # one that broke off has no such time
            found[result["events"]] = result
    return [found[events] for events in sorted(found)]


def write_report(results: Sequence[Result], folder: Path) -> None:
    """Rewrite what stands between the markers of README.md, and scaling.svg beside it."""
    readme = folder / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    told = _tables(results) if results else "No results yet: `make bench`."
    readme.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}")
    if results:
        write_plot(results, folder / "scaling.svg")


def short_table(results: Sequence[Result]) -> str:
    """What one wants to know first, for a terminal."""
    rows = [[cell.replace("**", "") for cell in row] for row in _overview(results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )


def _tables(results: Sequence[Result]) -> str:
    parts = [
        _machines(results),
        "![Time and memory over size](scaling.svg)",
        "### From CSV files to a published snapshot\n\n" + _markdown(_overview(results)),
        "### Later\n\n" + _markdown(_later(results)),
        "### Where the seconds go\n\n" + _markdown(_stages(results)),
    ]
    if small := [result for result in results if "low_memory" in result]:
        parts.append("### With less memory\n\n" + _markdown(_low_memory(small)))
    return "\n\n".join(parts)


def _machines(results: Sequence[Result]) -> str:
    lines: dict[str, list[str]] = {}
    for result in results:
        m = result["machine"]
        told = (
            f"{m['cpu']}, {m['cores']} cores, {m['memory_bytes'] / 2**30:.0f} GB, {m['os']}, "
            f"Python {m['python']}, DuckDB {m['duckdb']}, dbt {m['dbt-core']}; "
            f"{result['threads']} threads, {result['memory_limit']} for the engine; "
            f"{result['date']}, commit {result['commit']}"
        )
        lines.setdefault(told, []).append(_size(result))
    if len(lines) == 1:
        return f"{next(iter(lines))}."
    return "\n".join(f"* {', '.join(sizes)}: {told}." for told, sizes in lines.items())


def _overview(results: Sequence[Result]) -> list[list[str]]:
    rows = [["events", "CSV", "bare scan", "`estore run`", "× scan", "memory", "disk ÷ CSV",
             "plain way", "× faster"]]  # fmt: skip
    for result in results:
        run, scan, csv = result["run"], result["scan_seconds"], result["csv_bytes"]
        rows.append([
            _size(result), _gigabytes(csv), _seconds(scan), f"**{_seconds(run['seconds'])}**",
            f"{run['seconds'] / scan:.1f}", _gigabytes(run["peak_memory"]),
            f"{run['peak_disk'] / csv:.2f}", *_plain(result),
        ])  # fmt: skip
    return rows


def _plain(result: Result) -> tuple[str, str]:
    plain, ours = result["plain"], result["run"]["seconds"]
    times = f"{plain['seconds'] / ours:.1f}"
    if plain.get("stopped"):
        return f"stopped after {_seconds(plain['seconds'])}", f"> {times}"
    if plain.get("failed"):
        return f"failed after {_seconds(plain['seconds'])}", "-"
    return _seconds(plain["seconds"]), times


def _later(results: Sequence[Result]) -> list[list[str]]:
    rows = [["history", "one more day", "of events", "× that on the smallest", "three old days",
             "of events", "nothing new", "`status`", "`findings`", "`--help`"]]  # fmt: skip
    # One more day costs what the day costs, if it does not grow with the history before it.
    days = max((result["next_day"]["lines"] for result in results), default=0)
    alike = [result for result in results if result["next_day"]["lines"] > 0.8 * days]
    for result in results:
        day, late = result["next_day"], result["late_file"]
        ratio = day["seconds"] / alike[0]["next_day"]["seconds"] if result in alike else None
        rows.append([
            _size(result), _seconds(day["seconds"]), f"{day['lines']:,}",
            f"{ratio:.2f}" if ratio else "-", _seconds(late["seconds"]), f"{late['lines']:,}",
            *(_seconds(result[name]["seconds"])
              for name in ("nothing_new", "status", "findings", "help")),
        ])  # fmt: skip
    return rows


def _stages(results: Sequence[Result]) -> list[list[str]]:
    last = results[-1]["run"]["stages"]
    names = list(last)
    fixed = ("load", "data tests", "dbt", "snapshots", "publish", "the rest")
    models = [name for name in names if name not in fixed][:MODELS_SHOWN]
    rows = [["", *(f"{_size(result)}, s" for result in results)]]
    for name in ("load", *models, "other models", *fixed[1:]):
        cells = []
        for result in results:
            told = result["run"]["stages"]
            shown = {*models, *fixed}
            others = sum(seconds for stage, seconds in told.items() if stage not in shown)
            cells.append(f"{others if name == 'other models' else told.get(name, 0.0):.1f}")
        rows.append([f"`{name}`" if name in models else name, *cells])
    rows.append(["**all**", *(f"**{result['run']['seconds']:.1f}**" for result in results)])
    return rows


def _low_memory(results: Sequence[Result]) -> list[list[str]]:
    rows = [["events", "memory for the engine", "`estore run`", "memory of all", "disk ÷ CSV"]]
    for result in results:
        for limit, told in (
            (result["memory_limit"], result["run"]),
            (result["low_memory"]["limit"], result["low_memory"]),
        ):
            rows.append([
                _size(result), limit, _seconds(told["seconds"]), _gigabytes(told["peak_memory"]),
                f"{told['peak_disk'] / result['csv_bytes']:.2f}",
            ])  # fmt: skip
    return rows


def _markdown(rows: list[list[str]]) -> str:
    head, *body = rows
    align = ["---:" if column else "---" for column in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, align, *body))


def _size(result: Result) -> str:
    return f"{result['events'] / 1e6:,.4g} M"


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.2f} GB" if count < 1e10 else f"{count / 1e9:.1f} GB"


def _seconds(count: float) -> str:
    return (
        f"{count:.2f} s" if count < 10 else f"{count:,.1f} s" if count < 100 else f"{count:,.0f} s"
    )
